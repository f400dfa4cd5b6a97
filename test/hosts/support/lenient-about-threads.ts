/** An API that takes message threads as agents send them, in front of the emulator. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Owner } from "./process.ts";

/** The emulator refuses these in threads, as is documented; the real API takes agents', or they would not send them. */
const REFUSED = ["cache_control", "context_management"];

export async function lenientAboutThreads(upstream: string, test: Owner): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks).toString();
    const isThread = "thread" in JSON.parse(sent);
    const body = isThread
      ? JSON.stringify(JSON.parse(sent), (k, v) => (REFUSED.includes(k) ? undefined : v))
      : sent;
    const { host: _, "content-length": __, connection: ___, ...headers } = request.headers;
    const answer = await fetch(upstream + request.url, {
      method: "POST",
      headers: headers as Record<string, string>,
      body,
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    const text = await answer.text();
    // A thread's own cache, which a request of another form does not find.
    response.end(
      isThread
        ? text.replace(
            /"input_tokens":(\d+),"cache_creation_input_tokens":0/g,
            '"input_tokens":0,"cache_creation_input_tokens":$1',
          )
        : text,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
