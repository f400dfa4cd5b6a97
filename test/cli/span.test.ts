import { describe, expect, it } from "vitest";
import { ago, span, until } from "../../src/cli/span.ts";

describe("a length of time", () => {
  it.each([
    [0, "0s"],
    [499, "0s"],
    [500, "1s"],
    [-5_000, "0s"],
    [59_400, "59s"],
    [59_600, "1m"],
    [60_000, "1m"],
    [200_000, "3m 20s"],
    [3_600_000, "1h"],
    [3_659_000, "1h"],
    [3_661_000, "1h 1m"],
    [86_400_000, "1d"],
    [90_000_000, "1d 1h"],
    [864_000_000, "10d"],
  ])("of %i ms is %s", (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it("reads from now on both sides", () => {
    expect([ago(null, 0), ago(10_000, 10_500), ago(0, 125_000)]).toEqual(["—", "just now", "2m 5s ago"]);
    expect([until(null, 0), until(10_500, 10_000), until(0, 10_000), until(200_000, 0)]).toEqual([
      "—",
      "now",
      "now",
      "in 3m 20s",
    ]);
  });
});
