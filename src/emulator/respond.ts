import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ApiError } from "./errors.ts";
import type { Turn } from "./messages.ts";
import { encodeEvent, eventsOf } from "./sse.ts";

/** One request on its way to an answer. */
export interface Exchange {
  readonly response: ServerResponse;
  readonly requestId: string;
  /** Fires when the client is gone. */
  readonly gone: AbortSignal;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export function sendJson(exchange: Exchange, status: number, body: object, headers = {}): void {
  if (exchange.gone.aborted) return;
  const payload = JSON.stringify(body);
  exchange.response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(payload),
    "request-id": exchange.requestId,
    ...headers,
  });
  exchange.response.end(payload);
}

export function sendError(exchange: Exchange, error: ApiError, headers = {}): void {
  sendJson(exchange, error.status, error.body(exchange.requestId), { ...headers, ...error.headers });
}

/** The answer in one piece, after as long as its stream would have taken. */
export async function sendWhole(exchange: Exchange, turn: Turn, headers = {}): Promise<void> {
  if (turn.paceMs > 0) await exchange.sleep(turn.paceMs * turn.deltas, exchange.gone);
  sendJson(exchange, 200, turn.message, headers);
}

/** The answer as server-sent events; `failure` ends it with an `error` event after `message_start`. */
export async function sendStream(
  exchange: Exchange,
  turn: Turn,
  headers = {},
  failure: ApiError | null = null,
): Promise<void> {
  const { response, gone } = exchange;
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "request-id": exchange.requestId,
    ...headers,
  });
  for (const event of eventsOf(turn.message)) {
    if (event.type === "content_block_delta" && turn.paceMs > 0) await exchange.sleep(turn.paceMs, gone);
    if (gone.aborted) return;
    if (!response.write(encodeEvent(event.type, event))) {
      await once(response, "drain", { signal: gone }).catch(() => {});
    }
    if (event.type === "message_start" && failure !== null) {
      response.write(encodeEvent("error", failure.body(exchange.requestId)));
      break;
    }
  }
  response.end();
}
