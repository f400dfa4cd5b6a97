import { describe, expect, it } from "vitest";
import { settled } from "../support/virtual-clock.ts";
import { HIT, honourAbort } from "../support/warm-service.ts";
import { ID, setUp, type WarmerUnderTest } from "../support/warmer-under-test.ts";

describe("a conversation that its person closes", () => {
  it("is off and disarmed before the first await", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    void warmer.onConversationClosed(ID);
    expect([warmer.getState(ID).enabled, warmer.getState(ID).nextWarmAt, clock.liveTimers()]).toEqual([
      false,
      null,
      0,
    ]);
  });

  it("is told in one notice, sent before the first await", async () => {
    const { warmer, notices, arm } = setUp();
    await arm();
    const closed = warmer.onConversationClosed(ID);
    expect(notices).toMatchObject([{ enabled: false, nextWarmAt: null }]);
    await closed;
    await settled();
    expect(notices).toHaveLength(1);
  });

  it("is remembered as off, with its interval kept", async () => {
    const { warmer, storage, arm } = setUp();
    await arm();
    await warmer.setIntervalMs(ID, 30_000);
    await warmer.onConversationClosed(ID);
    expect(storage.entries.get(`settings:${ID}`)).toBe('{"enabled":false,"intervalMs":30000}');
  });

  it("is remembered as off though this warmer never loaded it, with its interval kept", async () => {
    const { warmer, storage } = setUp();
    storage.entries.set(`settings:${ID}`, '{"enabled":true,"intervalMs":30000}');
    await warmer.onConversationClosed(ID);
    expect(storage.settings(ID)).toEqual({ enabled: false, intervalMs: 30_000 });
  });

  it("is out of memory once that is stored", async () => {
    const { warmer, arm } = setUp();
    await arm();
    await warmer.onConversationClosed(ID);
    expect([warmer.conversations(), warmer.getContext(ID)]).toEqual([[], {}]);
  });

  it("reports off afterwards", async () => {
    const { warmer, arm } = setUp();
    await arm();
    await warmer.onConversationClosed(ID);
    expect(warmer.getState(ID)).toMatchObject({ enabled: false, nextWarmAt: null });
  });

  it("is never warmed again", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await warmer.onConversationClosed(ID);
    clock.flush();
    await clock.pass(3_600_000);
    expect(service.calls).toHaveLength(0);
  });

  it("is not re-armed by a turn that settles while the close is under way", async () => {
    const { warmer, storage, clock } = setUp();
    await warmer.setEnabled(ID, true);
    warmer.onTurnStarted(ID);
    storage.delayMs = () => 1_000;
    const closed = warmer.onConversationClosed(ID);
    warmer.onTurnSettled(ID, {});
    expect([warmer.getState(ID).enabled, warmer.getState(ID).nextWarmAt]).toEqual([false, null]);
    await clock.pass(10_000);
    await closed;
    expect(clock.liveTimers()).toBe(0);
  });

  it("is not re-armed by a turn that settles after the close", async () => {
    const { warmer, clock } = setUp();
    await warmer.setEnabled(ID, true);
    warmer.onTurnStarted(ID);
    await warmer.onConversationClosed(ID);
    warmer.onTurnSettled(ID, {});
    await settled();
    expect([warmer.getState(ID).enabled, clock.liveTimers()]).toEqual([false, 0]);
  });

  it("has its warm in flight aborted, and the answer dropped", async () => {
    const { warmer, clock, service, notices, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await warmer.onConversationClosed(ID);
    notices.length = 0;
    expect(service.last().aborted).toBe(true);
    await service.last().succeed();
    expect([warmer.conversations(), notices]).toEqual([[], []]);
  });

  it("is not tried again when the aborted warm fails", async () => {
    const { warmer, clock, service, arm } = setUp();
    service.answer = honourAbort;
    await arm();
    await clock.pass(240_000);
    await warmer.onConversationClosed(ID);
    await clock.pass(600_000);
    expect([service.calls.length, clock.liveTimers()]).toEqual([1, 0]);
  });

  it("opened again while the old warm hangs still has one warm in flight at most", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await warmer.onConversationClosed(ID);
    await arm();
    await clock.pass(240_000);
    expect(service.calls).toHaveLength(1);
  });

  it("stays in memory when it is opened again before the close is stored", async () => {
    const { warmer, storage, clock } = setUp();
    storage.delayMs = () => 1_000;
    const closed = warmer.onConversationClosed(ID);
    warmer.onTurnStarted(ID);
    await clock.pass(5_000);
    await closed;
    expect([warmer.conversations(), warmer.getState(ID)]).toMatchObject([
      [ID],
      { active: true, enabled: false },
    ]);
  });

  it("never rejects, and stays off in memory, when that cannot be stored", async () => {
    const { warmer, storage, logger, arm } = setUp();
    await arm();
    storage.fails = (verb) => verb === "set";
    await warmer.onConversationClosed(ID);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await settled();
    expect(warmer.getState(ID)).toMatchObject({ enabled: false, nextWarmAt: null });
    expect(logger.at("error")).toHaveLength(1);
  });

  it("says on the surface that it could not be stored", async () => {
    const { warmer, storage, notices, arm } = setUp();
    await arm();
    storage.fails = (verb) => verb === "set";
    await warmer.onConversationClosed(ID);
    expect(warmer.getStatus(ID).why).toContain("could not be stored (disk full at set)");
    expect(notices).toHaveLength(2);
  });

  it("closes no other", async () => {
    const { warmer, clock, arm } = setUp();
    await arm("a");
    await arm("b");
    await warmer.onConversationClosed("a");
    expect([clock.liveTimers(), warmer.getState("b").enabled]).toEqual([1, true]);
  });
});

