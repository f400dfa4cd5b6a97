/** A catalogue's entry beside what really passes: of all that is held, the request that is most like it. */
import {
  type CapturedRequest,
  credentialOf,
  decodeBody,
  headerPairs,
  headerValue,
} from "../anthropic/index.ts";
import { type Difference, differenceOf } from "./difference.ts";
import { parsedRequest } from "./prefix.ts";

export interface Comparison {
  /** Requests that it was compared with. */
  readonly compared: number;
  /** The one most like it; null where there was none. */
  readonly conversationId: string | null;
  readonly difference: Difference | null;
  /** What to know besides, each a sentence. */
  readonly notes: readonly string[];
}

export interface HeldRequest {
  readonly conversationId: string;
  request(): Promise<CapturedRequest>;
}

/** Of more than these, those used longest ago are passed over. */
const MOST = 200;

/** @param body of the entry */
export async function compare(
  body: Uint8Array,
  betas: readonly string[],
  held: readonly HeldRequest[],
): Promise<Comparison> {
  const entry = parsedRequest(body);
  let closest: {
    readonly conversationId: string;
    readonly difference: Difference | null;
    headers: CapturedRequest["headers"];
  } | null = null;
  let compared = 0;
  for (const { conversationId, request } of held.slice(0, MOST)) {
    const { headers, body: sent } = await request();
    const pairs = headerPairs(headers);
    const decoded = decodeBody(sent, headerValue(pairs, "content-encoding"));
    const traffic = decoded.ok ? parsedRequest(decoded.bytes) : undefined;
    if (entry === undefined || traffic === undefined) continue;
    compared++;
    const theirs = (headerValue(pairs, "anthropic-beta") ?? "").split(",").map((name) => name.trim());
    const difference = differenceOf(entry, traffic, {
      entry: betas,
      traffic: theirs.filter((name) => name !== ""),
    });
    const isCloser =
      closest === null || (closest.difference !== null && shareOf(difference) > shareOf(closest.difference));
    if (isCloser) closest = { conversationId, difference, headers };
    if (difference === null) break;
  }
  const isSubscription = closest !== null && credentialOf(headerPairs(closest.headers)) === "subscription";
  return {
    compared,
    conversationId: closest?.conversationId ?? null,
    difference: closest?.difference ?? null,
    notes: isSubscription
      ? [
          "Your traffic is signed in with a subscription: what an API key writes is another account's cache, which it never reads.",
        ]
      : [],
  };
}

function shareOf(difference: Difference | null): number {
  // Nothing different at all is closer than a parameter.
  return difference === null ? 2 : difference.shared;
}
