import { describe, expect, it } from "vitest";
import { settled } from "../support/virtual-clock.ts";
import { COLD, HIT } from "../support/warm-service.ts";
import { ID, setUp, type WarmerUnderTest } from "../support/warmer-under-test.ts";

const MINUTE = 60_000;
const manual = { conversationId: ID, usage: HIT };

describe("a completed warm", () => {
  it("sets the percentages and when it was", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(241_000);
    await service.last().succeed({
      usage: { inputTokens: 1_000, outputTokens: 1, cacheReadTokens: 700, cacheWriteTokens: 100 },
    });
    expect(warmer.getState(ID)).toMatchObject({ lastPct: 70, lastExpectedPct: 88, lastWarmAt: clock.now() });
  });

  it("re-arms, an interval after it was sent", async () => {
    const { clock, service, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed();
    expect([clock.liveTimers(), dueInMs()]).toEqual([1, 240_000]);
  });

  it("is told in exactly one notice, which already carries the next due time", async () => {
    const { clock, service, notices, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed();
    await settled();
    expect(notices.map(({ nextWarmAt }) => nextWarmAt)).toEqual([clock.now() + 240_000]);
  });

  it("keeps on warming, one after the other", async () => {
    const { clock, service, arm } = setUp();
    service.answer = (call) => void call.succeed();
    await arm();
    await clock.pass(10 * 240_000);
    expect(service.calls).toHaveLength(10);
  });

  it("does not count as a turn: the context and the person's last turn stay", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm(ID, { cwd: "/project", stopReason: "end_turn" });
    await clock.pass(240_000);
    await service.last().succeed();
    expect(warmer.getState(ID).active).toBe(false);
    expect(warmer.getContext(ID)).toEqual({ cwd: "/project", stopReason: "end_turn" });
  });

  it("told twice does not push its own window: the second is dropped", async () => {
    const { warmer, clock, service, notices, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    const { warmId = "" } = service.last().options;
    await service.last().succeed();
    await clock.pass(10_000);
    notices.length = 0;
    warmer.onWarmCompleted({ ...manual, warmId });
    expect([dueInMs(), notices]).toEqual([230_000, []]);
  });

  it("whose event comes only after the promise has resolved re-arms all the same", async () => {
    const { clock, service, notices, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ event: "after" });
    expect([dueInMs(), notices.length]).toEqual([240_000, 1]);
  });

  it("of which only the promise tells is not taken for one: completion is the event alone", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ event: "none" });
    await settled();
    expect([warmer.getState(ID).lastWarmAt, clock.liveTimers()]).toEqual([null, 0]);
  });

  it("and then the status says what it waits for", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ event: "none" });
    await settled();
    expect(warmer.getStatus(ID).why).toContain("has not reported");
  });
});

describe("a completion without usage", () => {
  const unusable = [
    ["missing", undefined],
    ["null", null],
    ["empty", {}],
    ["no figures", { inputTokens: "many", cacheReadTokens: Number.NaN }],
  ] as const;

  it.each(unusable)("(%s) is dropped, logged, and said to have come without it", async (_, usage) => {
    const { warmer, clock, service, logger, notices, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    notices.length = 0;
    warmer.onWarmCompleted({ conversationId: ID, usage } as never);
    service.last().resolve({});
    await clock.pass(3_600_000);
    expect(warmer.getState(ID)).toMatchObject({ lastPct: null, lastWarmAt: null, nextWarmAt: null });
    expect(warmer.getStatus(ID).why).toContain("reported no usage");
    expect([service.calls.length, clock.liveTimers(), notices.length]).toEqual([1, 0, 1]);
    expect(logger.at("warn")).toMatchObject([{ attributes: { conversationId: ID } }]);
  });

  const bare = { conversationId: ID } as never;

  it.each(["before", "after"])(
    "told %s the promise has reported our warm all the same: what comes next is a manual one's",
    async (when) => {
      const { warmer, clock, service, arm, dueInMs } = setUp();
      await arm();
      await clock.pass(240_000);
      if (when === "before") warmer.onWarmCompleted(bare);
      service.last().resolve({});
      await settled();
      if (when === "after") warmer.onWarmCompleted(bare);
      await clock.pass(30_000);
      warmer.onWarmCompleted(manual);
      expect(warmer.getStatus(ID)).toEqual({ phase: "idle", why: null });
      // As for an entry that lives from this one's report, not from when ours went out.
      expect(dueInMs()).toBe(240_000);
    },
  );

  it("makes our warm's failure afterwards nothing to retry for", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onWarmCompleted(bare);
    service.last().reject(new Error("reset"));
    await settled();
    expect(clock.liveTimers()).toBe(0);
  });

  it("of a manual warm leaves our due time alone", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(100_000);
    warmer.onWarmCompleted(bare);
    expect([dueInMs(), warmer.getStatus(ID).why]).toEqual([
      140_000,
      "The host reported no usage for the last warm: what it found is not known.",
    ]);
  });

  it("of a conversation nobody has mentioned leaves no record", () => {
    const { warmer } = setUp();
    warmer.onWarmCompleted(bare);
    expect(warmer.conversations()).toEqual([]);
  });

  it("of an overtaken warm is dropped as that, silently", async () => {
    const { warmer, clock, logger, notices, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    notices.length = 0;
    warmer.onWarmCompleted(bare);
    warmer.onWarmCompleted(manual);
    expect([warmer.getState(ID).lastPct, logger.at("warn"), notices.length]).toEqual([99, [], 1]);
  });

  it("is forgotten with the next turn", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onWarmCompleted(bare);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect([clock.liveTimers(), warmer.getStatus(ID).why]).toEqual([1, null]);
  });
});

