/** Settings, terminals and the end of a session. */
import { describe, expect, it } from "vitest";
import { askedIn, MINUTE_MS, newSessions, recording, SESSION, setUp } from "./world.ts";

const turns = recording("turns");
const AWAY_MS = 5 * MINUTE_MS;
const ended = (type: string, time: object = {}) => ({
  event: { type, properties: { info: { id: SESSION, time } } },
});

describe("a session's setting", () => {
  it("is kept in OpenCode's own storage, beside what others keep there, and outlives a process that was killed", async () => {
    const sessions = newSessions();
    sessions.set(SESSION, { id: SESSION, metadata: { theirs: 1 } });
    const first = await setUp({ sessions });
    expect(await first.warm("2h")).toMatch(/^Warming is on \(2h\)/);
    expect(sessions.get(SESSION)?.metadata).toMatchObject({
      theirs: 1,
      keepwarm: { enabled: true, keepWarm: "2h" },
    });
    const second = await setUp({ sessions });
    await second.play(turns);
    await second.away(AWAY_MS);
    expect(second.warms()).toHaveLength(1);
  });

  it("goes with the session: what was deleted is not warmed, and not written again", async () => {
    const { hooks, play, warm, away, warms, sessions } = await setUp();
    await warm("on");
    await play(turns);
    sessions.delete(SESSION);
    await hooks.event?.(ended("session.deleted"));
    await away(AWAY_MS);
    expect(warms()).toEqual([]);
    expect(sessions.size).toBe(0);
  });

  it("is off, and remembered as off, when its person archives it", async () => {
    const { hooks, play, warm, away, warms, sessions } = await setUp();
    await warm("on");
    await play(turns);
    for (let told = 0; told < 2; told++) await hooks.event?.(ended("session.updated", { archived: 1 }));
    await away(AWAY_MS);
    expect(warms()).toEqual([]);
    expect(sessions.get(SESSION)?.metadata).toMatchObject({ keepwarm: { enabled: false } });
  });

  it("off stops it at once", async () => {
    const { play, warm, away, warms } = await setUp();
    await warm("on");
    await play(turns);
    await away(AWAY_MS);
    expect(warms()).toHaveLength(1);
    expect(await warm("off")).toMatch(/^Warming is off/);
    await away(4 * AWAY_MS);
    expect(warms()).toHaveLength(1);
  });
});

describe("an OpenCode that ends", () => {
  it("waits for nothing of keepwarm's, not even for a warm that is on its way", async () => {
    const { hooks, play, warm, clock } = await setUp();
    await warm("on");
    await play(turns);
    // Due, and sent; nobody waits for its answer.
    await clock.pass(AWAY_MS);
    const before = performance.now();
    await hooks.dispose?.();
    expect(performance.now() - before).toBeLessThan(50);
  });
});

describe("terminals", () => {
  it("are told nothing as long as none of them asks", async () => {
    const { play, away, told } = await setUp({ env: { KEEPWARM_ENABLE_NEW: "true" } });
    await play(turns);
    await away(AWAY_MS);
    expect(told).toEqual([]);
  });

  it("are told of what changes once they asked, and of answers to whoever asked", async () => {
    const { play, say, warm, told } = await setUp();
    await say({ kind: "look", session: SESSION });
    expect(told).toMatchObject([
      { kind: "stands", session: SESSION, standing: { state: { enabled: false } } },
    ]);
    expect(await warm("nonsense")).toMatch(/^There is no "nonsense" here/);
    await warm("on");
    await play(turns);
    await say({ kind: "present", session: SESSION, present: true });
    const last = told.findLast(({ kind }) => kind === "stands");
    expect(last).toMatchObject({ standing: { state: { enabled: true, nextWarmAt: expect.any(Number) } } });
    expect(JSON.stringify(told)).not.toMatch(/One\.|sk-ant/);
  });
});

describe("a terminal that asks for what takes a while", () => {
  it("is told at once how the conversation stands, and so that somebody is at it", async () => {
    const never = new Promise<string>(() => {});
    const { say, told } = await setUp({
      createHost: (make) => (options) => ({ ...make(options), command: () => never }),
    });
    await say({ kind: "do", session: SESSION, text: "now", id: "1" });
    expect(told).toMatchObject([{ kind: "stands", session: SESSION }]);
  });
});

describe("two projects in one process", () => {
  it("keep each its own, and the last one gives back the process's fetch", async () => {
    const before = globalThis.fetch;
    const [one, two] = [await setUp(), await setUp()];
    await one.warm("on");
    await one.play(turns);
    expect(globalThis.fetch).not.toBe(before);
    await one.away(AWAY_MS);
    await two.away(AWAY_MS);
    expect(one.warms().map(askedIn)).toHaveLength(1);
    expect(two.warms()).toEqual([]);
    await one.hooks.dispose?.();
    await two.hooks.dispose?.();
    expect(globalThis.fetch).toBe(before);
    await one.away(AWAY_MS);
    expect(one.warms()).toHaveLength(1);
  });

  it("stay harmless beneath a fetch that another plugin has put above", async () => {
    const before = globalThis.fetch;
    const { hooks, play, send, headersFor } = await setUp();
    await play(turns.slice(0, 8));
    const tag = await headersFor({ sessionID: SESSION, agent: "build", model: { providerID: "anthropic" } });
    const ours = globalThis.fetch;
    globalThis.fetch = (input, init) => ours(input, init);
    await hooks.dispose?.();
    const [sent] = turns.filter(({ kind }) => kind === "sent");
    expect(await send(sent?.kind === "sent" ? sent.body : "", tag)).toBe(200);
    globalThis.fetch = before;
  });
});
