/** What a replay assumes of prices and lifetimes. */
import { marginMs } from "../../pure.ts";
import { leastMarginMs } from "../due.ts";
import type { CacheTier } from "../facts.ts";

export interface Terms {
  readonly tier: CacheTier;
  readonly ttlMs: number;
  /** From one warm to the next, and from a request's start to the first, in ms: as the warmer does it. */
  readonly everyMs: number;
  /** To the last moment at which a warm is still safe to send, in ms. */
  readonly latestMs: number;
  /** USD of one uncached input token. */
  readonly inputUsd: number;
  /** Multipliers of it. */
  readonly read: number;
  readonly write: number;
}

/** USD of one token where nothing else is said: $5 a million. */
export const LIST_INPUT_USD = 5e-6;

const TTL_MS: Readonly<Record<CacheTier, number>> = { "5m": 300_000, "1h": 3_600_000 };
const WRITE: Readonly<Record<CacheTier, number>> = { "5m": 1.25, "1h": 2 };

export function termsOf(tier: CacheTier, read: number, inputUsd: number = LIST_INPUT_USD): Terms {
  const ttlMs = TTL_MS[tier];
  return {
    tier,
    ttlMs,
    everyMs: ttlMs - marginMs(ttlMs),
    latestMs: ttlMs - leastMarginMs(ttlMs),
    inputUsd,
    read,
    write: WRITE[tier],
  };
}
