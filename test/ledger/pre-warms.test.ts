import { describe, expect, it } from "vitest";
import { listPrices } from "../../src/anthropic/index.ts";
import { createLedger, NO_CONTENTS, PRE_WARM_PREFIX, reportOf } from "../../src/ledger/index.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { storageIn } from "../support/storage-in.ts";

const NOW = Date.UTC(2026, 10, 20, 9);
/** claude-opus-5-5: written at $5, read at $0.20 a million. */
const MODEL = "claude-opus-5-5";
const usage = (cacheReadTokens: number, cacheWriteTokens: number) => ({
  inputTokens: cacheReadTokens + cacheWriteTokens,
  outputTokens: 0,
  cacheReadTokens,
  cacheWriteTokens,
});

function ledger(storage = storageIn(new Map())) {
  return createLedger({ storage, prices: listPrices(), logger: createRecordingLogger(), now: () => NOW });
}

const SENT = {
  kind: "sent",
  name: "reviewer",
  modelName: MODEL,
  costUsd: 0.5,
  usage: usage(0, 100_000),
} as const;
const READ = {
  kind: "read",
  name: "reviewer",
  modelName: MODEL,
  usage: usage(100_000, 2_000),
  tokens: { ttl5mTokens: 100_000, ttl1hTokens: 0 },
} as const;

describe("the ledger of pre-warms", () => {
  it("books each as a cost, and as a saving only what a first turn then did not have to write", async () => {
    const book = ledger();
    book.preWarm(SENT);
    expect(book.totals().whole).toMatchObject({
      preWarms: 1,
      spentUsd: 0.5,
      preWarmsUsd: 0.5,
      savedUsd: 0,
      netUsd: -0.5,
    });
    book.preWarm(READ);
    const { whole } = book.totals();
    expect(whole).toMatchObject({ preWarmReads: 1, preWarmedTokens: 100_000, warms: 0, rescued: 0 });
    // 100,000 tokens at $4.80 a million less.
    expect(whole.savedUsd).toBeCloseTo(0.48, 9);
    // One reader alone earns less than the write cost.
    expect(whole.netUsd).toBeCloseTo(-0.02, 9);
  });

  it("prices an hour's entries at their own write", () => {
    const book = ledger();
    book.preWarm({ ...READ, tokens: { ttl5mTokens: 0, ttl1hTokens: 100_000 } });
    // $8 less $0.20 a million.
    expect(book.totals().whole.savedUsd).toBeCloseTo(0.78, 9);
  });

  it("tells an answer that was never read as the most that it can have cost", () => {
    const book = ledger();
    book.preWarm({ kind: "sent", name: "reviewer", modelName: MODEL, costUsd: 0.6, isBound: true });
    expect(book.totals().whole).toMatchObject({ spentUsd: 0.6, boundUsd: 0.6 });
  });

  it("tells its entries apart in the report, and a policy of their own", async () => {
    const book = ledger();
    book.preWarm(SENT);
    book.preWarm({ ...SENT, name: "planner" });
    const report = await book.report();
    expect(report.conversations.map(({ conversationId, preWarms }) => [conversationId, preWarms])).toEqual([
      [`${PRE_WARM_PREFIX}reviewer`, 1],
      [`${PRE_WARM_PREFIX}planner`, 1],
    ]);
    expect(report.policies).toMatchObject([{ policy: "pre-warm", preWarms: 2, spentUsd: 1 }]);
    expect(reportOf(NO_CONTENTS, { since: null, until: "2026-11-20" }).total.preWarms).toBe(0);
  });
});
