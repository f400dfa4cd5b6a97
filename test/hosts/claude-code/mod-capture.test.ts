/** The mod's capture never mistakes: what the real Claude Code told and sent, played back. */
import { describe, expect, it } from "vitest";
import { modRecording as recording } from "../support/claude-code-mod-recording.ts";
import { bodies, lastAsWarm, MINUTE_MS, setUpMod, upTo } from "./mod-world.ts";

const turns = recording("turns");

async function playedAndOn(moments: ReturnType<typeof recording>) {
  const world = await setUpMod();
  await world.play(upTo(moments, "session.start"));
  expect(await world.warm("on")).toMatch(/Warming is on/);
  await world.play(moments.slice(upTo(moments, "session.start").length));
  return world;
}

describe("of Claude Code, by its mod", () => {
  it("a warm is what it sent last, byte for byte, with its own headers and login, and reads all of it", async () => {
    const heard = upTo(turns, "turn.complete", 2);
    const { away, warms } = await playedAndOn(heard);
    await away(10 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(heard)]);
    expect(warms().map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0, 0]);
    const sent = heard.findLast((moment) => moment.kind === "sent");
    if (sent?.kind !== "sent") throw new Error("nothing was sent");
    for (const { headers } of warms()) {
      expect(headers).toMatchObject({
        "anthropic-beta": sent.event.init.headers["anthropic-beta"],
        "x-api-key": "sk-ant-api-of-a-test",
      });
      expect(Object.values(headers)).not.toContain("[redacted]");
    }
  });

  it("a tool that outlives the entry is covered, and what is warmed is the request that called it", async () => {
    const calling = turns.slice(0, turns.findIndex(({ kind }) => kind === "stepped") + 1);
    const { away, warms } = await playedAndOn(calling);
    await away(14 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(calling)]);
    expect(warms()).toHaveLength(3);
  });

  it("a summary is never warmed, nor what it has replaced", async () => {
    const compacted = upTo(turns, "classic.PostCompact");
    const { away, warms, play } = await playedAndOn(compacted);
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    const onward = upTo(turns, "turn.complete", 3);
    await play(onward.slice(compacted.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(onward)]);
  });

  it("what came before /clear is let go of, and what follows is a conversation of its own, which is off", async () => {
    const cleared = upTo(turns, "session.end");
    const { away, warms, play, host } = await playedAndOn(cleared);
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    await play(upTo(turns, "turn.complete", 4).slice(cleared.length));
    await away(6 * MINUTE_MS);
    expect(warms()).toEqual([]);
    const [after, ...others] = host()?.keeper.conversations() ?? [];
    expect(others).toEqual([]);
    expect(host()?.keeper.warmer.getState(after?.id ?? "").enabled).toBe(false);
  });

  it("of a request that was tried again, what is warmed is the one that was answered", async () => {
    const retried = upTo(recording("retries"), "turn.complete", 2);
    const { away, warms } = await playedAndOn(retried);
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(retried)]);
    expect(warms()).toHaveLength(1);
  });

  it("a title is never warmed, nor looked at", async () => {
    const moments = recording("title");
    const titled = upTo(moments, "turn.complete");
    expect(JSON.parse(titled.find((moment) => moment.kind === "sent")?.event.init.body ?? "").model).toMatch(
      /haiku/,
    );
    const { away, warms, play, host } = await playedAndOn(titled);
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(titled)]);
    const before = warms().length;
    const onward = upTo(moments, "turn.complete", 2);
    await play(onward.slice(titled.length));
    await away(5 * MINUTE_MS);
    expect(bodies(warms().slice(before))).toEqual([lastAsWarm(onward)]);
    expect(host()?.keeper.conversations()).toMatchObject([{ sideThreads: 0 }]);
  });

  it("a sub-agent's requests are never warmed, and the session's own is, while it waits for it and after", async () => {
    const moments = recording("sub-agent");
    const from = moments.findIndex(
      (moment) => moment.kind === "sent" && "x-claude-code-agent-id" in moment.event.init.headers,
    );
    const during = moments.slice(0, from + 2);
    const { away, warms, play } = await playedAndOn(during);
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(during)]);
    const before = warms().length;
    await play(moments.slice(from + 2, -1));
    await away(5 * MINUTE_MS);
    expect(bodies(warms().slice(before))).toEqual([lastAsWarm(moments)]);
  });

  it("what other mods ask, with the conversation's prefix or without, is not captured", async () => {
    const moments = recording("forks");
    const turn = upTo(moments, "turn.complete");
    expect(moments.filter(({ kind }) => kind === "sent").length).toBeGreaterThan(2);
    const { away, warms } = await playedAndOn(moments.slice(0, -1));
    await away(5 * MINUTE_MS);
    expect(bodies(warms())).toEqual([lastAsWarm(turn)]);
  });

  it("its own warms are nobody's turn", async () => {
    const { away, warms, host } = await playedAndOn(upTo(turns, "turn.complete", 2));
    await away(14 * MINUTE_MS);
    expect(warms()).toHaveLength(3);
    expect(host()?.keeper.conversations()).toMatchObject([{ sideThreads: 0 }]);
  });

  it.each([1, 2])(
    "a message thread is not warmed, whole or in part, and it says so (turn %i)",
    async (turn) => {
      const heard = upTo(recording("threads"), "turn.complete", turn);
      const { away, warms, warm } = await playedAndOn(heard);
      await away(6 * MINUTE_MS);
      expect(warms()).toEqual([]);
      expect(await warm("")).toMatch(/held by the server as a message thread/);
    },
  );
});
