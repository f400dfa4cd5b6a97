/** @fastify/reply-from in front of an upstream, as its README shows it. Forked: it tells its URL. */
import replyFrom from "@fastify/reply-from";
import Fastify from "fastify";

const [base] = process.argv.slice(2);
const app = Fastify({ bodyLimit: 64 * 1024 * 1024 });
await app.register(replyFrom, { base });
// The body goes on as it comes.
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
app.all("/*", (request, reply) => reply.from(request.url));
process.send?.(await app.listen({ host: "127.0.0.1", port: 0 }));
process.once("disconnect", () => process.exit());
