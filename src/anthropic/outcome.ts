import type { Usage } from "../host.ts";
import { isCold, isPartial } from "../pure.ts";

/**
 * What a request found in the cache:
 * `hit` all of the prefix but at most 1 % · `partial` more than half of it · `cold` at most half, so that it was
 * written anew · `uncached` nothing read and nothing written: the request is not cached at all.
 */
export type Outcome = "hit" | "partial" | "cold" | "uncached";

/** Both counts must come from the response: `inputTokens` alone tells nothing about the cache. */
export function outcomeOf(usage: Pick<Usage, "cacheReadTokens" | "cacheWriteTokens">): Outcome {
  const { cacheReadTokens: read, cacheWriteTokens: write } = usage;
  if (read <= 0 && write <= 0) return "uncached";
  if (isCold(usage)) return "cold";
  return isPartial(usage) ? "partial" : "hit";
}
