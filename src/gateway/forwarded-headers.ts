import { CONVERSATION_HEADER } from "./conversation-id.ts";

/** RFC 9110 § 7.6.1: true of one connection only. Framing is each side's own, and `trailer` announces what we pass on. */
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

export interface RequestForwarding {
  /** The upstream's, in place of ours. */
  readonly host: string;
  /** The request has neither a length nor a coding, so it has no body, and must not get one. */
  readonly bodyless: boolean;
}

/**
 * Headers as they came (order, spelling, repetitions), less those of the connection they came by.
 *
 * @param rawHeaders names and values in turn, as Node has them
 * @param forwarding left out for a response
 */
export function forwardedHeaders(rawHeaders: readonly string[], forwarding?: RequestForwarding): string[] {
  const dropped = namedByConnection(rawHeaders);
  const forwarded: string[] = [];
  let hasHost = false;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    const value = rawHeaders[at + 1] ?? "";
    const lower = name.toLowerCase();
    if (hopByHop.has(lower) || dropped.has(lower)) continue;
    if (forwarding && lower === "host") {
      if (hasHost) continue;
      hasHost = true;
      forwarded.push(name, forwarding.host);
    } else if (!forwarding && lower === "transfer-encoding") {
      // Node frames the response for its client, who may speak another version of HTTP.
    } else {
      forwarded.push(name, value);
    }
  }
  if (forwarding && !hasHost) forwarded.unshift("Host", forwarding.host);
  if (forwarding?.bodyless) forwarded.push("Content-Length", "0");
  return forwarded;
}

function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> {
  const named = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== "connection") continue;
    for (const name of (rawHeaders[at + 1] ?? "").split(",")) named.add(name.trim().toLowerCase());
  }
  return named;
}
