import { describe, expect, it } from "vitest";
import { Headroom } from "../../src/capture/headroom.ts";

const bucket = (limit: number | null, remaining: number | null, resetAt: number | null = 60_000) => ({
  limit,
  remaining,
  resetAt,
});

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
    headroom.note("a", limits, 0);
    expect(headroom.waitMs("a", 0)).toBe(waitMs);
    expect(headroom.waitMs("b", 0)).toBe(0);
  });

  it("is there again after the reset, or as soon as a response says so", () => {
    const headroom = new Headroom();
    headroom.note("a", { requests: bucket(100, 0) }, 0);
    expect(headroom.waitMs("a", 60_000)).toBe(0);
    headroom.note("a", { requests: bucket(100, 50) }, 1_000);
    expect(headroom.waitMs("a", 1_000)).toBe(0);
  });
});
