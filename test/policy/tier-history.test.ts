import { describe, expect, it } from "vitest";
import {
  firstWriteCosts,
  type SeenSpan,
  spanCosts,
  TIER_OPTIONS,
  TierHistory,
} from "../../src/policy/index.ts";

const MINUTE_MS = 60_000;

function pauseOf(minutes: number): SeenSpan {
  return {
    stop: "end_turn",
    promptTokens: 100_000,
    gapMs: minutes * MINUTE_MS,
    nextTokens: 102_000,
    reusedTokens: 100_000,
    answerMs: 8_000,
  };
}

function personWhoPauses(minutes: readonly number[], read: number, times = 40): TierHistory {
  const history = new TierHistory();
  for (let round = 0; round < times; round++) {
    history.add(read, firstWriteCosts(20_000));
    for (const pause of minutes) history.add(read, spanCosts(pauseOf(pause), read));
  }
  return history;
}

describe("what a span would have cost", () => {
  it("on each tier without warms is its writes and reads", () => {
    expect(spanCosts(pauseOf(20), 0.1)).toMatchObject({
      "5m alone": 102_000 * 1.25,
      "1h alone": 100_000 * 0.1 + 2_000 * 2,
    });
    expect(spanCosts(pauseOf(2), 0.1)).toMatchObject({
      "5m alone": 100_000 * 0.1 + 2_000 * 1.25,
      "5m + warms": 100_000 * 0.1 + 2_000 * 1.25,
    });
  });

  it("with warms is theirs and the read they led to", () => {
    expect(spanCosts({ ...pauseOf(8), open: true }, 0.1)["5m + warms"]).toBeCloseTo(
      2 * 100_000 * 0.1 + 2_000 * 1.25,
      6,
    );
  });

  it("that nobody returned from is that of its warms", () => {
    const last: SeenSpan = { stop: "end_turn", promptTokens: 100_000, gapMs: null };
    expect(spanCosts(last, 0.1)["5m alone"]).toBe(0);
    expect(spanCosts(last, 0.1)["5m + warms"]).toBeGreaterThan(0);
  });
});

describe("the advice on the tier", () => {
  it("is an hour for who pauses for half an hour after every turn, and 5 minutes for who never pauses", () => {
    expect(personWhoPauses([35, 40, 50], 0.1).advise(0.1).tier).toBe("1h");
    expect(personWhoPauses([1, 1, 2], 0.1).advise(0.1).tier).toBe("5m");
  });

  it("depends on the price of a read: where reads are cheap, pings beat the dearer write", () => {
    const pauses = [1, 2, 1, 8, 1, 2, 1, 1, 12];
    expect(personWhoPauses(pauses, 0.025).advise(0.025)).toMatchObject({ tier: "5m", option: "5m + warms" });
  });

  it("listens to the conversation itself before the person's others", () => {
    const person = personWhoPauses([1, 1, 2], 0.1, 12);
    const own = personWhoPauses([40, 45, 50], 0.1, 40);
    expect(person.advise(0.1).tier).toBe("5m");
    expect(person.advise(0.1, own).tier).toBe("1h");
  });

  it("shows what each option costs, relative to 5 minutes without warms", () => {
    const { relativeCost, evidenceTokens } = personWhoPauses([35, 40, 50], 0.1).advise(0.1);
    expect(relativeCost["5m alone"]).toBe(1);
    expect(relativeCost["1h alone"]).toBeLessThan(1);
    expect(evidenceTokens).toBeGreaterThan(0);
  });

  it("reads what it writes, and nonsense as nothing", () => {
    const history = personWhoPauses([8, 40], 0.05);
    const read = TierHistory.parse(history.toString());
    expect(read.toString()).toBe(history.toString());
    for (const option of TIER_OPTIONS) {
      expect(read.advise(0.05).relativeCost[option]).toBeCloseTo(
        history.advise(0.05).relativeCost[option],
        4,
      );
    }
    for (const text of [null, "", "t0;1,2", "t1;x,y", "t1;0.1,1,2", "t1;0.1,1,2,-3,4"]) {
      expect(TierHistory.parse(text).advise(0.1)).toEqual(new TierHistory().advise(0.1));
    }
  });
});
