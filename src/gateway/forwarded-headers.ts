import type { IncomingMessage } from "node:http";
import { CONVERSATION_HEADER } from "../capture/index.ts";

/** RFC 9110 § 7.6.1: true of one connection only. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "upgrade",
  // Ours, and nobody else's affair.
  CONVERSATION_HEADER,
]);

/** Meant for all recipients, whatever `Connection` says: without them the other side reads another message. */
const endToEnd = new Set(["host", "content-length", "transfer-encoding"]);

/** Methods that Node gives no body when neither a length nor a coding announces one. */
const BODYLESS_METHODS = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/**
 * Headers as they came (order, spelling, repetitions), less those of the connection they came by.
 *
 * @param host the upstream's, in place of ours
 * @param length of the body in bytes, where it is another one than came
 * @returns names and values in turn, as Node has them
 */
export function forwardedRequestHeaders(request: IncomingMessage, host: string, length?: number): string[] {
  const coding = request.headers["transfer-encoding"];
  const forwarded: string[] = [];
  let hasHost = false;
  for (const [name, value, lower] of withoutHop(request.rawHeaders)) {
    // Node refuses the announcement of trailers where there can be none.
    if (lower === "trailer" && !/chunked/i.test(coding ?? "")) continue;
    if (lower === "host") {
      if (!hasHost) forwarded.push(name, host);
      hasHost = true;
    } else if (lower === "content-length" && length !== undefined) {
      forwarded.push(name, String(length));
    } else {
      forwarded.push(name, value);
    }
  }
  if (!hasHost) forwarded.unshift("Host", host);
  // Else Node would give it one of chunks.
  const hasBody = coding !== undefined || request.headers["content-length"] !== undefined;
  if (!hasBody && !BODYLESS_METHODS.has(request.method ?? "")) forwarded.push("Content-Length", "0");
  return forwarded;
}

/** Likewise, less the framing of chunks, which is each connection's own: its client may speak another version. */
export function forwardedResponseHeaders(response: IncomingMessage, request: IncomingMessage): string[] {
  const { statusCode, headers, rawHeaders } = response;
  const isBodyless = request.method === "HEAD" || statusCode === 204 || statusCode === 304;
  const staysChunked =
    headers["transfer-encoding"] !== undefined && request.httpVersion !== "1.0" && !isBodyless;
  const forwarded: string[] = [];
  for (const [name, value, lower] of withoutHop(rawHeaders)) {
    if (lower === "transfer-encoding" || (lower === "trailer" && !staysChunked)) continue;
    forwarded.push(name, value);
  }
  return forwarded;
}

function* withoutHop(
  rawHeaders: readonly string[],
): Generator<readonly [name: string, value: string, lower: string]> {
  const dropped = namedByConnection(rawHeaders);
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !dropped.has(lower)) yield [name, rawHeaders[at + 1] ?? "", lower];
  }
}

function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> {
  const named = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== "connection") continue;
    for (const name of (rawHeaders[at + 1] ?? "").split(",")) named.add(name.trim().toLowerCase());
  }
  for (const name of endToEnd) named.delete(name);
  return named;
}
