import { describe, expect, it } from "vitest";
import { Headroom } from "../../src/capture/headroom.ts";

const bucket = (limit: number | null, remaining: number | null, resetAt: number | null = 60_000) => ({
  limit,
  remaining,
  resetAt,
});

const at = (ms: number) => ({ wallMs: ms, monotonicMs: ms + 5_000 });

describe("the room that the rate limits leave", () => {
  it.each([
    ["5 % or more are left", { requests: bucket(100, 5) }, 0],
    ["less is left", { requests: bucket(100, 4) }, 60_000],
    [
      "less is left of one of them",
      { requests: bucket(100, 90), inputTokens: bucket(1_000, 0, 9_000) },
      9_000,
    ],
    [
      "the last of them to recover counts",
      { requests: bucket(100, 0, 5_000), tokens: bucket(100, 0, 8_000) },
      8_000,
    ],
    ["nobody says until when", { requests: bucket(100, 0, null) }, 60_000],
    ["nobody says how much is left", { requests: bucket(100, null) }, 0],
    ["nobody says of how much", { requests: bucket(null, 0) }, 0],
    ["there is no limit", { requests: bucket(0, 0) }, 0],
    ["it has recovered meanwhile", { requests: bucket(100, 0, -1) }, 0],
  ])("%s", (_, limits, waitMs) => {
    const headroom = new Headroom();
    headroom.note("a", limits, at(0));
    expect(headroom.waitMs("a", at(0))).toBe(waitMs);
    expect(headroom.waitMs("b", at(0))).toBe(0);
  });

  it("is there again after the reset, or as soon as a response says so", () => {
    const headroom = new Headroom();
    headroom.note("a", { requests: bucket(100, 0) }, at(0));
    expect(headroom.waitMs("a", at(60_000))).toBe(0);
    headroom.note("a", { requests: bucket(100, 50) }, at(1_000));
    expect(headroom.waitMs("a", at(1_000))).toBe(0);
  });

  it("is there again in time when somebody sets the clock back", () => {
    const headroom = new Headroom();
    headroom.note("a", { requests: bucket(100, 0) }, at(0));
    expect(headroom.waitMs("a", { wallMs: -3_600_000, monotonicMs: 5_000 })).toBe(60_000);
    expect(headroom.waitMs("a", { wallMs: -3_540_000, monotonicMs: 65_000 })).toBe(0);
  });
});