describe("a warm that read only part of the prefix", () => {
  const partial = { inputTokens: 1_000, outputTokens: 0, cacheReadTokens: 700, cacheWriteTokens: 300 };
  const why = "The last warm read 70 % of the prefix and wrote the rest.";

  it("re-arms, and says so while it counts down", async () => {
    const { warmer, clock, service, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ usage: partial });
    expect([warmer.getStatus(ID), dueInMs()]).toEqual([{ phase: "idle", why }, 240_000]);
  });

  it.each([
    [990, 10, null],
    [989, 11, "The last warm read 99 % of the prefix and wrote the rest."],
    [501, 499, "The last warm read 50 % of the prefix and wrote the rest."],
  ])("is one that read %i and wrote %i: %s", async (cacheReadTokens, cacheWriteTokens, expected) => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onWarmCompleted({ ...manual, usage: { ...partial, cacheReadTokens, cacheWriteTokens } });
    expect(warmer.getStatus(ID).why).toBe(expected);
  });

  it("says nothing of it once a later warm read it all", async () => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onWarmCompleted({ ...manual, usage: partial });
    warmer.onWarmCompleted(manual);
    expect(warmer.getStatus(ID).why).toBeNull();
  });

  it.each([
    ["starts", ({ warmer }: WarmerUnderTest) => warmer.onTurnStarted(ID)],
    ["settles", ({ warmer }: WarmerUnderTest) => warmer.onTurnSettled(ID, {})],
  ])("says nothing of it once a turn %s", async (_, turn) => {
    const world = setUp();
    await world.arm();
    world.warmer.onWarmCompleted({ ...manual, usage: partial });
    turn(world);
    expect(world.warmer.getStatus(ID).why).toBeNull();
  });

  it("says what is in the way instead, while something is", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    warmer.onWarmCompleted({ ...manual, usage: partial });
    await clock.pass(240_000);
    service.last().resolve({ error: "overloaded", status: 529 });
    await settled();
    expect(warmer.getStatus(ID).why).toContain("overloaded");
  });
});

describe("a completion without ids", () => {
  it("re-arms at now + interval", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(8_000);
    warmer.onWarmCompleted(manual);
    expect(dueInMs()).toBe(240_000);
  });

  it("re-arms at now + interval while our warm is in flight, too", async () => {
    const { clock, service, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    await clock.pass(3_000);
    await service.last().succeed({ ids: false });
    expect(dueInMs()).toBe(240_000);
  });

  it("does not extend the life of an entry that our warm may have used earlier", async () => {
    const { clock, service, arm, dueInMs } = setUp();
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 60 * MINUTE });
    await clock.pass(58 * MINUTE);
    await clock.pass(MINUTE);
    await service.last().succeed({ ids: false });
    expect(dueInMs()).toBe(57 * MINUTE + 50_000 - 70_000);
  });

  it("that comes when our answered warm must long have lapsed is a manual one's", async () => {
    const { warmer, clock, service, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ event: "none" });
    await settled();
    await clock.pass(400_000);
    warmer.onWarmCompleted(manual);
    expect(dueInMs()).toBe(240_000);
  });
});

