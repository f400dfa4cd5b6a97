import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bandOf, comingOf, usesOf } from "../../../src/console/page/conversation/life-band.ts";
import type { HistoryEntry } from "../../../src/hub/views/index.ts";

const turn = (at: number, ttlMs: number | null = 300): HistoryEntry => ({
  seq: at,
  at,
  kind: "turn",
  modelName: null,
  ttlMs,
  usage: null,
  costUsd: null,
  found: "within",
  savedUsd: 0,
  stopReason: null,
});
const warm = (at: number, outcome: "hit" | "cold" | "cut-off" = "hit"): HistoryEntry => ({
  seq: at,
  at,
  kind: "warm",
  outcome,
  ttlMs: 300,
  usage: null,
  costUsd: null,
  policy: null,
  foreign: false,
});

describe("the band of life", () => {
  it("is full at each request that used the prefix, and shrinks until the next", () => {
    const { at, leftMs } = bandOf(usesOf([turn(1_000), warm(1_250)], 300), 1_400);
    expect(at).toEqual([999, 1_000, 1_250, 1_251, 1_400]);
    expect(leftMs).toEqual([0, 300, 50, 300, 150]);
  });

  it("lies at nothing from a lapse to the next request", () => {
    const { at, leftMs } = bandOf(usesOf([turn(1_000), turn(2_000)], 300), 2_100);
    expect(at).toEqual([999, 1_000, 1_300, 2_000, 2_001, 2_100]);
    expect(leftMs).toEqual([0, 300, 0, 0, 300, 200]);
  });

  it("is not renewed by a warm whose answer never came", () => {
    expect(usesOf([turn(1_000), warm(1_200, "cut-off"), warm(1_250, "cold")], 300)).toEqual([
      { at: 1_000, ttlMs: 300 },
      { at: 1_250, ttlMs: 300 },
    ]);
  });

  it("takes the conversation's lifetime where an entry does not tell its own", () => {
    expect(usesOf([turn(1_000, null)], 3_600)).toEqual([{ at: 1_000, ttlMs: 3_600 }]);
  });

  it("goes on to its lapse from where it is now, and lies at nothing from there", () => {
    const band = bandOf(usesOf([turn(1_000)], 300), 1_100);
    expect(comingOf(band, 1_400)).toEqual({ at: [1_300, 1_400], leftMs: [0, 0] });
    expect(comingOf(band, 1_200)).toEqual({ at: [1_300], leftMs: [0] });
    expect(comingOf(bandOf(usesOf([turn(1_000)], 300), 1_500), 1_600)).toEqual({ at: [1_600], leftMs: [0] });
    expect(comingOf(bandOf([], 5), 10)).toEqual({ at: [], leftMs: [] });
  });

  it("always goes forward in time, never below nothing and never above a lifetime", () => {
    const use = fc.record({
      at: fc.integer({ min: 0, max: 10_000 }),
      ttlMs: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(fc.array(use), fc.integer({ min: 0, max: 12_000 }), (uses, until) => {
        const rising = uses.toSorted((a, b) => a.at - b.at);
        const { at, leftMs } = bandOf(rising, until);
        expect(at.slice(1).every((when, index) => when > (at[index] ?? 0))).toBe(true);
        expect(leftMs.every((left) => left >= 0 && left <= 900)).toBe(true);
      }),
    );
  });
});
