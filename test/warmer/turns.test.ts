import { describe, expect, it } from "vitest";
import { settled } from "../support/virtual-clock.ts";
import { honourAbort } from "../support/warm-service.ts";
import { ID, setUp, type WarmerUnderTest } from "../support/warmer-under-test.ts";

const DEFAULTS = {
  enabled: false,
  intervalMs: 240_000,
  active: false,
  lastPct: null,
  lastExpectedPct: null,
  lastWarmAt: null,
  nextWarmAt: null,
  token: 0,
};

describe("a conversation nobody has mentioned", () => {
  it("is off, at the default interval, all else null, token 0", () => {
    expect(setUp().warmer.getState(ID)).toStrictEqual(DEFAULTS);
  });
  it("has an empty context", () => {
    expect(setUp().warmer.getContext(ID)).toStrictEqual({});
  });
  it("is not made by being asked about", () => {
    const { warmer } = setUp();
    warmer.getState(ID);
    warmer.getContext(ID);
    warmer.getStatus(ID);
    expect(warmer.conversations()).toEqual([]);
  });
});

describe("a turn that starts", () => {
  it("makes the conversation active", () => {
    const { warmer } = setUp();
    warmer.onTurnStarted(ID);
    expect(warmer.getState(ID).active).toBe(true);
  });

  it("cancels the pending timer", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    warmer.onTurnStarted(ID);
    expect(clock.liveTimers()).toBe(0);
  });

  it("takes nextWarmAt back", async () => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onTurnStarted(ID);
    expect(warmer.getState(ID).nextWarmAt).toBeNull();
  });

  it("aborts a warm in flight, at once", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onTurnStarted(ID);
    expect(service.last().aborted).toBe(true);
  });

  it("is told in one notice, which already shows it", async () => {
    const { warmer, notices, arm } = setUp();
    await arm();
    warmer.onTurnStarted(ID);
    await settled();
    expect(notices).toMatchObject([{ conversationId: ID, active: true, nextWarmAt: null }]);
  });

  it("lets nothing be warmed until it settles", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    warmer.onTurnStarted(ID);
    await clock.pass(3_600_000);
    expect(service.calls).toHaveLength(0);
  });

  it("is shown as generating", async () => {
    const { warmer, arm } = setUp();
    await arm();
    warmer.onTurnStarted(ID);
    expect(warmer.getStatus(ID)).toEqual({ phase: "generating", why: null });
  });
});

describe("a turn that settles", () => {
  it("makes the conversation inactive", () => {
    const { warmer } = setUp();
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect(warmer.getState(ID).active).toBe(false);
  });

  it("leaves its context behind", () => {
    const { warmer } = setUp();
    warmer.onTurnSettled(ID, { cwd: "/project", modelName: "claude-opus-4-6" });
    expect(warmer.getContext(ID)).toEqual({ cwd: "/project", modelName: "claude-opus-4-6" });
  });

  it("replaces the context of the turn before", () => {
    const { warmer } = setUp();
    warmer.onTurnSettled(ID, { cwd: "/project", modelName: "claude-opus-4-6" });
    warmer.onTurnSettled(ID, { cwd: "/elsewhere" });
    expect(warmer.getContext(ID)).toEqual({ cwd: "/elsewhere" });
  });

  it("arms when warming is on", async () => {
    const { warmer, clock } = setUp();
    await warmer.setEnabled(ID, true);
    warmer.onTurnSettled(ID, {});
    expect([clock.liveTimers(), clock.delays()]).toEqual([1, [240_000]]);
  });

  it("arms nothing when warming is off", async () => {
    const { warmer, clock } = setUp();
    warmer.onTurnSettled(ID, {});
    await settled();
    expect([clock.liveTimers(), warmer.getState(ID).nextWarmAt]).toEqual([0, null]);
  });

  it("is told in one notice, which already carries the new due time", async () => {
    const { warmer, clock, notices } = setUp();
    await warmer.setEnabled(ID, true);
    warmer.onTurnStarted(ID);
    await clock.pass(7_000);
    notices.length = 0;
    warmer.onTurnSettled(ID, {});
    await settled();
    expect(notices).toMatchObject([{ active: false, nextWarmAt: clock.now() + 240_000 }]);
  });

  it("twice leaves one timer, counted from the second", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(100_000);
    warmer.onTurnSettled(ID, {});
    expect([clock.liveTimers(), dueInMs()]).toEqual([1, 240_000]);
  });

  it("without having started voids a warm that was in flight", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    warmer.onTurnSettled(ID, {});
    await service.last().succeed();
    expect(warmer.getState(ID).lastWarmAt).toBeNull();
  });

  it("whose host already knows that it cannot be warmed arms nothing and says why", async () => {
    const { warmer, clock, arm } = setUp();
    await arm(ID, { notWarmable: "The request has no cache marker." });
    expect(clock.liveTimers()).toBe(0);
    expect(warmer.getStatus(ID)).toEqual({ phase: "stopped", why: "The request has no cache marker." });
  });
});

