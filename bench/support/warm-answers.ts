/** An API that answers every warm as a hit, at once. Forked: tells its URL, then whom it has answered, and when. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Conversations and when their requests came, in epoch ms: as few messages as possible. */
export type Arrivals = readonly (readonly [conversation: string, at: number])[];

const answer = JSON.stringify({
  id: "msg_01XFDUDYJgAACzvnptvVoYEL",
  type: "message",
  role: "assistant",
  model: "claude-opus-5-5",
  content: [],
  stop_reason: "max_tokens",
  stop_sequence: null,
  usage: {
    input_tokens: 12,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 8_000,
    output_tokens: 0,
  },
});

let arrivals: [string, number][] = [];
const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  arrivals.push([String(request.headers["x-session-id"]), Date.now()]);
  request.resume().once("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    response.end(answer);
  });
});
setInterval(() => {
  if (arrivals.length > 0) process.send?.(arrivals);
  arrivals = [];
}, 100);
server.listen(0, "127.0.0.1", () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("disconnect", () => process.exit());