describe("a manual warm", () => {
  it("resets the timer and redraws the surface, once", async () => {
    const { warmer, clock, notices, arm } = setUp();
    await arm();
    await clock.pass(100_000);
    warmer.onWarmCompleted({ ...manual, warmId: "by-hand", startedAt: clock.now() });
    expect([clock.liveTimers(), notices.length]).toEqual([1, 1]);
  });

  it("of a conversation that is off sets the percentages and arms nothing", async () => {
    const { warmer, clock } = setUp();
    warmer.onTurnSettled(ID, {});
    warmer.onWarmCompleted(manual);
    expect([warmer.getState(ID).lastPct, clock.liveTimers()]).toEqual([99, 0]);
  });

  it("during our own does not void our own", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onWarmCompleted({ ...manual, warmId: "by-hand", startedAt: clock.now() });
    const usage = { ...HIT, cacheReadTokens: 500 };
    await service.last().succeed({ usage });
    expect(warmer.getState(ID).lastPct).toBe(50);
  });

  it("during our own makes our own's failure nothing to retry for", async () => {
    const { warmer, clock, service, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    await clock.pass(1_000);
    warmer.onWarmCompleted({ ...manual, warmId: "by-hand", startedAt: clock.now() });
    service.last().reject(new Error("reset"));
    await settled();
    expect(dueInMs()).toBe(240_000);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "that claims to have started at %d counts from now",
    async (startedAt) => {
      const { warmer, clock, arm, dueInMs } = setUp();
      await arm();
      await clock.pass(100_000);
      warmer.onWarmCompleted({ ...manual, startedAt });
      expect(dueInMs()).toBe(240_000);
    },
  );

  it("that started before the last use does not shorten the entry's life", async () => {
    const { warmer, clock, dueInMs } = setUp();
    await warmer.setEnabled(ID, true);
    warmer.onTurnSettled(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    warmer.onWarmCompleted({ ...manual, warmId: "by-hand", startedAt: clock.now() - 100_000 });
    expect([warmer.getState(ID).lastPct, dueInMs()]).toEqual([99, 280_000]);
  });

  it("of a conversation that lapsed makes it worth keeping again", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    clock.sleep(3_600_000);
    await clock.pass(240_000);
    warmer.onWarmCompleted(manual);
    expect([clock.liveTimers(), warmer.getStatus(ID)]).toEqual([1, { phase: "idle", why: null }]);
  });
});

describe("a completion is dropped silently", () => {
  it("while a turn is active", async () => {
    const { warmer, notices, arm } = setUp();
    await arm();
    warmer.onTurnStarted(ID);
    notices.length = 0;
    warmer.onWarmCompleted(manual);
    expect(warmer.getState(ID)).toMatchObject({ lastPct: null, lastWarmAt: null, nextWarmAt: null });
    expect(notices).toEqual([]);
  });

  it.each([
    ["with its id, before its promise resolves", { ids: true, event: "before" }],
    ["with its id, after its promise resolves", { ids: true, event: "after" }],
    ["without ids, before its promise resolves", { ids: false, event: "before" }],
    ["without ids, after its promise resolves", { ids: false, event: "after" }],
  ] as const)("when it belongs to a warm that a turn has overtaken, told %s", async (_, how) => {
    const { warmer, clock, service, notices, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await clock.pass(5_000);
    notices.length = 0;
    await service.last().succeed(how);
    expect([warmer.getState(ID).lastPct, dueInMs(), notices]).toEqual([null, 235_000, []]);
  });

  it("when it answers a warm that landed before the turn that overtook it", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ event: "none" });
    await settled();
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    warmer.onWarmCompleted(manual);
    expect(warmer.getState(ID).lastPct).toBeNull();
  });

  it("but only once: the manual warm after it counts", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await service.last().succeed({ ids: false });
    warmer.onWarmCompleted(manual);
    expect(warmer.getState(ID).lastPct).toBe(99);
  });

  it("when it bears an id of ours that is not the current one", async () => {
    const { warmer, clock, service, arm, notices } = setUp();
    await arm();
    await clock.pass(240_000);
    const { warmId = "" } = service.last().options;
    await service.last().succeed();
    await clock.pass(240_000);
    notices.length = 0;
    warmer.onWarmCompleted({ ...manual, warmId });
    expect(notices).toEqual([]);
  });

  it("when it started before the turn did", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    const startedAt = clock.now();
    await clock.pass(1_000);
    warmer.onTurnStarted(ID);
    await clock.pass(1_000);
    warmer.onTurnSettled(ID, {});
    warmer.onWarmCompleted({ ...manual, startedAt });
    expect(warmer.getState(ID).lastPct).toBeNull();
  });

  it("but not because the wall clock was set back since the turn", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    clock.setWall(-3_600_000);
    await clock.pass(1_000);
    warmer.onWarmCompleted({ ...manual, startedAt: clock.now() });
    expect(warmer.getState(ID).lastPct).toBe(99);
  });

  it("when its prefix was invalidated while it was on its way back", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    const { warmId = "" } = service.last().options;
    await service.last().succeed({ event: "none" });
    await settled();
    warmer.onConversationChanged(ID, { invalidated: "compacted" });
    warmer.onWarmCompleted({ ...manual, warmId });
    expect([warmer.getState(ID).lastPct, clock.liveTimers()]).toEqual([null, 0]);
  });

  it("once the warmer is disposed of", async () => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.dispose();
    warmer.onWarmCompleted(manual);
    expect([warmer.conversations(), warmer.getState(ID).lastPct]).toEqual([[], null]);
  });
});

