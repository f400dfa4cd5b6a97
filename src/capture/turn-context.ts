/** What a warmer is told of a turn that has settled. */
import type { RequestFacts } from "../anthropic/index.ts";
import type { TurnContext } from "../host.ts";
import type { LastRequest } from "./captured-conversation.ts";

const LAPSED_MEANWHILE =
  "The cache entry expired before the response was read to its end. The next turn starts afresh.";

/**
 * @param last what may be warmed from now on; null when there is nothing
 * @param lastUsedAt epoch ms of the last request that used its prefix. Not its own start: if the turn that settles
 * failed, a warm may have used the prefix since.
 * @param failure why the turn was not answered, as a phrase; null when it was
 */
export function turnContextOf(
  last: LastRequest | null,
  lastUsedAt: number,
  failure: string | null,
): TurnContext {
  if (last === null) {
    if (failure === null) return { notWarmable: LAPSED_MEANWHILE, leftNothing: true };
    return { notWarmable: nothingCached(failure), failure, leftNothing: true };
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

function nothingCached(failure: string): string {
  return `The request failed (${failure}) before its response began: there is nothing of it to keep warm.`;
}