describe("a timer that fires", () => {
  it("warms its conversation", async () => {
    const { clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    expect(service.calls.map(({ conversationId }) => conversationId)).toEqual([ID]);
  });

  it("not a moment before it is due", async () => {
    const { clock, service, arm } = setUp();
    await arm();
    await clock.pass(239_999);
    expect(service.calls).toHaveLength(0);
  });

  it("passes on cwd and modelName when they are known", async () => {
    const { clock, service, arm } = setUp();
    await arm(ID, { cwd: "/project", modelName: "claude-opus-4-6" });
    await clock.pass(240_000);
    expect(service.last().options).toMatchObject({ cwd: "/project", modelName: "claude-opus-4-6" });
  });

  it("leaves out what is not known, rather than pass undefined", async () => {
    const { clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    expect(Object.keys(service.last().options).sort()).toEqual(["signal", "warmId"]);
  });

  it("gives every warm an id of its own", async () => {
    const { clock, service, arm } = setUp();
    await arm();
    for (let warm = 0; warm < 3; warm++) {
      await clock.pass(240_000);
      await service.last().succeed();
    }
    expect(new Set(service.calls.map(({ options }) => options.warmId)).size).toBe(3);
  });

  it("no longer counts down: nextWarmAt is null while the warm is on its way", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    expect(warmer.getState(ID).nextWarmAt).toBeNull();
    expect(warmer.getStatus(ID)).toEqual({ phase: "warming", why: null });
  });

  it("warms each of several conversations by itself", async () => {
    const { clock, service, arm } = setUp();
    await arm("a");
    await clock.pass(100_000);
    await arm("b");
    await clock.pass(140_000);
    expect(service.calls.map(({ conversationId }) => conversationId)).toEqual(["a"]);
  });

  it("warms when it is flushed without the clock moving", async () => {
    const { clock, service, arm } = setUp();
    await arm();
    clock.flush();
    await settled();
    expect(service.calls).toHaveLength(1);
  });
});

describe("a warm that a turn overtook", () => {
  /** Its abort goes unheeded; `waitMs` later the next one is due, or overdue. */
  async function overtaken(waitMs: number): Promise<WarmerUnderTest> {
    const world = setUp();
    await world.arm();
    await world.clock.pass(240_000);
    world.warmer.onTurnStarted(ID);
    world.warmer.onTurnSettled(ID, {});
    await world.clock.pass(waitMs);
    return world;
  }

  it("blocks the next one until it has answered: never two in flight", async () => {
    const { service } = await overtaken(240_000);
    expect(service.calls).toHaveLength(1);
  });

  it("lets the next one go as soon as it answers", async () => {
    const { service } = await overtaken(250_000);
    service.calls[0]?.reject(new Error("aborted"));
    await settled();
    expect(service.calls).toHaveLength(2);
  });

  it.each([
    ["a turn starts", (world: WarmerUnderTest) => world.warmer.onTurnStarted(ID)],
    ["warming is switched off", (world: WarmerUnderTest) => void world.warmer.setEnabled(ID, false)],
    ["the conversation is closed", (world: WarmerUnderTest) => void world.warmer.onConversationClosed(ID)],
    ["the host lets go of it", (world: WarmerUnderTest) => world.warmer.onConversationDetached(ID)],
    [
      "no client has it open",
      (world: WarmerUnderTest) => world.warmer.onConversationChanged(ID, { open: false }),
    ],
    ["the warmer is disposed of", (world: WarmerUnderTest) => world.warmer.dispose()],
  ])("keeps the next one back for good when %s while that waits", async (_, happen) => {
    const world = await overtaken(250_000);
    const { clock, service } = world;
    happen(world);
    service.calls[0]?.reject(new Error("aborted"));
    await clock.pass(1_000);
    expect(service.calls).toHaveLength(1);
  });

  it("is said to be waited for", async () => {
    const { warmer } = await overtaken(250_000);
    expect(warmer.getStatus(ID).why).toContain("waits for an aborted one");
  });

  it("leaves no due time behind that has passed", async () => {
    const { warmer } = await overtaken(250_000);
    expect(warmer.getState(ID).nextWarmAt).toBeNull();
  });

  it("keeps the next one back for good if it answers after the prefix has lapsed", async () => {
    const { warmer, service } = await overtaken(301_000);
    service.calls[0]?.reject(new Error("aborted"));
    await settled();
    expect(service.calls).toHaveLength(1);
    expect(warmer.getStatus(ID).phase).toBe("lapsed");
  });

  it("changes nothing when it fails after all", async () => {
    const { warmer, clock, service, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    service.answer = honourAbort;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    service.calls[0]?.reject({ status: 401 });
    await settled();
    expect([dueInMs(), warmer.getStatus(ID)]).toEqual([240_000, { phase: "idle", why: null }]);
  });
});

describe("calls as the plugin's ancestor makes them", () => {
  it("follow onSurfaceChange when it is replaced afterwards", () => {
    const { warmer, deps } = setUp();
    const told: string[] = [];
    deps.onSurfaceChange = (conversationId) => void told.push(conversationId);
    warmer.onTurnStarted(ID);
    expect(told).toEqual([ID]);
  });

  it("follow warm when it is replaced afterwards", async () => {
    const { deps, clock, arm } = setUp();
    const warmed: string[] = [];
    deps.warm = async (conversationId) => {
      warmed.push(conversationId);
      return { error: "busy" };
    };
    await arm();
    clock.flush();
    expect(warmed).toEqual([ID]);
  });

  it("follow the storage when it is replaced afterwards", async () => {
    const first = setUp();
    const second = setUp();
    first.deps.storage = second.storage;
    await first.warmer.setEnabled(ID, true);
    expect([first.storage.settings(ID), second.storage.settings(ID)]).toMatchObject([
      null,
      { enabled: true },
    ]);
  });

  it("do without a monotonic clock", async () => {
    const { warmer, deps, clock, service } = setUp();
    delete deps.monotonicNow;
    await warmer.setEnabled(ID, true);
    warmer.onTurnSettled(ID, {});
    await clock.pass(240_000);
    expect(service.calls).toHaveLength(1);
  });

  it("do without a source of randomness", async () => {
    const { warmer, deps, clock } = setUp();
    delete deps.random;
    await warmer.setEnabled(ID, true);
    warmer.onTurnSettled(ID, {});
    expect(clock.delays()).toEqual([240_000]);
  });
});

describe("a surface that throws", () => {
  it("breaks no turn, and is logged", async () => {
    const { warmer, deps, logger } = setUp();
    deps.onSurfaceChange = () => {
      throw new Error("renderer gone");
    };
    expect(() => warmer.onTurnStarted(ID)).not.toThrow();
    expect(logger.at("error")).toHaveLength(1);
  });

  it("does not keep the warmer from arming", async () => {
    const { warmer, deps, clock } = setUp();
    await warmer.setEnabled(ID, true);
    deps.onSurfaceChange = () => {
      throw new Error("renderer gone");
    };
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect(clock.liveTimers()).toBe(1);
  });
});
