import { describe, expect, it } from "vitest";
import { outcomeOf } from "../../src/anthropic/index.ts";

describe("outcomeOf", () => {
  it.each([
    [50_000, 0, "hit"],
    [99, 1, "hit"],
    [989, 11, "partial"],
    [51, 49, "partial"],
    [50, 50, "cold"],
    [23_720, 47_428, "cold"],
    [0, 1, "cold"],
    [0, 0, "uncached"],
  ] as const)("reading %d and writing %d is %s", (cacheReadTokens, cacheWriteTokens, outcome) => {
    expect(outcomeOf({ cacheReadTokens, cacheWriteTokens })).toBe(outcome);
  });
});
