/** One listener's connection: events out, a sign of life from time to time, and no more than it reads. */
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import type { Feed, Outlet } from "./feed.ts";

/** Signs of life that a listener may leave unread before its connection ends. */
const MOST_UNREAD = 4;

export function streamEvents(
  c: Context<{ Bindings: HttpBindings }>,
  feed: Feed,
  heartbeatMs: number,
): Response {
  const { outgoing } = c.env;
  const head = { "content-type": "text/event-stream; charset=utf-8" };
  if (c.req.method === "HEAD") return c.body(null, 200, head);
  const outlet: Outlet = {
    isReady: () => !outgoing.writableNeedDrain && !outgoing.destroyed,
    write(text) {
      if (!outgoing.headersSent) outgoing.writeHead(200, head);
      outgoing.write(text);
    },
    end: () => void outgoing.end(),
  };
  const listening = feed.listen(outlet, c.req.header("last-event-id") ?? null);
  let unread = 0;
  const heartbeat = setInterval(() => {
    unread = outlet.isReady() ? 0 : unread + 1;
    if (unread === 0) outlet.write(":\n\n");
    else if (unread === MOST_UNREAD) outgoing.destroy();
  }, heartbeatMs);
  outgoing.on("drain", () => listening.drained());
  outgoing.once("close", () => {
    clearInterval(heartbeat);
    listening.left();
  });
  // Of one that resumes and has missed nothing.
  if (!outgoing.headersSent) outgoing.writeHead(200, head).flushHeaders();
  return RESPONSE_ALREADY_SENT;
}
