/**
 * An upstream that answers every request with a streamed message of 200 events, of about 300 bytes each. Forked:
 * it tells its URL. `x-bench-pace: event` sends every event in a packet of its own; otherwise they leave as fast
 * as they can.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeEvent } from "../../src/emulator/sse.ts";

/** message_start, content_block_start, the deltas, content_block_stop, message_delta, message_stop. */
const EVENTS = 200;

const usage = {
  input_tokens: 12,
  cache_creation_input_tokens: 840,
  cache_read_input_tokens: 51_200,
  cache_creation: { ephemeral_5m_input_tokens: 840, ephemeral_1h_input_tokens: 0 },
  output_tokens: 1,
  service_tier: "standard",
};
const message = {
  id: "msg_01XFDUDYJgAACzvnptvVoYEL",
  type: "message",
  role: "assistant",
  model: "claude-opus-5-5",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage,
};
const text =
  "The gateway reads what passes by a moment later, so that no byte waits for it; and “what it cannot read” goes on unwatched, as if it were not there at all. See src/gateway/observation.ts:142.";

const events = [
  { type: "message_start", message },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ...Array.from({ length: EVENTS - 5 }, () => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text },
  })),
  { type: "content_block_stop", index: 0 },
  {
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { ...usage, output_tokens: 9_400 },
  },
  { type: "message_stop" },
].map((event) => Buffer.from(encodeEvent(event.type, event)));

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  request.resume().once("end", () => {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
    });
    if (request.headers["x-bench-pace"] === "event") paced(response, 0);
    else {
      for (const event of events) response.write(event);
      response.end();
    }
  });
});

function paced(response: ServerResponse, at: number): void {
  const event = events[at];
  if (event === undefined) return void response.end();
  response.write(event);
  setImmediate(() => paced(response, at + 1));
}

server.listen(0, "127.0.0.1", () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("disconnect", () => process.exit());
