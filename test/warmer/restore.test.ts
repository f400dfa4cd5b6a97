import { describe, expect, it } from "vitest";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { createVirtualClock, settled } from "../support/virtual-clock.ts";
import { HIT } from "../support/warm-service.ts";
import { ID, sequence, setUp } from "../support/warmer-under-test.ts";

const MINUTE = 60_000;

/** A fresh warmer over a storage in which these conversations are on. */
function restarted(ids: readonly string[] = [ID], random = () => 0) {
  const clock = createVirtualClock();
  const entries = new Map(ids.map((id) => [`settings:${id}`, '{"enabled":true,"intervalMs":240000}']));
  return setUp({ clock, random, storage: createMemoryStorage(clock, entries) });
}

describe("after a restart", () => {
  it("re-arms an enabled conversation whose prefix is still alive", async () => {
    const { warmer, clock, dueInMs } = restarted();
    await warmer.restore([{ conversationId: ID, requestStartedAt: clock.now() - MINUTE, ttlMs: 5 * MINUTE }]);
    expect([clock.liveTimers(), dueInMs()]).toEqual([1, 220_000]);
  });

  it("counts from the settle where the request's start is not known", async () => {
    const { warmer, clock, dueInMs } = restarted();
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() - MINUTE }]);
    expect(dueInMs()).toBe(180_000);
  });

  it("hands the remembered context to the warm", async () => {
    const { warmer, clock, service } = restarted();
    await warmer.restore([{ conversationId: ID, settledAt: clock.now(), cwd: "/project" }]);
    await clock.pass(240_000);
    expect(service.last().options).toMatchObject({ cwd: "/project" });
  });

  it("sends nothing for a prefix that lapsed meanwhile, and says so", async () => {
    const { warmer, clock, service } = restarted();
    await warmer.restore([
      { conversationId: ID, requestStartedAt: clock.now() - 6 * MINUTE, ttlMs: 5 * MINUTE },
    ]);
    await clock.pass(60 * MINUTE);
    expect([clock.liveTimers(), service.calls.length, warmer.getStatus(ID).phase]).toEqual([0, 0, "lapsed"]);
  });

  it("arms nothing for a conversation that the host does not know", async () => {
    const { warmer, clock } = restarted();
    await warmer.restore();
    expect([clock.liveTimers(), warmer.getState(ID)]).toMatchObject([0, { enabled: true, nextWarmAt: null }]);
  });

  it("arms nothing for a conversation that is off, but knows its prefix when it is switched on", async () => {
    const { warmer, storage, clock } = restarted();
    storage.entries.set(`settings:${ID}`, '{"enabled":false}');
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    expect(clock.liveTimers()).toBe(0);
    await warmer.setEnabled(ID, true);
    expect(clock.liveTimers()).toBe(1);
  });

  it.each([[null], [undefined], ["turn"], [{}], [{ conversationId: 7 }]])(
    "skips %o, which is no turn, and takes the ones around it",
    async (garbage) => {
      const { warmer, clock, logger } = restarted(["a", "b"]);
      const turn = (conversationId: string) => ({ conversationId, settledAt: clock.now() });
      await warmer.restore([turn("a"), garbage as never, turn("b")]);
      expect([warmer.conversations(), clock.liveTimers()]).toEqual([["a", "b"], 2]);
      expect(logger.at("warn")).toHaveLength(1);
    },
  );

  it("keeps out of memory what is off and unknown to the host", async () => {
    const { warmer, storage } = restarted(["on"]);
    storage.entries.set("settings:off", '{"enabled":false}');
    storage.entries.set("unrelated", "x");
    await warmer.restore();
    expect(warmer.conversations()).toEqual(["on"]);
  });

  it.each([
    ["no time at all", {}],
    ["a NaN settle", { settledAt: Number.NaN }],
    ["a NaN start", { requestStartedAt: Number.NaN }],
  ])("arms nothing for a turn with %s: it may have lapsed", async (_, times) => {
    const { warmer, clock } = restarted();
    await warmer.restore([{ conversationId: ID, ...times }]);
    expect(clock.liveTimers()).toBe(0);
  });

  it("spreads what is overdue, so that many conversations are no burst", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `c${index}`);
    const { warmer, clock } = restarted(ids, sequence(0.0487));
    await warmer.restore(
      ids.map((conversationId) => ({
        conversationId,
        requestStartedAt: clock.now() - 285_000,
        ttlMs: 5 * MINUTE,
      })),
    );
    const dues = ids.map((id) => warmer.getState(id).nextWarmAt ?? 0);
    expect(new Set(dues).size).toBeGreaterThan(15);
    expect(Math.min(...dues)).toBeGreaterThanOrEqual(clock.now());
    expect(Math.max(...dues)).toBeLessThan(clock.now() + 15_000);
  });

  it("spreads what is overdue where only the settle is known, too", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `c${index}`);
    const { warmer, clock } = restarted(ids, sequence(0.0487));
    await warmer.restore(ids.map((conversationId) => ({ conversationId, settledAt: clock.now() - 250_000 })));
    expect(new Set(ids.map((id) => warmer.getState(id).nextWarmAt)).size).toBeGreaterThan(15);
  });

  it("tells of each conversation once", async () => {
    const { warmer, clock, notices } = restarted();
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    await settled();
    expect(notices).toMatchObject([{ enabled: true, nextWarmAt: clock.now() + 240_000 }]);
  });

  it("arms one that a focused surface had already loaded", async () => {
    const { warmer, clock } = restarted();
    await warmer.load(ID);
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    expect(clock.liveTimers()).toBe(1);
  });
});

