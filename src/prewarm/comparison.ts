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
  /** The one most like it; null where there was none, or nothing like it: then there is no difference to tell. */
  readonly conversationId: string | null;
  readonly difference: Difference | null;
  /** What to know besides, each a sentence. */
  readonly notes: readonly string[];
}

export interface HeldRequest {
  readonly conversationId: string;
  request(): Promise<CapturedRequest>;
}

/** Of a prefix's bytes, less than this in common is another persona's, and says nothing of this one. */
const ALIKE = 0.02;
/** With another model, so much in common is the same prefix, sent elsewhere. */
const ALIKE_ELSEWHERE = 0.5;

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
    readonly isAlike: boolean;
    readonly likeness: number;
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
    const isElsewhere = entry.model !== traffic.model;
    const shared = shareOf(
      isElsewhere ? differenceOf(entry, { ...traffic, model: entry.model }) : difference,
    );
    const isAlike = shared >= (isElsewhere ? ALIKE_ELSEWHERE : ALIKE);
    // What goes to its own model comes first, unless it has nothing in common with it.
    const likeness = (isAlike ? 10 : 0) + (isElsewhere ? 0 : 5) + shared;
    if (closest === null || likeness > closest.likeness)
      closest = { conversationId, difference, isAlike, likeness, headers };
    if (difference === null) break;
  }
  if (closest !== null && !closest.isAlike && closest.difference !== null) {
    return { compared, conversationId: null, difference: null, notes: [unlikeText(closest.difference)] };
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

function unlikeText({ part, byte }: Difference): string {
  const where =
    byte === null
      ? "all that has goes to another model"
      : `what comes closest differs at byte ${byte.toLocaleString("en-US")} of ${part}`;
  return `Nothing like it has passed the gateway lately, so whether it would be read is not known: ${where}.`;
}

function shareOf(difference: Difference | null): number {
  // Nothing different at all is closer than a parameter.
  return difference === null ? 2 : difference.shared;
}
