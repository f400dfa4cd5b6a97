import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Activity,
  adaptive,
  always,
  breakEven,
  capped,
  fixed,
  GapHistory,
  type Policy,
  type PolicyFacts,
  plan,
  premiumUsd,
  STOP_KINDS,
  until,
  warmUsd,
} from "../../src/policy/index.ts";
import { factsWith, liveThrough } from "../support/idle-span.ts";

const MINUTE_MS = 60_000;

/** Any span of any model on any tier. */
const anyFacts = fc
  .record({
    ttlMs: fc.constantFrom(300_000, 3_600_000, 120_000),
    share: fc.double({ min: 0.3, max: 0.97, noNaN: true }),
    prefixTokens: fc.integer({ min: 0, max: 1_000_000 }),
    tailTokens: fc.integer({ min: 0, max: 5_000 }),
    inputUsd: fc.constantFrom(1e-7, 1e-6, 5e-6, 1e-5),
    read: fc.constantFrom(0.1, 0.05, 0.025),
    write: fc.constantFrom(1.25, 2),
    stop: fc.constantFrom("end_turn", "tool_use", "question", "other"),
    open: fc.constantFrom(true, undefined),
    activity: fc.constantFrom(undefined, alwaysBack(20), alwaysBack(600), {
      othersActive: 2,
      othersBegun: 1,
      grownTokens: 40_000,
    }),
  })
  .map(({ ttlMs, share, prefixTokens, tailTokens, inputUsd, read, write, stop, open, activity }) =>
    factsWith({
      ttlMs,
      everyMs: Math.round(ttlMs * share),
      prefixTokens,
      tailTokens,
      price: { inputUsd, read, write },
      stop,
      ...(open === undefined ? {} : { open }),
      ...(activity === undefined ? {} : { activity }),
    }),
  );

/** Of somebody who has always come back after so many minutes, whatever had been said last. */
function alwaysBack(minutes: number): Activity {
  const history = new GapHistory();
  for (let count = 0; count < 400; count++) {
    for (const stop of STOP_KINDS) history.returned(stop, minutes * MINUTE_MS);
  }
  return { person: history.summary(), conversation: history.summary() };
}

const everyPolicy: readonly [string, Policy][] = [
  ["fixed", fixed(3)],
  ["until", until(30 * MINUTE_MS)],
  ["always", always],
  ["break-even", breakEven],
  ["adaptive", adaptive],
];

describe("a policy", () => {
  it("that is fixed warms as often as it says, and zero means zero", () => {
    expect(liveThrough(fixed(3), factsWith()).warmsAt).toHaveLength(3);
    expect(liveThrough(fixed(0), factsWith()).warmsAt).toHaveLength(0);
  });

  it("that runs until a time counts from the settle of the turn", () => {
    const settled = factsWith();
    const { warmsAt } = liveThrough(until(30 * MINUTE_MS), settled);
    expect(warmsAt).toHaveLength(6);
    expect(warmsAt.at(-1)).toBeLessThanOrEqual((settled.settledAt ?? 0) + 30 * MINUTE_MS);
    const late = factsWith({ settledAt: settled.turnStartedAt + 4 * MINUTE_MS });
    expect(liveThrough(until(30 * MINUTE_MS), late).warmsAt).toHaveLength(7);
  });

  it("that is always on warms for as long as anybody looks", () => {
    expect(liveThrough(always, factsWith(), 48).warmsAt).toHaveLength(Math.floor((48 * 3_600) / 280));
  });

  it("that breaks even stops at the premium: 11 warms at a tenth, 24 at a twentieth, 49 at a fortieth", () => {
    for (const [read, warms] of [
      [0.1, 11],
      [0.05, 24],
      [0.025, 49],
    ] as const) {
      const facts = factsWith({ price: { inputUsd: 5e-6, read, write: 1.25 } });
      expect(liveThrough(breakEven, facts).warmsAt).toHaveLength(warms);
    }
  });

  it("reckons a warm with the tokens behind the prefix, which are read by nobody", () => {
    const facts = factsWith({ tailTokens: 10_000 });
    expect(warmUsd(facts)).toBeCloseTo((100_000 * 0.1 + 10_000) * 5e-6, 12);
    expect(premiumUsd(facts)).toBeCloseTo(100_000 * 1.15 * 5e-6, 12);
    expect(liveThrough(breakEven, facts).warmsAt).toHaveLength(5);
  });

  it.each([
    ["break-even", breakEven],
    ["adaptive", adaptive],
  ] as const)("that is %s never spends more than one rewrite premium in a span", (_, policy) => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { spentUsd } = liveThrough(policy, facts);
        expect(spentUsd).toBeLessThanOrEqual(premiumUsd(facts) * (1 + 1e-6));
      }),
    );
  });

  it.each(everyPolicy)("that is %s gives the same plan for the same facts", (_, policy) => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        expect(policy(structuredClone(facts))).toEqual(policy(facts));
      }),
    );
  });

  it.each(everyPolicy)("that is %s says why, in a sentence", (_, policy) => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        for (const { reason, expectedNetUsd, pReturn } of liveThrough(policy, facts, 3).plans) {
          expect(reason).toMatch(/^[A-Z].*\.$/);
          expect(reason).not.toMatch(/NaN|undefined|Infinity/);
          expect(Number.isFinite(expectedNetUsd)).toBe(true);
          expect(pReturn).toBeGreaterThanOrEqual(0);
          expect(pReturn).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it.each(everyPolicy)("that is %s never plans a warm for another moment than it is due", (_, policy) => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { warmAt } = policy(facts);
        if (warmAt !== undefined) expect(warmAt).toBe(facts.dueAt);
      }),
    );
  });
});

