import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GapHistory, STOP_KINDS } from "../../src/policy/index.ts";

const MINUTE_MS = 60_000;

const anyEvents = fc.array(
  fc.record({
    stop: fc.constantFrom(...STOP_KINDS),
    gapMs: fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1e10, noNaN: true })),
  }),
  { maxLength: 200 },
);

function historyOf(
  events: readonly { stop: (typeof STOP_KINDS)[number]; gapMs: number | null }[],
): GapHistory {
  const history = new GapHistory();
  for (const { stop, gapMs } of events) {
    if (gapMs === null) history.ended(stop);
    else history.returned(stop, gapMs);
  }
  return history;
}

describe("a gap history", () => {
  it("counts gaps by how long they were and what they followed", () => {
    const history = new GapHistory();
    history.returned("end_turn", 30_000);
    history.returned("end_turn", 8 * MINUTE_MS);
    history.returned("tool_use", 8 * MINUTE_MS);
    history.ended("tool_use");
    const { end_turn, tool_use, question } = history.summary();
    expect(end_turn.returned[0]).toBeCloseTo(1, 2);
    expect(end_turn.returned[3]).toBe(1);
    expect(tool_use.ended).toBe(1);
    expect(tool_use.returned[3]).toBeCloseTo(1, 2);
    expect(question.returned.every((count) => count === 0)).toBe(true);
  });

  it("reads what it writes, to a hundredth", () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const history = historyOf(events);
        const read = GapHistory.parse(history.toString());
        expect(read.toString()).toBe(history.toString());
        for (const kind of STOP_KINDS) {
          for (const [bin, count] of history.summary()[kind].returned.entries()) {
            expect(read.summary()[kind].returned[bin]).toBeCloseTo(count, 1);
          }
        }
      }),
    );
  });

  it("stays short, however much it has seen", () => {
    const history = new GapHistory();
    for (let count = 0; count < 100_000; count++) {
      history.returned(STOP_KINDS[count % 4] ?? "other", (count * 7_919) % 90_000_000);
    }
    expect(history.toString().length).toBeLessThan(400);
  });

  it.each([null, "", "g1", "g2;;;;", "g1;-x;y!;Z;1.5", `g1;${"1,".repeat(99)};;;`, "{}", "g1;-5;1;1;1"])(
    "that makes no sense reads as one that is empty there: %j",
    (text) => {
      const { end_turn } = GapHistory.parse(text).summary();
      expect(end_turn.returned.every((count) => count === 0)).toBe(true);
      expect(end_turn.ended).toBe(0);
    },
  );

  it("adds up with another", () => {
    fc.assert(
      fc.property(anyEvents, anyEvents, (mine, theirs) => {
        const merged = historyOf(mine);
        merged.merge(historyOf(theirs));
        const [a, b] = [historyOf(mine).summary(), historyOf(theirs).summary()];
        for (const kind of STOP_KINDS)
          expect(merged.summary()[kind].ended).toBeCloseTo(a[kind].ended + b[kind].ended, 6);
      }),
    );
  });

  it("lets old gaps fade, and short ones do not push long ones out", () => {
    const history = new GapHistory();
    history.returned("tool_use", 20 * MINUTE_MS);
    for (let count = 0; count < 10_000; count++) history.returned("tool_use", 5_000);
    expect(history.summary().tool_use.returned[5]).toBe(1);
    for (let count = 0; count < 2_000; count++) history.returned("tool_use", 7 * MINUTE_MS);
    expect(history.summary().tool_use.returned[5]).toBeLessThan(0.01);
  });

  it("does not change the summary it has given", () => {
    const history = new GapHistory();
    history.returned("end_turn", MINUTE_MS);
    const before = history.summary();
    const copy = structuredClone(before);
    history.returned("end_turn", 9 * MINUTE_MS);
    expect(before).toEqual(copy);
  });

  it("ignores a gap that is not a length of time", () => {
    const history = new GapHistory();
    history.returned("end_turn", Number.NaN);
    history.returned("end_turn", -5);
    expect(history.toString()).toBe(new GapHistory().toString());
  });
});
