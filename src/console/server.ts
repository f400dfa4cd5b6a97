/** The console's port: loopback only, and nothing but the page without the token. */
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { LINK_PROTOCOL } from "../hub/index.ts";
import { createAdmission } from "./admission.ts";
import type { Controlled } from "./controlled.ts";
import { createFeed, type FeedOptions } from "./feed.ts";
import { createLinks, isLink, type LinksOptions } from "./links.ts";
import { createPage } from "./page.ts";
import { createRoutes } from "./routes.ts";
import { withLinks } from "./with-links.ts";

export interface ControlServerOptions {
  /** The token of the state directory. */
  readonly token: string;
  readonly controlled: Controlled;
  /** Told what went wrong inside; the asker is not. */
  readonly onError: (error: unknown) => void;
  /** The folder of the page's files. @default none is served */
  readonly page?: string;
  readonly feed?: Omit<FeedOptions, "controlled" | "onError">;
  readonly links?: Pick<LinksOptions, "deadlineMs">;
  /** How often a held run, and a listener to events, is sent a sign of life, in ms. @default 15000 */
  readonly heartbeatMs?: number;
}

export interface ControlServer {
  /** @param port 0 for any that is free */
  listen(port: number): Promise<{ readonly url: string; readonly port: number }>;
  /** Ends every connection, held runs included. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";

export function createControlServer(options: ControlServerOptions): ControlServer {
  const { token, onError, heartbeatMs = 15_000 } = options;
  const links = createLinks({ now: options.controlled.now, ...options.links });
  const controlled = withLinks(options.controlled, links);
  const { admit, admitToPage } = createAdmission(token);
  const page = options.page === undefined ? null : createPage(options.page);
  const feed = createFeed({ controlled, onError, ...options.feed });
  const { fetch } = createRoutes({ controlled, feed, onError, heartbeatMs });
  const answer = getRequestListener(fetch, {
    overrideGlobalObjects: false,
    errorHandler: () =>
      Response.json({ error: "This is no request the control API can read." }, { status: 400 }),
  });
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    if (page?.has(request)) {
      if (admitToPage(request, response)) void page.answer(request, response);
    } else if (admit(request, response)) {
      if (isAsWritten(request.url ?? "")) void answer(request, response);
      else refusePath(response);
    }
  };

  // Host is checked with the rest: on its own it would tell a 400 from a 401.
  const server = createServer({ requireHostHeader: false, shouldUpgradeCallback: isLink }, serve);
  server.on("checkContinue", (request, response) => {
    if (!admit(request, response)) return;
    if (!isAsWritten(request.url ?? "")) return refusePath(response);
    response.writeContinue();
    void answer(request, response);
  });
  // Node answers these two by itself otherwise, token or none.
  server.on("checkExpectation", serve);
  server.on("connect", (request, socket) => serve(request, responseOver(request, socket as Socket)));
  server.on("upgrade", (request, socket: Socket, head) => {
    const response = responseOver(request, socket);
    // Before Node 24.9 it cannot be told beforehand which may.
    if (!isLink(request)) return serve(request, response);
    if (!admit(request, response)) return;
    response.detachSocket(socket);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${LINK_PROTOCOL}\r\n\r\n`,
    );
    links.accept(socket, head);
  });

  return {
    async listen(port) {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, LOOPBACK, () => {
          server.off("error", reject);
          resolve();
        });
      });
      const address = server.address() as AddressInfo;
      return { url: `http://${LOOPBACK}:${address.port}`, port: address.port };
    },
    async close() {
      feed.close();
      links.close();
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What a URL is read as must be what was asked for: no `..` that leads from a conversation's path to another. */
function isAsWritten(url: string): boolean {
  const [path] = url.split(/[?#]/);
  return URL.parse(`http://${LOOPBACK}${url}`)?.pathname === path;
}

function refusePath(response: ServerResponse): void {
  const body = JSON.stringify({ error: "There is no such path." });
  response.writeHead(404, { "content-type": "application/json", "content-length": body.length }).end(body);
}

/** For a request of which Node leaves the answer to us. */
function responseOver(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => socket.end());
  socket.on("error", () => socket.destroy());
  return response;
}
