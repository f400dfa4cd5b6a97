import type { Usage } from "../host.ts";
import type { CapturedRequest, WarmRequestOptions } from "./captured.ts";
import { credentialOf, type HeaderPairs } from "./headers.ts";
import { minimumCacheableTokens } from "./prices.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { MessageUsage } from "./usage.ts";

/** Why a request cannot be warmed, for code. */
export type RefusalCode =
  | "not-messages"
  | "batches"
  | "unreadable"
  | "malformed"
  | "subscription"
  | "signed"
  | "thread"
  | "compaction"
  | "one-time-credit"
  | "no-marker"
  | "not-cached"
  | "too-short"
  | "budget-thinking"
  | "zero-rejected";

export interface WarmRefusal {
  readonly kind: "refused";
  readonly code: RefusalCode;
  /** For people: what, why, and what they can do. */
  readonly reason: string;
  /** What the request says, when it could be read. */
  readonly facts: RequestFacts | null;
}

export function refuse(code: RefusalCode, reason: string, facts: RequestFacts | null = null): WarmRefusal {
  return { kind: "refused", code, reason, facts };
}

/** Requests to another endpoint than `POST …/v1/messages`, or with credentials in their address. */
export function refuseEndpoint({ url, method = "POST" }: CapturedRequest): WarmRefusal | null {
  const target = URL.canParse(url) ? new URL(url) : null;
  const path = target?.pathname.replace(/\/+$/, "") ?? "";
  if (path.endsWith("/v1/messages/batches")) {
    return refuse(
      "batches",
      "Batches cannot be warmed: the API runs them when it likes. The 1-hour cache tier suits them better.",
    );
  }
  const isMessages =
    method.toUpperCase() === "POST" &&
    path.endsWith("/v1/messages") &&
    /^https?:$/.test(target?.protocol ?? "");
  if (isMessages && target?.username === "" && target.password === "") return null;
  return refuse(
    "not-messages",
    "Only requests to the Messages API (POST …/v1/messages) can be warmed; this is another one.",
  );
}

/** Requests whose credential is not ours to use, or does not survive the edit. */
export function refuseCredential(
  headers: HeaderPairs,
  facts: RequestFacts,
  { allowSubscription = false }: WarmRequestOptions,
): WarmRefusal | null {
  const credential = credentialOf(headers);
  if (credential === "signature") {
    return refuse(
      "signed",
      "The request cannot be warmed, because its signature covers the body, which a warm changes. An API key instead of signed requests makes it possible.",
      facts,
    );
  }
  if (credential !== "subscription" || allowSubscription) return null;
  return refuse(
    "subscription",
    "The request is signed in with a subscription, or with a bearer token that may be one, which keepwarm does not use on its own. Use an API key (sk-ant-api…), or allow it with the setting allowSubscription.",
    facts,
  );
}

/** Requests that do something when they are repeated, or that are not whole. */
export function refuseKind(facts: RequestFacts, { usage }: WarmRequestOptions): WarmRefusal | null {
  if (facts.model === "") {
    return refuse("malformed", "The request cannot be warmed, because it names no model.", facts);
  }
  if (facts.thread) {
    return refuse(
      "thread",
      "The conversation is held by the server as a message thread; its requests cannot be repeated and are not cached by marker. Send the whole conversation to have it warmed.",
      facts,
    );
  }
  if (facts.compaction) {
    return refuse(
      "compaction",
      "The request asks for a summary of the conversation; repeating it would pay for another one. Warming goes on with the next turn.",
      facts,
    );
  }
  if (facts.redeemsCredit) {
    return refuse(
      "one-time-credit",
      "The request redeems a fallback credit, which works only once. Warming goes on with the next turn.",
      facts,
    );
  }
  if (facts.compactAboveTokens !== null && mayCompact(facts, facts.compactAboveTokens, usage)) {
    return refuse(
      "compaction",
      "Repeating the request could make the server summarise the conversation again, at the price of its output. Warming goes on below the trigger of context_management.",
      facts,
    );
  }
  return null;
}

/** A token is at least a byte, so a body of plain text cannot hold more tokens than bytes. */
function mayCompact(
  facts: RequestFacts,
  triggerTokens: number,
  usage: Usage | MessageUsage | undefined,
): boolean {
  if (usage === undefined) return !facts.plainText || facts.bodyBytes >= triggerTokens;
  return ("compacted" in usage && usage.compacted === true) || usage.inputTokens >= triggerTokens;
}

/** Requests without a prefix in the cache. */
export function refusePrefix(facts: RequestFacts, { usage, prices }: WarmRequestOptions): WarmRefusal | null {
  if (facts.markers.length === 0) {
    return refuse(
      "no-marker",
      "The request marks nothing for the prompt cache, so there is nothing to keep warm. Add cache_control to it.",
      facts,
    );
  }
  // What was cached once is long enough, whatever the table says.
  if (usage !== undefined && usage.cacheReadTokens + usage.cacheWriteTokens > 0) return null;
  const minimum = minimumCacheableTokens(facts.model, prices);
  const isTooShort =
    usage === undefined ? facts.plainText && facts.bodyBytes < minimum : usage.inputTokens < minimum;
  if (isTooShort) {
    return refuse(
      "too-short",
      `The prefix is too short to be cached: this model caches from ${minimum} tokens. Warming begins once the conversation is longer.`,
      facts,
    );
  }
  if (usage === undefined) return null;
  return refuse(
    "not-cached",
    "The last request neither read nor wrote the prompt cache, so there is nothing to keep warm. Its cache_control may stand before too short a prefix.",
    facts,
  );
}
