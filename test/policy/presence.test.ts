import { describe, expect, it } from "vitest";
import { Presence } from "../../src/policy/index.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 10, 20, 9);

function turn(
  presence: Presence,
  id: string,
  at: number,
  promptTokens = 10_000,
  stop: "end_turn" | "tool_use" = "end_turn",
) {
  presence.started(id, at);
  presence.settled(id, at + 5_000, { stop, promptTokens });
}

describe("a person's presence", () => {
  it("counts the other conversations that did something since, and those that began since", () => {
    const presence = new Presence();
    turn(presence, "old", START - HOUR_MS);
    turn(presence, "this", START);
    expect(presence.activityOf("this", START + MINUTE_MS)).toMatchObject({ othersActive: 0, othersBegun: 0 });
    turn(presence, "old", START + MINUTE_MS);
    turn(presence, "new", START + 2 * MINUTE_MS);
    expect(presence.activityOf("this", START + 3 * MINUTE_MS)).toMatchObject({
      othersActive: 2,
      othersBegun: 1,
    });
    expect(presence.activityOf("new", START + 3 * MINUTE_MS)).toMatchObject({
      othersActive: 0,
      othersBegun: 0,
    });
  });

  it("takes a side thread's stirring for activity, and not for a turn", () => {
    const presence = new Presence();
    turn(presence, "this", START);
    presence.stirred("other", START + MINUTE_MS);
    expect(presence.activityOf("this", START + 2 * MINUTE_MS)).toMatchObject({ othersActive: 1 });
    expect(presence.person.toString()).toBe(new Presence().person.toString());
  });

  it("learns a gap when the next turn starts, by what the last one ended with", () => {
    const presence = new Presence();
    turn(presence, "this", START, 10_000, "tool_use");
    turn(presence, "this", START + 8 * MINUTE_MS);
    expect(presence.person.summary().tool_use.returned[3]).toBe(1);
    expect(presence.activityOf("this", START + 9 * MINUTE_MS).conversation?.tool_use.returned[3]).toBe(1);
  });

  it("says how much the prompt grew since the person spoke", () => {
    const presence = new Presence();
    turn(presence, "this", START, 10_000, "tool_use");
    turn(presence, "this", START + 10_000, 14_000, "tool_use");
    turn(presence, "this", START + 20_000, 15_000, "end_turn");
    expect(presence.activityOf("this", START + MINUTE_MS).grownTokens).toBe(5_000);
    turn(presence, "this", START + 2 * MINUTE_MS, 16_000, "end_turn");
    expect(presence.activityOf("this", START + 3 * MINUTE_MS).grownTokens).toBe(0);
  });

  it("takes a conversation that is closed, or idle for half a day, for ended, once", () => {
    const presence = new Presence();
    turn(presence, "closed", START);
    turn(presence, "idle", START);
    presence.closed("closed");
    presence.closed("closed");
    expect(presence.person.summary().end_turn.ended).toBe(1);
    presence.activityOf("idle", START + 11 * HOUR_MS);
    expect(presence.person.summary().end_turn.ended).toBe(1);
    for (const hours of [13, 14, 400]) presence.activityOf("idle", START + hours * HOUR_MS);
    expect(presence.person.summary().end_turn.ended).toBeCloseTo(2, 1);
  });

  it("does not count a gap twice, as an end and then as a return", () => {
    const presence = new Presence();
    turn(presence, "this", START);
    presence.activityOf("this", START + 20 * HOUR_MS);
    turn(presence, "this", START + 20 * HOUR_MS);
    const { end_turn } = presence.person.summary();
    expect(end_turn.ended).toBe(1);
    expect(end_turn.returned.every((count) => count === 0)).toBe(true);
    turn(presence, "this", START + 20 * HOUR_MS + 8 * MINUTE_MS);
    expect(presence.person.summary().end_turn.returned[3]).toBe(1);
  });

  it("knows nothing of a conversation it has never seen, but the person", () => {
    const presence = new Presence();
    expect(Object.keys(presence.activityOf("unknown", START))).toEqual(["person"]);
  });
});