const manual = { conversationId: ID, usage: HIT };

describe.each([
  ["closed", (world: WarmerUnderTest, id = ID) => world.warmer.onConversationClosed(id)],
  ["detached", async (world: WarmerUnderTest, id = ID) => world.warmer.onConversationDetached(id)],
] as const)("what comes late of a conversation that is %s", (_, letGo) => {
  it("leaves no record when it is a turn that settles", async () => {
    const world = setUp();
    await world.warmer.setEnabled(ID, true);
    world.warmer.onTurnStarted(ID);
    await letGo(world);
    world.notices.length = 0;
    world.warmer.onTurnSettled(ID, {});
    await settled();
    expect([world.warmer.conversations(), world.notices]).toEqual([[], []]);
  });

  it.each([
    ["while its warm hangs", () => {}],
    ["after its warm was answered", (world: WarmerUnderTest) => world.service.last().resolve({})],
  ])("leaves no record when it is a warm reported without an id, %s", async (_when, answer) => {
    const world = setUp();
    await world.arm();
    await world.clock.pass(240_000);
    await letGo(world);
    answer(world);
    await settled();
    world.notices.length = 0;
    world.warmer.onWarmCompleted(manual);
    expect([world.warmer.conversations(), world.notices]).toEqual([[], []]);
  });

  it("voids its warm in flight all the same, so that the next manual one counts", async () => {
    const world = setUp();
    await world.arm();
    await world.clock.pass(240_000);
    await letGo(world);
    world.warmer.onWarmCompleted(manual);
    world.warmer.onTurnStarted(ID);
    world.warmer.onTurnSettled(ID, {});
    world.warmer.onWarmCompleted(manual);
    expect(world.warmer.getState(ID).lastPct).toBe(99);
  });

  it.each([
    ["turn that starts", ({ warmer }: WarmerUnderTest) => warmer.onTurnStarted(ID)],
    ["switch", ({ warmer }: WarmerUnderTest) => warmer.setEnabled(ID, true)],
    ["switch of what is new", ({ warmer }: WarmerUnderTest) => warmer.enableIfNew(ID)],
    ["change of the interval", ({ warmer }: WarmerUnderTest) => warmer.setIntervalMs(ID, 30_000)],
    [
      "turn that is remembered",
      ({ warmer, clock }: WarmerUnderTest) =>
        warmer.restore([{ conversationId: ID, settledAt: clock.now() - 1_000 }]),
    ],
  ])("counts again after a %s", async (_what, comeBack) => {
    const world = setUp();
    await world.arm();
    await letGo(world);
    await comeBack(world);
    world.warmer.onTurnSettled(ID, { cwd: "/project" });
    expect(world.warmer.getContext(ID)).toEqual({ cwd: "/project" });
  });

  it("shows its stored settings to a surface that still asks for it, and stays let go of", async () => {
    const world = setUp();
    const { warmer, clock, service } = world;
    await world.arm();
    await warmer.setIntervalMs(ID, 30_000);
    warmer.onConversationDetached(ID);
    await warmer.load(ID);
    expect(warmer.getState(ID)).toMatchObject({ enabled: true, intervalMs: 30_000, nextWarmAt: null });
    expect(warmer.conversations()).toEqual([]);
    warmer.onTurnSettled(ID, {});
    await clock.pass(300_000);
    expect(service.calls).toEqual([]);
  });

  it("is forgotten with its settings when the host says so", async () => {
    const world = setUp();
    await world.arm();
    await world.warmer.forget(ID);
    expect(world.warmer.conversations()).toEqual([]);
    expect(world.storage.entries.size).toBe(0);
    expect(world.clock.liveTimers()).toBe(0);
  });

  it("is forgotten with the setting that was still being stored", async () => {
    const { warmer, storage, clock } = setUp();
    storage.delayMs = () => 100;
    void warmer.enableIfNew(ID);
    void warmer.forget(ID);
    await clock.pass(1_000);
    expect(storage.entries.size).toBe(0);
    expect(warmer.conversations()).toEqual([]);
  });

  it("is known for late among the last thousand", async () => {
    const world = setUp();
    const ids = Array.from({ length: 1_001 }, (_each, index) => `conversation-${index}`);
    for (const id of ids) {
      world.warmer.onTurnStarted(id);
      await letGo(world, id);
    }
    for (const id of ids) world.warmer.onTurnSettled(id, {});
    expect(world.warmer.conversations()).toEqual(["conversation-0"]);
  });
});

