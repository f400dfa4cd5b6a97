/** A ledger on a clock that only the test moves, at prices that are easy to reckon with. */
import type { Prices, RequestAnswered, Usage, WarmCompleted } from "../../src/host.ts";
import { createLedger, type Figures, type LedgerDeps, localDay } from "../../src/ledger/index.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const TTL_MS = 5 * MINUTE_MS;
/** 2026-11-20 09:00 UTC. */
export const START = Date.UTC(2026, 10, 20, 9);
export const ID = "ada";
export const MODEL = "claude-opus-5";

/** USD per token: input 1, read 0.1, writes 1.25 and 2, output 5. */
export const RATES = { input: 1, read: 0.1, write5m: 1.25, write1h: 2 };

export function listPrice({
  inputTokens,
  outputTokens,
  cacheReadTokens,
  cacheWriteTokens,
  ...usage
}: Usage): number {
  const hour = usage.cacheWriteSplit?.ttl1hTokens ?? 0;
  return (
    (inputTokens - cacheReadTokens - cacheWriteTokens) * RATES.input +
    cacheReadTokens * RATES.read +
    (cacheWriteTokens - hour) * RATES.write5m +
    hour * RATES.write1h +
    outputTokens * 5
  );
}

export const prices: Prices = {
  costUsd: (usage, model) => (model.startsWith("claude-") ? listPrice(usage) : null),
  ratesOf: (_, model) => (model.startsWith("claude-") ? RATES : null),
};

/** What a request read from the cache and wrote to it, all of 5 minutes unless told otherwise. */
export function usage(read: number, written: number, { hour = 0, uncached = 0, output = 0 } = {}): Usage {
  return {
    inputTokens: read + written + uncached,
    outputTokens: output,
    cacheReadTokens: read,
    cacheWriteTokens: written,
    cacheWriteSplit: { ttl5mTokens: written - hour, ttl1hTokens: hour },
  };
}

export function aLedger(options: Partial<LedgerDeps> = {}) {
  let at = START;
  const logger = createRecordingLogger();
  const ledger = createLedger({ prices, logger, now: () => at, dayOf: localDay, ...options });

  return {
    ledger,
    logger,
    now: () => at,
    setNow: (to: number) => {
      at = to;
    },
    /** Time passes, and a request goes out. */
    turn(afterMs: number, found: Usage | undefined, more: Partial<RequestAnswered> = {}) {
      at += afterMs;
      const told = found === undefined ? {} : { usage: found };
      ledger.requestAnswered({
        conversationId: ID,
        startedAt: at,
        modelName: MODEL,
        ttlMs: TTL_MS,
        ...told,
        ...more,
      });
    },
    /** Time passes, and a warm goes out. */
    warm(afterMs: number, found: Usage, more: Partial<WarmCompleted> = {}) {
      at += afterMs;
      ledger.warmCompleted({ conversationId: ID, startedAt: at, usage: found, ...more });
    },
    figures: (conversationId = ID): Figures => {
      const figures = ledger.figuresOf(conversationId);
      if (figures === null) throw new Error("nothing is known of it");
      return figures;
    },
  };
}
