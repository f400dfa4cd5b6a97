import { describe, expect, it } from "vitest";
import { adaptive, always, breakEven, fixed, forecast, type Policy, until } from "../../src/policy/index.ts";
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
      expect(forecast(policy, facts).warms).toEqual(warmsAt.slice(0, 48));
    }
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
});