describe("what happens live is newer than what was remembered", () => {
  it("a turn that is active stays active", async () => {
    const { warmer, clock } = restarted();
    warmer.onTurnStarted(ID);
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    expect([warmer.getState(ID).active, clock.liveTimers()]).toEqual([true, 0]);
  });

  it("a turn that has settled keeps its due time", async () => {
    const { warmer, clock, dueInMs } = restarted();
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() - 200_000 }]);
    expect([clock.liveTimers(), dueInMs()]).toEqual([1, 240_000]);
  });

  it("a turn that starts while the storage is read is not warmed", async () => {
    const { warmer, storage, clock } = restarted();
    storage.delayMs = () => 1_000;
    const restored = warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    await clock.pass(500);
    warmer.onTurnStarted(ID);
    await clock.pass(5_000);
    await restored;
    expect(clock.liveTimers()).toBe(0);
  });

  it("a warm in flight gets no timer beside it", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await warmer.restore();
    expect(clock.liveTimers()).toBe(0);
  });

  it("a manual warm's figures stay", async () => {
    const { warmer } = setUp();
    warmer.onWarmCompleted({ conversationId: ID, usage: HIT });
    await warmer.restore();
    expect(warmer.getState(ID).lastPct).toBe(99);
  });

  it("a command under way is not lost from memory", async () => {
    const { warmer, storage, clock } = setUp();
    await warmer.load(ID);
    storage.delayMs = () => 1_000;
    const on = warmer.setEnabled(ID, true);
    const restored = warmer.restore();
    await clock.pass(10_000);
    await Promise.all([on, restored]);
    expect(warmer.getState(ID).enabled).toBe(true);
  });

  it("a close under way is not undone", async () => {
    const { warmer, storage, clock } = restarted();
    storage.delayMs = () => 1_000;
    const closed = warmer.onConversationClosed(ID);
    const restored = warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    await clock.pass(20_000);
    await Promise.all([closed, restored]);
    expect([warmer.getState(ID).enabled, clock.liveTimers()]).toEqual([false, 0]);
  });
});

describe("a storage that fails at restart", () => {
  it("on keys is logged, and what the host told is still armed", async () => {
    const { warmer, storage, logger, clock } = restarted();
    storage.fails = (verb) => verb === "keys";
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    expect([clock.liveTimers(), logger.at("error").length]).toEqual([1, 1]);
  });

  it("on one conversation's settings keeps no other from being restored", async () => {
    const { warmer, storage, clock } = restarted(["a", "b"]);
    storage.fails = (verb, key) => verb === "get" && key === "settings:a";
    await warmer.restore(["a", "b"].map((conversationId) => ({ conversationId, settledAt: clock.now() })));
    expect([warmer.getState("a").nextWarmAt, clock.liveTimers()]).toEqual([null, 1]);
  });

  it("on a conversation that nobody mentioned is logged, not thrown", async () => {
    const { warmer, storage, logger } = restarted();
    storage.fails = (verb) => verb === "get";
    await warmer.restore();
    expect(logger.at("error")).toHaveLength(1);
  });
});
