import { describe, expect, it } from "vitest";
import { idlingOf, LOCAL_CALENDAR } from "../../src/audit/idling.ts";
import { Pricing } from "../../src/audit/prices.ts";
import { callAt, cold, conversation, HOUR, MINUTE, START, UTC } from "./conversations.ts";

/** $5 a million tokens: writing 100,000 for five minutes costs 62.5 cents, for an hour a dollar, reading five. */
const LAPSE_USD = 0.1 * (6.25 - 0.5);
const LAPSE_1H_USD = 0.1 * (10 - 0.5);

function total(...calls: Parameters<typeof conversation>[0]) {
  return idlingOf([conversation(calls)], new Pricing(), UTC).total;
}

describe("idling is what was written after a pause and could have been read", () => {
  it("above the price of reading it, and without what is new", () => {
    const { idleUsd, rewrittenTokens, writtenAfterPauseTokens, inputUsd } = total(callAt(0), callAt(6, cold));
    expect(idleUsd).toBeCloseTo(LAPSE_USD, 12);
    expect(rewrittenTokens).toBe(100_000);
    expect(writtenAfterPauseTokens).toBe(101_000);
    expect(inputUsd).toBeCloseTo(0.00625 + 0.0495 + 0.63125, 12);
  });

  it("costs more where it is written for an hour", () => {
    const hour = { write5mTokens: 0, write1hTokens: 1_000 };
    const late = { ...cold, write5mTokens: 0, write1hTokens: 101_000 };
    expect(total(callAt(0, hour), callAt(61, late)).idleUsd).toBeCloseTo(LAPSE_1H_USD, 12);
  });

  it.each([
    ["came within five minutes", callAt(4.9, cold)],
    ["read what was there", callAt(6, { readTokens: 100_000 })],
    ["is on another model", callAt(6, { ...cold, model: "claude-opus-4-6" })],
    ["begins anew, after a compaction", callAt(6, { write5mTokens: 40_000, readTokens: 0 })],
  ])("is nothing where the next call %s", (_, next) => {
    expect(total(callAt(0), next)).toMatchObject({ idleUsd: 0, rewrittenTokens: 0, lapses: 0 });
  });

  it("is nothing within the hour of an entry that lives for one", () => {
    const hour = callAt(0, { write5mTokens: 0, write1hTokens: 1_000 });
    // The second reads alone: what it read still lives for an hour.
    const read = callAt(50, { write5mTokens: 0 });
    expect(total(hour, read, callAt(105, cold))).toMatchObject({ pauses: 0, idleUsd: 0 });
    expect(total(hour, read, callAt(111, cold))).toMatchObject({ pauses: 1, lapses: 1 });
  });

  it("counts a part that lapsed as that part", () => {
    const half = callAt(6, { write5mTokens: 61_000, readTokens: 40_000 });
    expect(total(callAt(0), half).rewrittenTokens).toBe(60_000);
  });

  it("is looked for in each thread by itself", () => {
    const side = (minutes: number, thread: string, over = {}) => callAt(minutes, { ...over, thread });
    const main = [callAt(0), callAt(2), callAt(4)];
    const calm = total(...main, side(0, "a"), side(4, "a"), side(1, "b"), side(5, "b"));
    expect(calm.pauses).toBe(0);
    expect(total(...main, side(0, "a"), side(6, "a", cold), side(3, "b")).idleUsd).toBeCloseTo(LAPSE_USD, 12);
  });

  it("has no price where the model has none, and is counted in tokens", () => {
    const other = { model: "gpt-5.5" };
    expect(total(callAt(0, other), callAt(6, { ...cold, ...other }))).toMatchObject({
      calls: 2,
      unpricedCalls: 2,
      rewrittenTokens: 100_000,
      inputUsd: 0,
      idleUsd: 0,
    });
  });

  it("costs twice as much in fast mode", () => {
    const fast = { speed: "fast" as const, model: "claude-opus-5" };
    const plain = { model: "claude-opus-5" };
    const usd = (over: object) => total(callAt(0, over), callAt(6, { ...cold, ...over })).idleUsd;
    expect(usd(fast)).toBeCloseTo(2 * usd(plain), 12);
  });
});

describe("idling is told by when, where and how long", () => {
  const other = { agent: "pi" as const, project: "blog" };
  const {
    weeks,
    projects,
    hours,
    pauses,
    agents,
    total: sum,
  } = idlingOf(
    [
      conversation([callAt(0), callAt(6, cold), callAt(3 * 7 * 24 * 60, cold)]),
      conversation([callAt(60), callAt(90, { ...cold, write5mTokens: 51_000, readTokens: 50_000 })], other),
    ],
    new Pricing(),
    UTC,
  );
  const nonzero = (rows: typeof weeks) =>
    rows.filter(({ lapses }) => lapses > 0).map(({ name, lapses }) => [name, lapses]);

  it("week by week from the Monday, those in which nothing happened as well", () => {
    expect(weeks.map(({ name, lapses }) => [name, lapses])).toEqual([
      ["2026-01-05", 2],
      ["2026-01-12", 0],
      ["2026-01-19", 0],
      ["2026-01-26", 1],
    ]);
  });

  it("by hour of the return, length of the pause, project and agent", () => {
    expect(hours).toHaveLength(24);
    expect(nonzero(hours)).toEqual([
      ["10", 2],
      ["11", 1],
    ]);
    expect(nonzero(pauses)).toEqual([
      ["5–10 min", 1],
      ["20–40 min", 1],
      ["over a day", 1],
    ]);
    expect(nonzero(projects)).toEqual([
      ["acme-shop", 2],
      ["blog", 1],
    ]);
    expect(nonzero(agents)).toEqual([
      ["claude-code", 2],
      ["pi", 1],
    ]);
  });

  it("and each way adds up to all of it", () => {
    for (const rows of [weeks, projects, hours, agents]) {
      expect(rows.reduce((usd, { idleUsd }) => usd + idleUsd, 0)).toBeCloseTo(sum.idleUsd, 12);
      expect(rows.reduce((usd, { inputUsd }) => usd + inputUsd, 0)).toBeCloseTo(sum.inputUsd, 12);
    }
    expect(pauses.reduce((usd, { idleUsd }) => usd + idleUsd, 0)).toBeCloseTo(sum.idleUsd, 12);
  });

  it("in the person's own days, which begin and end where they are", () => {
    for (let at = START; at < START + 14 * 24 * HOUR; at += 3 * HOUR + MINUTE) {
      const day = new Date(at);
      const monday = new Date(`${LOCAL_CALENDAR.weekOf(at)}T00:00:00`);
      expect(monday.getDay()).toBe(1);
      expect(day.getTime() - monday.getTime()).toBeGreaterThanOrEqual(0);
      expect(day.getTime() - monday.getTime()).toBeLessThan(7 * 24 * HOUR + HOUR);
      expect(LOCAL_CALENDAR.hourOf(at)).toBe(day.getHours());
    }
  });
});
