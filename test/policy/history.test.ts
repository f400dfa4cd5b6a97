import { describe, expect, it } from "vitest";
import { CONVERSATION_GAPS_KEY, createHistory, GAPS_KEY, GapHistory } from "../../src/policy/index.ts";
import { createMemoryStorage } from "../../src/storage/index.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const MINUTE_MS = 60_000;
const { timers } = createVirtualClock();

async function written(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

function pauses(storage = createMemoryStorage()) {
  const history = createHistory({ storage, timers });
  const pause = (ms: number, from = 0) => {
    history.started("a", from);
    history.settled("a", from + 1_000, { stop: "end_turn", promptTokens: 1_000 });
    history.started("a", from + ms);
  };
  return { history, storage, pause };
}

describe("what is remembered of a person's pauses", () => {
  it("outlives the process as counts, and nothing but counts", async () => {
    const { storage, pause } = pauses();
    await written();
    pause(7 * MINUTE_MS, 1_800_000_000_000);
    await written();
    const text = (await storage.get(GAPS_KEY)) ?? "";
    expect(text).not.toBe("");
    expect(text).not.toMatch(/1800000|17\d{8}|"a"/);
    const again = createHistory({ storage, timers });
    await written();
    expect(again.activityOf("b", 0).person).toEqual(GapHistory.parse(text).summary());
  });

  it("adds what happened while the past was being read", async () => {
    const { storage, pause } = pauses();
    await written();
    pause(7 * MINUTE_MS);
    await written();
    const one = GapHistory.parse(await storage.get(GAPS_KEY));
    const again = pauses(storage);
    again.pause(7 * MINUTE_MS);
    await written();
    const both = GapHistory.parse(await storage.get(GAPS_KEY));
    const sum = (history: GapHistory) => JSON.stringify(history.summary());
    expect(sum(both)).not.toBe(sum(one));
  });

  it("takes in what an audit teaches it meanwhile, and counts what both have seen once", async () => {
    const { storage, history, pause } = pauses();
    await written();
    pause(7 * MINUTE_MS);
    await written();
    const taught = new GapHistory();
    for (const gapMs of [7 * MINUTE_MS, 40 * MINUTE_MS]) taught.returned("end_turn", gapMs);
    taught.ended("tool_use");
    for (let audit = 0; audit < 3; audit++) {
      const known = GapHistory.parse(await storage.get(GAPS_KEY));
      known.include(taught);
      await storage.set(GAPS_KEY, known.toString());
      // The next turn of any conversation.
      history.started("b", 0);
      history.closed("b");
      await written();
    }
    const person = history.activityOf("a", 0).person;
    expect(person?.end_turn.returned.map(Math.round)).toEqual([0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(person?.tool_use.ended).toBe(1);
    const { end_turn } = GapHistory.parse(await storage.get(GAPS_KEY)).summary();
    expect(end_turn).toEqual(person?.end_turn);
  });

  it("does not bring back what was forgotten", async () => {
    const { storage, history, pause } = pauses();
    await written();
    pause(7 * MINUTE_MS);
    await written();
    await history.forget();
    history.started("b", 0);
    await written();
    expect(history.activityOf("b", 0).person).toEqual(new GapHistory().summary());
    expect(GapHistory.parse(await storage.get(GAPS_KEY)).summary()).toEqual(new GapHistory().summary());
  });

  it("is forgotten where another process removed it, by what is still running too", async () => {
    const { storage, history, pause } = pauses();
    await written();
    pause(7 * MINUTE_MS, 1_800_000_000_000);
    await written();
    for (const key of [GAPS_KEY, CONVERSATION_GAPS_KEY]) await storage.delete(key);
    history.started("b", 1_800_000_900_000);
    await written();
    history.dispose();
    await written();
    expect(await storage.keys()).toEqual([]);
    expect(history.activityOf("a", 1_800_000_900_000).person).toEqual(new GapHistory().summary());
    expect(history.activityOf("a", 1_800_000_900_000).conversation).toBeUndefined();
  });

  it("is gone when it is forgotten, even while it was being read", async () => {
    const { storage, pause } = pauses();
    await written();
    pause(7 * MINUTE_MS);
    await written();
    const again = createHistory({ storage, timers });
    await again.forget();
    await written();
    expect(await storage.get(GAPS_KEY)).toBeNull();
    expect(again.activityOf("a", 0).person).toEqual(new GapHistory().summary());
  });
});
