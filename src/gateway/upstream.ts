/** Where requests go: one kept-alive pool for real requests and for warms. */
import * as http from "node:http";
import * as https from "node:https";

export interface UpstreamRequest {
  readonly method: string;
  /** Path and query below the upstream's own path. */
  readonly path: string;
  /** Names and values in turn, `Host` included; sent as they are. */
  readonly headers: readonly string[];
  /** By a connection that has not been used before. */
  readonly fresh?: boolean;
}

export interface Upstream {
  readonly url: string;
  /** For the `Host` header. */
  readonly host: string;
  request(request: UpstreamRequest): http.ClientRequest;
  /** Keeps no connection that is idle, from now on. */
  retire(): void;
  /** Closes every connection. */
  close(): void;
}

/** Larger heads than any server sends pass too, in bytes. */
export const MAX_HEADER_BYTES = 1024 * 1024;

/** A connection that nobody used for so long is closed by us, before the other side does so just as we send. In ms. */
const IDLE_CONNECTION_MS = 60_000;

/** @throws {TypeError} for a URL with more than an origin and a path: the rest would be lost, or shown */
export function createUpstream(url: URL): Upstream {
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError(`an upstream has no user, query or fragment: ${url.origin}${url.pathname}`);
  }
  const { protocol, hostname, port, host } = url;
  const transport = protocol === "https:" ? https : http;
  const options = { keepAlive: true, timeout: IDLE_CONNECTION_MS, proxyEnv: process.env };
  const agent = new transport.Agent(options);
  const basePath = url.pathname.replace(/\/$/, "");
  return {
    url: url.href.replace(/\/$/, ""),
    host,
    request({ method, path, headers, fresh = false }) {
      const request = transport.request({
        protocol,
        hostname: hostname.replace(/^\[|\]$/g, ""),
        port,
        method,
        path: basePath + path,
        headers,
        maxHeaderSize: MAX_HEADER_BYTES,
        agent: fresh ? new transport.Agent({ proxyEnv: process.env }) : agent,
      });
      // Else those beyond the thousandth would be left out.
      request.maxHeadersCount = 0;
      return request;
    },
    retire() {
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) socket.destroy();
    },
    close: () => agent.destroy(),
  };
}
