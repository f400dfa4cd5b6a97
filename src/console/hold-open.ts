/** An answer that stays open until its asker goes: how a process tells that it is alive. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";

export interface HoldOptions {
  /** Without its line break. */
  readonly firstLine: string;
  /** How often a line break is sent, in ms, so that an asker that vanished is noticed. */
  readonly heartbeatMs: number;
  /** The connection has ended, for whatever reason. Called exactly once. */
  readonly onEnd: () => void;
}

export function holdOpen(c: Context<{ Bindings: HttpBindings }>, options: HoldOptions): Response {
  const { firstLine, heartbeatMs, onEnd } = options;
  const { outgoing } = c.env;
  const encoder = new TextEncoder();
  let heartbeat: NodeJS.Timeout | undefined;
  // On the response itself and not on the stream: it closes once, whoever ends it and however far it came.
  outgoing.once("close", () => {
    clearInterval(heartbeat);
    onEnd();
  });
  const lines = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(`${firstLine}\n`));
      heartbeat = setInterval(() => {
        // An asker that reads nothing (stopped, not gone) is not made to hold more and more.
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode("\n"));
      }, heartbeatMs);
    },
    cancel: () => clearInterval(heartbeat),
  });
  return c.body(lines, 200, { "content-type": "application/x-ndjson" });
}
