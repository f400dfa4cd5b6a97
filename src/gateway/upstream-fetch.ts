/** A `fetch` for warms that goes the way of real requests: the same connections, proxy and certificates. */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { Fetch } from "../anthropic/index.ts";
import { headerPairsOf } from "./raw-headers.ts";
import type { Upstream } from "./upstream.ts";

/** Statuses without a body, which `Response` insists on. */
const BODILESS = new Set([101, 204, 205, 304]);

export function fetchBy(upstream: Upstream): Fetch {
  return (url, { method = "GET", headers, body, signal }) =>
    new Promise((resolve, reject) => {
      if (!url.startsWith(`${upstream.url}/`)) {
        reject(new TypeError("a warm goes where its conversation's requests went"));
        return;
      }
      signal?.throwIfAborted();
      const bytes = body instanceof Uint8Array ? body : new Uint8Array();
      // Pairs keep their order and spelling.
      const pairs = Array.isArray(headers) ? headers.flat() : [...new Headers(headers)].flat();
      const request = upstream.request({
        method,
        path: url.slice(upstream.url.length),
        headers: [...pairs, "host", upstream.host, "content-length", String(bytes.length)],
      });
      const abort = () => request.destroy(toError(signal?.reason));
      signal?.addEventListener("abort", abort, { once: true });
      request.once("close", () => signal?.removeEventListener("abort", abort));
      request.once("error", reject);
      request.once("response", (incoming) => {
        // From here on the body tells.
        request.off("error", reject).on("error", () => {});
        resolve(responseOf(incoming));
      });
      request.end(bytes);
    });
}

function responseOf(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 502;
  const headers = headerPairsOf(incoming.rawHeaders);
  if (!BODILESS.has(status)) {
    return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, { status, headers });
  }
  incoming.resume();
  return new Response(null, { status, headers });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted");
}
