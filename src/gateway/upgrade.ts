/** Passes a connection on that changes its protocol, such as a WebSocket. */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { headerPairsOf } from "./raw-headers.ts";
import type { Upstream } from "./upstream.ts";

export function passUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  { upstream, path }: { readonly upstream: Upstream; readonly path: string },
): void {
  const headers = headerPairsOf(request.rawHeaders).map(([name, value]) =>
    name.toLowerCase() === "host" ? [name, upstream.host] : [name, value],
  );
  const outgoing = upstream.request({
    method: request.method ?? "GET",
    path,
    headers: headers.flat(),
    // Its connection is never given back.
    fresh: true,
  });
  client.on("error", () => outgoing.destroy());
  client.on("close", () => outgoing.destroy());
  outgoing.on("error", () => client.destroy());
  outgoing.on("response", (answer) => {
    client.write(headOf(answer));
    answer.pipe(client);
  });
  outgoing.on("upgrade", (answer, server, serverHead) => {
    client.write(headOf(answer));
    if (serverHead.length > 0) client.write(serverHead);
    if (head.length > 0) server.write(head);
    server.on("error", () => client.destroy());
    client.on("error", () => server.destroy());
    client.on("close", () => server.destroy());
    server.pipe(client).pipe(server);
  });
  outgoing.end();
}

function headOf({ statusCode = 502, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = headerPairsOf(rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${statusCode} ${statusMessage ?? STATUS_CODES[statusCode] ?? ""}\r\n${lines.join("")}\r\n`;
}