describe("the adaptive policy", () => {
  it("warms after an answer, and gives up in time", () => {
    const { warmsAt } = liveThrough(adaptive, factsWith());
    expect(warmsAt.length).toBeGreaterThanOrEqual(1);
    expect(warmsAt.length).toBeLessThan(11);
  });

  it("warms longer where reads are cheaper", () => {
    const warms = [0.1, 0.05, 0.025].map(
      (read) =>
        liveThrough(adaptive, factsWith({ price: { inputUsd: 5e-6, read, write: 1.25 } })).warmsAt.length,
    );
    expect(warms).toEqual(warms.toSorted((a, b) => a - b));
    expect(warms[2]).toBeGreaterThan(warms[0] ?? 0);
  });

  it("sends nothing for a conversation that is known to be closed", () => {
    expect(liveThrough(adaptive, factsWith({ open: false })).warmsAt).toHaveLength(0);
  });
});

describe("a cap", () => {
  const anyCaps = fc.record(
    {
      spanUsd: fc.constantFrom(0, 0.01, 0.1, 1),
      dayUsd: fc.constantFrom(0, 0.05, 0.5, 5),
      minPrefixTokens: fc.constantFrom(0, 20_000, 2_000_000),
    },
    { requiredKeys: [] },
  );

  it.each(everyPolicy)("holds under any sequence of spans, whatever the policy (%s)", (_, policy) => {
    fc.assert(
      fc.property(anyCaps, fc.array(anyFacts, { minLength: 1, maxLength: 6 }), (caps, spans) => {
        let spentUsd24h = 0;
        for (const span of spans) {
          const told: Policy = (facts) =>
            capped(policy, caps)({ ...facts, spentUsd24h: spentUsd24h + facts.spentUsd });
          const { spentUsd, warmsAt } = liveThrough(told, span, 24);
          spentUsd24h += spentUsd;
          if (caps.spanUsd !== undefined) expect(spentUsd).toBeLessThanOrEqual(caps.spanUsd * (1 + 1e-9));
          if (caps.dayUsd !== undefined) expect(spentUsd24h).toBeLessThanOrEqual(caps.dayUsd * (1 + 1e-9));
          if (caps.spanUsd === 0 || caps.dayUsd === 0) expect(warmsAt).toEqual([]);
          if (span.prefixTokens < (caps.minPrefixTokens ?? 0)) expect(warmsAt).toEqual([]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("that is absent holds nothing back", () => {
    const facts = factsWith();
    expect(plan({ kind: "always" }, facts, {})).toEqual(always(facts));
  });

  it("that is zero means zero, even for a prefix that costs nothing", () => {
    const free = factsWith({ prefixTokens: 0 });
    expect(plan({ kind: "always" }, free, { spanUsd: 0 }).stop).toBe(true);
    expect(plan({ kind: "always" }, free, { dayUsd: 0 }).stop).toBe(true);
  });

  it("lets nothing through where a figure is not a number", () => {
    const unknown: PolicyFacts = factsWith({ prefixTokens: Number.NaN });
    for (const caps of [{ spanUsd: 1 }, { dayUsd: 1 }, { minPrefixTokens: 1 }]) {
      expect(plan({ kind: "always" }, unknown, caps).stop).toBe(true);
    }
    expect(plan({ kind: "always" }, factsWith(), { spanUsd: Number.NaN }).stop).toBe(true);
  });

  it("of a day counts at least what this span has spent", () => {
    const facts = factsWith({ spentUsd: 0.5, warms: 10 });
    expect(plan({ kind: "always" }, facts, { dayUsd: 0.5 + warmUsd(facts) / 2 }).stop).toBe(true);
  });
});