describe("a conversation that its host lets go of", () => {
  it("stops at once", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    warmer.onConversationDetached(ID);
    expect(clock.liveTimers()).toBe(0);
  });

  it("is out of memory at once", async () => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onConversationDetached(ID);
    expect(warmer.conversations()).toEqual([]);
  });

  it("is out of memory though its off could not be stored", async () => {
    const { warmer, storage, arm } = setUp();
    await arm();
    storage.fails = () => true;
    await warmer.setEnabled(ID, false).catch(() => {});
    warmer.onConversationDetached(ID);
    expect(warmer.conversations()).toEqual([]);
  });

  it("keeps its settings untouched", async () => {
    const { warmer, storage, arm } = setUp();
    await arm();
    storage.calls.length = 0;
    warmer.onConversationDetached(ID);
    await settled();
    expect(storage.calls).toEqual([]);
    expect(storage.settings(ID)).toEqual({ enabled: true, intervalMs: 240_000 });
  });

  it("has its warm in flight aborted, and the answer dropped", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onConversationDetached(ID);
    expect(service.last().aborted).toBe(true);
    await service.last().succeed();
    expect(warmer.conversations()).toEqual([]);
  });

  it("is never warmed while detached", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    warmer.onConversationDetached(ID);
    await clock.pass(3_600_000);
    expect(service.calls).toHaveLength(0);
  });

  it("is warmed again after its next turn", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    warmer.onConversationDetached(ID);
    warmer.onTurnStarted(ID);
    await settled();
    warmer.onTurnSettled(ID, {});
    expect(clock.liveTimers()).toBe(1);
  });

  it("is not brought back by a command that was under way", async () => {
    const { warmer, storage, clock, arm } = setUp();
    await arm();
    storage.delayMs = () => 1_000;
    const changed = warmer.setIntervalMs(ID, 30_000);
    warmer.onConversationDetached(ID);
    await clock.pass(5_000);
    await changed;
    expect([warmer.conversations(), clock.liveTimers()]).toEqual([[], 0]);
    expect(storage.settings(ID)).toMatchObject({ intervalMs: 30_000 });
  });

  it("is not told of by a storage that answers only afterwards", async () => {
    const { warmer, storage, clock, notices } = setUp();
    storage.entries.set(`settings:${ID}`, '{"enabled":true}');
    storage.delayMs = () => 1_000;
    warmer.onTurnStarted(ID);
    warmer.onConversationDetached(ID);
    notices.length = 0;
    await clock.pass(5_000);
    expect([warmer.conversations(), notices]).toEqual([[], []]);
  });

  it("is told in one notice, and an unknown one in none", async () => {
    const { warmer, notices, arm } = setUp();
    await arm();
    warmer.onConversationDetached(ID);
    warmer.onConversationDetached("stranger");
    expect(notices).toHaveLength(1);
  });

  it("is not brought back by a surface that asks for it there and then, and shows no due time", async () => {
    const { warmer, deps, notices, arm } = setUp();
    await arm();
    const { onSurfaceChange } = deps;
    deps.onSurfaceChange = (conversationId) => {
      onSurfaceChange(conversationId);
      void warmer.load(conversationId);
    };
    warmer.onConversationDetached(ID);
    await settled();
    expect(warmer.conversations()).toEqual([]);
    expect(notices).toMatchObject([{ enabled: true, nextWarmAt: null }]);
  });
});

describe("a warmer that is disposed of", () => {
  it("leaves no timer and no conversation", async () => {
    const { warmer, clock, arm } = setUp();
    await arm("a");
    await arm("b");
    warmer.dispose();
    expect([clock.liveTimers(), warmer.conversations()]).toEqual([0, []]);
  });

  it("aborts every warm in flight", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.dispose();
    expect(service.last().aborted).toBe(true);
  });

  it("keeps nothing of what is told to it afterwards, and tells nobody", async () => {
    const { warmer, clock, notices, storage, arm } = setUp();
    await arm();
    warmer.dispose();
    notices.length = 0;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    warmer.onWarmCompleted({ conversationId: ID, usage: HIT });
    await warmer.load(ID);
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    await settled();
    expect([warmer.conversations(), clock.liveTimers(), notices]).toEqual([[], 0, []]);
    expect(storage.settings(ID)).toMatchObject({ enabled: true });
  });

  it("is not brought back by a storage that answers late", async () => {
    const { warmer, storage, clock } = setUp();
    storage.entries.set(`settings:${ID}`, '{"enabled":true}');
    storage.delayMs = () => 1_000;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    warmer.dispose();
    await clock.pass(10_000);
    expect([warmer.conversations(), clock.liveTimers()]).toEqual([[], 0]);
  });
});
