import { describe, expect, it } from "vitest";
import {
  adaptive,
  always,
  breakEven,
  fixed,
  forecast,
  GapHistory,
  type Policy,
  type PolicyFacts,
  until,
} from "../../src/policy/index.ts";
import { factsWith, liveThrough } from "../support/idle-span.ts";

const MINUTE_MS = 60_000;

const policies: readonly (readonly [name: string, policy: Policy])[] = [
  ["auto", (facts) => adaptive(facts)],
  ["always", always],
  ["three pings", fixed(3)],
  ["no pings", fixed(0)],
  ["half an hour", until(30 * MINUTE_MS)],
  ["break-even", breakEven],
];

describe("a forecast", () => {
  it.each(policies)("of %s tells the warms that go out if nobody comes back", (_, policy) => {
    for (const facts of [factsWith(), factsWith({ ttlMs: 60 * MINUTE_MS, open: true })]) {
      const { warmsAt } = liveThrough(policy, facts);
      const withinADay = warmsAt.filter((at) => at <= facts.now + 24 * 60 * MINUTE_MS);
      expect(forecast(policy, facts).warms).toEqual(withinADay);
    }
  });

  it("of one without an end says how many warms a day that is, and of one with an end that there are no more", () => {
    const { warms, warmsADay } = forecast(always, factsWith());
    expect(warms.length).toBeGreaterThan(300);
    expect(warmsADay).toBeCloseTo((24 * 60) / (280 / 60), 6);
    const often = forecast(always, factsWith({ everyMs: 10_000 }));
    expect(often.warms.length).toBeLessThan(400);
    expect(often.warmsADay).toBe(8_640);
    expect(forecast(until(3 * 24 * 60 * MINUTE_MS), factsWith()).warmsADay).not.toBeNull();
    for (const policy of [
      until(12 * 60 * MINUTE_MS),
      fixed(3),
      breakEven,
      (facts: PolicyFacts) => adaptive(facts),
    ]) {
      expect(forecast(policy, factsWith()).warmsADay).toBeNull();
    }
    expect(forecast(always, factsWith(), { dayUsd: 0.2 }).warmsADay).toBeNull();
  });

  it("holds the person's limits", () => {
    const facts = factsWith();
    const { warms, warmUsd } = forecast(always, facts, { spanUsd: 0.2 });
    expect(warms).toHaveLength(4);
    expect(warmUsd).toBeCloseTo(0.05);
    expect(forecast(always, facts, { dayUsd: 0 }).warms).toEqual([]);
  });

  it("tells a chance of return that rises from nothing, and of one that is over stays there", () => {
    const { curve } = forecast(always, factsWith());
    expect(curve[0]).toEqual({ afterMs: 0, returned: 0 });
    expect(curve.at(-1)?.afterMs).toBe(24 * 60 * MINUTE_MS);
    for (const [at, { afterMs, returned }] of curve.entries()) {
      expect(returned).toBeGreaterThanOrEqual(curve[at - 1]?.returned ?? 0);
      expect(returned).toBeLessThan(1);
      expect(afterMs).toBeGreaterThan(curve[at - 1]?.afterMs ?? -1);
    }
    expect(curve.at(-1)?.returned).toBeGreaterThan(0.3);
    const over = forecast(always, factsWith({ open: false })).curve;
    expect(over.every(({ returned }) => returned === 0)).toBe(true);
  });

  it("weighs no chances for warms whose times a rule tells", () => {
    let looks = 0;
    const activity = {
      get person() {
        looks++;
        return new GapHistory().summary();
      },
    };
    expect(forecast(always, factsWith({ activity })).warms.length).toBeGreaterThan(300);
    expect(looks).toBeLessThan(10);
  });
});
