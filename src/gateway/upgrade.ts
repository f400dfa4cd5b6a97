/** Passes a connection on that changes its protocol, such as a WebSocket. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { CONVERSATION_HEADER } from "../capture/index.ts";
import { forwardedResponseHeaders } from "./forwarded-headers.ts";
import { headerPairsOf, headText, reasonOf } from "./raw-headers.ts";
import type { Upstream } from "./upstream.ts";

export interface UpgradeOptions {
  readonly upstream: Upstream;
  readonly path: string;
  /** Answers a client whose upstream could not be reached. */
  readonly unreachable: (response: ServerResponse, error: NodeJS.ErrnoException) => void;
}

/** Whether a request may change its protocol. One with a body stays HTTP, as a server may choose (RFC 9110 § 7.8). */
export function mayUpgrade({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
}

/** @throws when Node refuses to send such a request */
export function passUpgrade(
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  { upstream, path, unreachable }: UpgradeOptions,
): void {
  const headers = headerPairsOf(request.rawHeaders)
    // Node refuses to announce trailers where there can be none.
    .filter(([name]) => ![CONVERSATION_HEADER, "trailer"].includes(name.toLowerCase()))
    .map(([name, value]) => (name.toLowerCase() === "host" ? [name, upstream.host] : [name, value]));
  const outgoing = upstream.request({
    method: request.method ?? "GET",
    path,
    headers: headers.flat(),
    // Its connection is never given back.
    fresh: true,
  });
  let isAnswered = false;

  /** In HTTP, which is what it speaks as long as nothing else is agreed. */
  function responseOfOurs(): ServerResponse {
    isAnswered = true;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(client);
    response.on("finish", () => client.end());
    response.on("error", () => {});
    return response;
  }

  client.on("error", () => outgoing.destroy());
  client.on("close", () => outgoing.destroy());
  outgoing.on("error", (error) => {
    if (!isAnswered && !client.destroyed) unreachable(responseOfOurs(), error);
  });
  outgoing.on("response", (answer) => {
    const response = responseOfOurs();
    answer.on("error", () => client.destroySoon());
    try {
      response.sendDate = false;
      response.writeHead(answer.statusCode ?? 0, reasonOf(answer), forwardedResponseHeaders(answer, request));
    } catch (error) {
      // A status that HTTP does not know, say.
      unreachable(response, error instanceof Error ? error : new Error(String(error)));
      outgoing.destroy();
      return;
    }
    answer.pipe(response);
  });
  outgoing.on("upgrade", (answer, server, serverHead) => {
    isAnswered = true;
    client.write(headText(answer), "latin1");
    if (serverHead.length > 0) client.write(serverHead);
    if (head.length > 0) server.write(head);
    server.on("error", () => client.destroy());
    server.on("close", () => client.destroySoon());
    client.on("error", () => server.destroy());
    client.on("close", () => server.destroy());
    server.pipe(client).pipe(server);
  });
  outgoing.end();
}
