/** When a pre-warm need not be sent, because somebody has used its prefix. */
import type { Cause } from "../prewarm/index.ts";
import { marginMs } from "../pure.ts";

/**
 * Used so recently, in ms, it need not be sent. What is to hold a prefix (an interval) is sent unless it lives until the
 * next time anyway; what is to refresh it, unless somebody has just done so.
 */
export function freshnessOf(cause: Cause, refresh: boolean, ttlMs: number, everyMs: number | null): number {
  const livesMs = ttlMs - marginMs(ttlMs);
  if (cause === "schedule") return everyMs === null ? 0 : Math.max(0, livesMs - everyMs);
  if (cause === "miss" || cause === "hours") return ttlMs / 2;
  return refresh && cause !== "commit" ? 0 : livesMs;
}
