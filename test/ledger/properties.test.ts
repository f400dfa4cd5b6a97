import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Usage } from "../../src/host.ts";
import { type Amounts, FIGURE_NAMES, type Report } from "../../src/ledger/index.ts";
import { aLedger, ID, listPrice, MODEL, RATES, TTL_MS, usage } from "./book.ts";

interface Happening {
  readonly kind: "turn" | "aside" | "warm" | "aborted";
  readonly id: string;
  readonly afterMs: number;
  readonly found: Usage;
  readonly model: string;
  readonly policy: string;
  readonly replaced: boolean;
}

const readTokens = fc.oneof(fc.constantFrom(1_000, 1_000, 2_000, 0), fc.integer({ min: 0, max: 5_000 }));
const writtenTokens = fc.oneof(fc.constantFrom(0, 0, 0, 1_000), fc.integer({ min: 0, max: 5_000 }));

const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom("turn", "turn", "aside", "warm", "warm", "warm", "aborted"),
  id: fc.constantFrom(ID, ID, ID, "bob"),
  afterMs: fc.oneof(fc.constantFrom(240_000, 240_000, 120_000, 1), fc.integer({ min: 0, max: 2 * TTL_MS })),
  found: fc
    .record({ read: readTokens, written: writtenTokens })
    .map(({ read, written }) => usage(read, written)),
  model: fc.constantFrom(...Array(9).fill(MODEL), "claude-other"),
  policy: fc.constantFrom("always", "adaptive"),
  replaced: fc.constantFrom(...Array(9).fill(false), true),
});

/** Tells it all to a ledger, and what it answers to each. */
function told(happenings: readonly Happening[]) {
  const world = aLedger();
  const { ledger, now, setNow } = world;
  const before = (id: string) => ledger.figuresOf(id);
  const steps = happenings.map((one) => {
    const { kind, id: conversationId, found, model: modelName, policy, replaced } = one;
    setNow(now() + one.afterMs);
    const [was, startedAt] = [before(conversationId), now()];
    if (kind === "warm") ledger.warmCompleted({ conversationId, startedAt, usage: found, policy, modelName });
    else if (kind === "aborted") ledger.warmAborted({ conversationId, usage: found, policy, modelName });
    else {
      const aside = kind === "aside";
      ledger.requestAnswered({
        conversationId,
        startedAt,
        usage: found,
        modelName,
        ttlMs: TTL_MS,
        replaced,
        aside,
      });
    }
    const is = before(conversationId);
    const savedTokens = (is?.rescuedTokens ?? 0) - (was?.rescuedTokens ?? 0);
    return { ...one, at: startedAt, savedTokens, savedUsd: (is?.savedUsd ?? 0) - (was?.savedUsd ?? 0) };
  });
  return { ...world, steps };
}

const many = fc.array(happening, { minLength: 15, maxLength: 40 });

describe("a ledger, whatever happens,", () => {
  it("credits only returns after more than the TTL that read what a warm since the last turn had refreshed", () => {
    fc.assert(
      fc.property(many, (happenings) => {
        const { steps } = told(happenings);
        for (const [index, step] of steps.entries()) {
          if (step.savedTokens === 0) continue;
          const own = steps.slice(0, index).filter(({ id }) => id === step.id);
          const last = own.findLastIndex(({ kind }) => kind === "turn");
          const warms = own.slice(last + 1).filter(({ kind }) => kind === "warm");
          expect(step.kind).toBe("turn");
          expect(last).toBeGreaterThanOrEqual(0);
          expect(step.at - (own[last]?.at ?? 0)).toBeGreaterThan(TTL_MS);
          expect(warms.length).toBeGreaterThan(0);
          const refreshed = Math.max(
            ...warms.map(({ found }) => found.cacheReadTokens + found.cacheWriteTokens),
          );
          expect(step.savedTokens).toBeLessThanOrEqual(Math.min(refreshed, step.found.cacheReadTokens));
          expect(step.savedUsd).toBeCloseTo(step.savedTokens * (RATES.write5m - RATES.read));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("credits something now and then", () => {
    const steps = fc.sample(many, { numRuns: 500, seed: 1 }).flatMap((happenings) => told(happenings).steps);
    expect(steps.filter(({ savedTokens }) => savedTokens > 0).length).toBeGreaterThan(100);
  });

  it("has spent what its warms cost, each of them, and its requests what they cost", () => {
    fc.assert(
      fc.asyncProperty(many, async (happenings) => {
        const { ledger } = told(happenings);
        const { total } = await ledger.report();
        const costOf = (...kinds: readonly string[]) =>
          happenings
            .filter(({ kind }) => kinds.includes(kind))
            .reduce((sum, { found }) => sum + listPrice(found), 0);
        expect(total.spentUsd).toBeCloseTo(costOf("warm", "aborted"));
        expect(total.boundUsd).toBeCloseTo(costOf("aborted"));
        expect(total.requestsUsd).toBeCloseTo(costOf("turn", "aside"));
      }),
    );
  });

  it("comes to the same sums by day, by conversation, by model and by policy", () => {
    fc.assert(
      fc.asyncProperty(many, async (happenings) => {
        const { ledger, now, setNow } = told(happenings);
        setNow(now() + 86_400_000);
        ledger.warmCompleted({ conversationId: ID, usage: usage(10, 0) });
        const report: Report = await ledger.report();
        for (const table of [report.days, report.conversations, report.models, report.policies]) {
          for (const name of [...FIGURE_NAMES, "netUsd", "netWeight"] as const) {
            const sum = (table as readonly Amounts[]).reduce((soFar, row) => soFar + row[name], 0);
            expect(sum, name).toBeCloseTo(report.total[name]);
          }
        }
        expect(report.total.netUsd).toBeCloseTo(report.total.savedUsd - report.total.spentUsd);
      }),
    );
  });

  it("counts each answered request of the person's own thread as one kind of return", () => {
    fc.assert(
      fc.asyncProperty(many, async (happenings) => {
        const { total } = await told(happenings).ledger.report();
        const { first, within, rescued, lapsed, replaced, drifted, survived, unseen } = total;
        expect(first + within + rescued + lapsed + replaced + drifted + survived + unseen).toBe(
          happenings.filter(({ kind }) => kind === "turn").length,
        );
      }),
    );
  });
});
