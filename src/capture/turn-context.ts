/** What a warmer is told of a turn that has settled. */
import type { RequestFacts } from "../anthropic/index.ts";
import type { TurnContext } from "../host.ts";
import { prefixIsVoid } from "../pure.ts";
import type { CapturedConversation } from "./captured-conversation.ts";

const LAPSED_MEANWHILE =
  "The cache entry expired before the response was read to its end. The next turn starts afresh.";

/**
 * @param conversation its last request is what may be warmed from now on
 * @param lastUsedAt epoch ms of the last request that used its prefix. Not its own start: if the turn that settles
 * failed, a warm may have used the prefix since.
 * @param failure why the turn was not answered, as a phrase; null when it was
 */
export function turnContextOf(
  { last, invalidated }: Pick<CapturedConversation, "last" | "invalidated">,
  lastUsedAt: number,
  failure: string | null,
): TurnContext {
  if (last === null) {
    const notWarmable = whyNothing(invalidated, failure);
    return { notWarmable, leftNothing: true, ...(failure === null ? {} : { failure }) };
  }
  const { facts, usage, stopReason, asksPerson, notWarmable } = last;
  return {
    requestStartedAt: lastUsedAt,
    modelName: facts.model,
    ...(facts.ttlMs === null ? {} : { ttlMs: facts.ttlMs, tier: tierOf(facts) }),
    ...(usage === null ? {} : { usage }),
    ...(stopReason === null ? {} : { stopReason }),
    ...(asksPerson ? { asksPerson } : {}),
    ...(notWarmable === null ? {} : { notWarmable }),
    ...(failure === null ? {} : { failure }),
  };
}

/** Of the shortest-lived entry: where both tiers are used it is the one of five minutes. */
function tierOf({ markers }: RequestFacts): "5m" | "1h" {
  return markers.every(({ ttl }) => ttl === "1h") ? "1h" : "5m";
}

function whyNothing(invalidated: string | null, failure: string | null): string {
  if (invalidated !== null) return prefixIsVoid(invalidated);
  if (failure === null) return LAPSED_MEANWHILE;
  return `The request failed (${failure}) before its response began: there is nothing of it to keep warm.`;
}
