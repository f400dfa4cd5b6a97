import { describe, expect, it } from "vitest";
import { StartingHours } from "../../src/prewarm/index.ts";

/** Of a day in November 2026, by the machine's clock: the 16th is a Monday. */
const at = (day: number, hour: number) => new Date(2026, 10, day, hour, 30).getTime();

describe("starting hours", () => {
  it("expect in an hour what such days usually had, and nothing in others", () => {
    const hours = new StartingHours();
    for (const day of [16, 17, 18, 19, 20]) for (const hour of [9, 9, 14]) hours.record(at(day, hour));
    expect(hours.expected(at(23, 9))).toBeGreaterThan(1.5);
    expect(hours.expected(at(23, 14))).toBeGreaterThan(0.7);
    expect(hours.expected(at(23, 11))).toBe(0);
    // A Saturday.
    expect(hours.expected(at(21, 9))).toBe(0);
  });

  it("fade when nobody begins any more", () => {
    const hours = new StartingHours();
    for (const day of [2, 3, 4, 5, 6]) hours.record(at(day, 9));
    const soon = hours.expected(at(9, 9));
    const late = hours.expected(at(30, 9));
    expect(late).toBeLessThan(soon / 2);
    expect(hours.total(at(30, 9))).toBeLessThan(2);
  });

  it("survive being stored, as counts without times", () => {
    const hours = new StartingHours();
    hours.record(at(16, 9));
    const stored = hours.toString();
    expect(new StartingHours(stored).expected(at(17, 9))).toBe(hours.expected(at(17, 9)));
    expect(JSON.parse(stored).bins).toHaveLength(48);
    expect(stored).not.toContain(String(at(16, 9)));
    expect(new StartingHours("nonsense").total(at(16, 9))).toBe(0);
    expect(new StartingHours('{"bins":[1]}').expected(at(16, 9))).toBe(0);
  });
});