describe("a warm that completes after warming was switched off", () => {
  it("still shows its percentages, and no due time", async () => {
    const { warmer, clock, service, notices, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await warmer.setEnabled(ID, false);
    notices.length = 0;
    await service.last().succeed();
    expect(warmer.getState(ID)).toMatchObject({ lastPct: 99, nextWarmAt: null });
    expect(notices).toMatchObject([{ nextWarmAt: null }]);
    expect(clock.liveTimers()).toBe(0);
  });
});

describe("a cold warm", () => {
  it("re-arms nothing", async () => {
    const { clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ usage: COLD });
    await clock.pass(3_600_000);
    expect([clock.liveTimers(), service.calls.length]).toEqual([0, 1]);
  });

  it("says what it found", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ usage: COLD });
    expect(warmer.getStatus(ID)).toMatchObject({ phase: "stopped" });
    expect(warmer.getStatus(ID).why).toContain("wrote 990 tokens and read 0");
  });

  it.each([
    [COLD, "found the cache cold (tools_changed): it wrote 990 tokens"],
    [{ ...COLD, cacheWriteTokens: 0 }, "neither read nor wrote the cache (tools_changed)"],
  ])("says why, where the API told", async (usage, expected) => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onWarmCompleted({ ...manual, usage, missReason: "tools_changed" });
    expect(warmer.getStatus(ID).why).toContain(expected);
  });

  it.each(["", null, { type: "tools_changed" }])("takes %o for no reason told", async (missReason) => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onWarmCompleted({ ...manual, usage: COLD, missReason: missReason as never });
    expect(warmer.getStatus(ID).why).toContain("found the cache cold: it wrote");
  });

  it("still shows its percentages, in one notice", async () => {
    const { warmer, clock, service, notices, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ usage: COLD });
    expect(warmer.getState(ID)).toMatchObject({ lastPct: 0, lastExpectedPct: 0 });
    expect(notices).toHaveLength(1);
  });

  it.each([
    ["wrote as much as it read", 500, 500, 0],
    ["neither wrote nor read", 0, 0, 0],
    ["wrote more than it read", 400, 500, 0],
    ["wrote less than it read", 500, 499, 1],
    ["only read", 500, 0, 1],
  ])("is one that %s: timers left %#", async (_, cacheReadTokens, cacheWriteTokens, timers) => {
    const { clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service
      .last()
      .succeed({ usage: { inputTokens: 1_000, outputTokens: 0, cacheReadTokens, cacheWriteTokens } });
    expect(clock.liveTimers()).toBe(timers);
  });

  it("is not one whose usage says nothing of the cache", async () => {
    const { clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({
      usage: {
        inputTokens: 1_000,
        outputTokens: 0,
        cacheReadTokens: Number.NaN,
        cacheWriteTokens: Number.NaN,
      },
    });
    expect(clock.liveTimers()).toBe(1);
  });

  it("stops for good until the next real turn, which starts afresh", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await service.last().succeed({ usage: COLD });
    await warmer.setEnabled(ID, true);
    expect(clock.liveTimers()).toBe(0);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect([clock.liveTimers(), warmer.getStatus(ID)]).toEqual([1, { phase: "idle", why: null }]);
  });

  it("of one conversation stops no other", async () => {
    const { clock, service, arm } = setUp();
    await arm("a");
    await arm("b");
    service.answer = (call) => void call.succeed({ usage: call.conversationId === "a" ? COLD : HIT });
    await clock.pass(3 * 240_000);
    expect(service.calls.map(({ conversationId }) => conversationId)).toEqual(["a", "b", "b", "b"]);
  });
});
