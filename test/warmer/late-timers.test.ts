import { describe, expect, it } from "vitest";
import { settled } from "../support/virtual-clock.ts";
import { ID, setUp } from "../support/warmer-under-test.ts";

const MINUTE = 60_000;

async function armedOnFiveMinutes() {
  const world = setUp();
  await world.arm(ID, { requestStartedAt: world.clock.now(), ttlMs: 5 * MINUTE });
  return world;
}

describe("a late timer after a laptop's sleep", () => {
  it("does not pay for a full write: nothing is sent once the prefix must have lapsed", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.sleep(60 * MINUTE);
    await clock.pass(280_000);
    expect(service.calls).toHaveLength(0);
  });

  it("says that the entry has expired, in one notice", async () => {
    const { warmer, clock, notices } = await armedOnFiveMinutes();
    clock.sleep(60 * MINUTE);
    await clock.pass(280_000);
    expect(warmer.getStatus(ID).phase).toBe("lapsed");
    expect(warmer.getStatus(ID).why).toContain("expired");
    expect(notices).toMatchObject([{ nextWarmAt: null }]);
  });

  it("leaves nothing armed, until the next turn arms anew", async () => {
    const { warmer, clock } = await armedOnFiveMinutes();
    clock.sleep(60 * MINUTE);
    await clock.pass(280_000);
    expect(clock.liveTimers()).toBe(0);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect(clock.liveTimers()).toBe(1);
  });

  it("still warms when the sleep was short enough", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.sleep(15_000);
    await clock.pass(280_000);
    expect(service.calls).toHaveLength(1);
  });

  it("is counted for a conversation of unknown TTL as well: five minutes from its settle", async () => {
    const { clock, service, arm } = setUp();
    await arm();
    clock.sleep(61_000);
    await clock.pass(240_000);
    expect(service.calls).toHaveLength(0);
  });
});

describe("a process that was stopped", () => {
  it("sends nothing once the prefix must have lapsed", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.stop(301_000);
    await clock.pass(0);
    expect(service.calls).toHaveLength(0);
  });

  it("still warms when it goes on in time", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.stop(299_000);
    await clock.pass(0);
    expect(service.calls).toHaveLength(1);
  });

  it("sends nothing to the very millisecond at which the entry expires", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.stop(300_000);
    await clock.pass(0);
    expect(service.calls).toHaveLength(0);
  });
});

describe("a wall clock that is set back", () => {
  it("hides no time: the monotonic clock counts", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.setWall(-60 * MINUTE);
    clock.stop(301_000);
    await clock.pass(0);
    expect(service.calls).toHaveLength(0);
  });

  it("does not keep a timer in time from warming", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.setWall(-60 * MINUTE);
    await clock.pass(280_000);
    expect(service.calls).toHaveLength(1);
  });

  it("does not push the due time behind the entry's life when the person changes something", async () => {
    const { warmer, clock, service } = await armedOnFiveMinutes();
    clock.setWall(-60 * MINUTE);
    await warmer.setEnabled(ID, false);
    await warmer.setEnabled(ID, true);
    await clock.pass(290_000);
    expect(service.calls).toHaveLength(1);
  });

  it("does not push back a settled turn whose settings were slow to read", async () => {
    const { warmer, storage, clock, dueInMs } = setUp();
    storage.entries.set(`settings:${ID}`, '{"enabled":true,"intervalMs":30000}');
    storage.delayMs = () => 1_000;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    clock.setWall(-60 * MINUTE);
    await clock.pass(1_000);
    expect(dueInMs()).toBeLessThanOrEqual(30_000);
  });
});

describe("a wall clock that is set forward", () => {
  it("by more than the entry lives counts as time passed: doubt means lapsed", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.setWall(60 * MINUTE);
    await clock.pass(280_000);
    expect(service.calls).toHaveLength(0);
  });

  it("by a little does not keep a timer from warming", async () => {
    const { clock, service } = await armedOnFiveMinutes();
    clock.setWall(10_000);
    await clock.pass(280_000);
    expect(service.calls).toHaveLength(1);
  });
});

describe("a timer whose callback was already queued when it was cleared", () => {
  it("sends nothing during a turn", async () => {
    const { warmer, clock, service } = await armedOnFiveMinutes();
    clock.ignoreClears();
    warmer.onTurnStarted(ID);
    await clock.pass(10 * MINUTE);
    expect(service.calls).toHaveLength(0);
  });

  it("sends nothing after switching off", async () => {
    const { warmer, clock, service } = await armedOnFiveMinutes();
    clock.ignoreClears();
    void warmer.setEnabled(ID, false);
    await clock.pass(10 * MINUTE);
    expect(service.calls).toHaveLength(0);
  });

  it("sends nothing after a close, a detach or the end of the warmer", async () => {
    for (const end of ["onConversationClosed", "onConversationDetached", "dispose"] as const) {
      const { warmer, clock, service } = await armedOnFiveMinutes();
      clock.ignoreClears();
      void warmer[end](ID);
      await clock.pass(10 * MINUTE);
      expect([end, service.calls.length]).toEqual([end, 0]);
    }
  });

  it("does not take the newer timer's place: that one can still be cancelled", async () => {
    const { warmer, clock } = await armedOnFiveMinutes();
    const { timers } = clock;
    const cleared: number[] = [];
    let queued: (() => void) | undefined;
    const world = setUp({ clock });
    world.deps.timers = {
      setTimer(fire, delayMs) {
        queued ??= fire;
        return timers.setTimer(fire, delayMs);
      },
      clearTimer(id) {
        cleared.push(id);
        timers.clearTimer(id);
      },
    };
    warmer.dispose();
    await world.arm();
    world.warmer.onTurnSettled(ID, {});
    queued?.();
    void world.warmer.setEnabled(ID, false);
    expect(clock.liveTimers()).toBe(0);
  });

  it("warms once, not twice, when both fire", async () => {
    const { warmer, clock, service } = await armedOnFiveMinutes();
    clock.ignoreClears();
    await clock.pass(10_000);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(10 * MINUTE);
    expect(service.calls).toHaveLength(1);
  });
});

describe("a host without a monotonic clock", () => {
  it("still notices the laptop's sleep", async () => {
    const { warmer, deps, clock, service } = setUp();
    delete deps.monotonicNow;
    await warmer.setEnabled(ID, true);
    warmer.onTurnSettled(ID, {});
    clock.sleep(60 * MINUTE);
    await clock.pass(240_000);
    await settled();
    expect(service.calls).toHaveLength(0);
  });
});

describe("a wall clock that is set back during a turn", () => {
  it("does not make the turn's request look younger than the turn", async () => {
    const { warmer, clock, dueInMs } = setUp();
    await warmer.setEnabled(ID, true);
    const requestStartedAt = clock.now();
    warmer.onTurnStarted(ID);
    await clock.pass(240_000);
    clock.setWall(-3_600_000);
    warmer.onTurnSettled(ID, { requestStartedAt, ttlMs: 300_000 });
    expect(dueInMs()).toBe(40_000);
  });
});
