import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryStorage } from "../support/memory-storage.ts";
import { createVirtualClock, settled } from "../support/virtual-clock.ts";
import { honourAbort } from "../support/warm-service.ts";
import { ID, setUp } from "../support/warmer-under-test.ts";

const stored = (settings: object) => new Map([[`settings:${ID}`, JSON.stringify(settings)]]);

function over(entries: Map<string, string>) {
  const clock = createVirtualClock();
  return setUp({ clock, storage: createMemoryStorage(clock, entries) });
}

describe("switching on", () => {
  it("persists, and returns the settings", async () => {
    const { warmer, storage } = setUp();
    const settings = await warmer.setEnabled(ID, true);
    expect(settings).toEqual({ enabled: true, intervalMs: 240_000 });
    expect(storage.settings(ID)).toEqual({ enabled: true, intervalMs: 240_000 });
  });

  it("then settling arms at exactly settle + 240 000", async () => {
    const { warmer, clock } = setUp();
    await warmer.setEnabled(ID, true);
    await clock.pass(2_000);
    warmer.onTurnSettled(ID, {});
    expect(warmer.getState(ID).nextWarmAt).toBe(clock.now() + 240_000);
  });

  it.each(["no", 1, {}, null])("takes %o, which an untyped caller may pass, for off", async (wanted) => {
    const { warmer, storage } = over(stored({ enabled: true, intervalMs: 30_000 }));
    await warmer.setEnabled(ID, wanted as never);
    expect(warmer.getState(ID).enabled).toBe(false);
    expect(storage.settings(ID)).toMatchObject({ enabled: false });
  });

  it("takes over the whole of what is stored, the interval included", async () => {
    const { warmer } = over(stored({ enabled: false, intervalMs: 30_000, later: "kept" }));
    await warmer.setEnabled(ID, true);
    expect(warmer.getState(ID)).toMatchObject({
      enabled: true,
      intervalMs: 30_000,
      later: "kept",
    });
  });

  it("leaves fields of newer versions in the storage", async () => {
    const { warmer, storage } = over(stored({ enabled: false, intervalMs: 30_000, later: { kept: true } }));
    await warmer.setEnabled(ID, true);
    expect(storage.settings(ID)).toEqual({ enabled: true, intervalMs: 30_000, later: { kept: true } });
  });

  it("before any turn arms nothing: there is no prefix yet", async () => {
    const { warmer, clock } = setUp();
    await warmer.setEnabled(ID, true);
    expect([clock.liveTimers(), warmer.getState(ID).nextWarmAt]).toEqual([0, null]);
    expect(warmer.getStatus(ID).why).toContain("no prefix");
  });

  it("after a turn arms an interval from now", async () => {
    const { warmer, clock, dueInMs } = setUp();
    warmer.onTurnSettled(ID, {});
    await clock.pass(20_000);
    await warmer.setEnabled(ID, true);
    expect(dueInMs()).toBe(240_000);
  });

  it("late after a turn is capped by the life left to the prefix", async () => {
    const { warmer, clock, dueInMs } = setUp();
    warmer.onTurnSettled(ID, {});
    await clock.pass(100_000);
    await warmer.setEnabled(ID, true);
    expect(dueInMs()).toBe(180_000);
  });

  it("too late after a turn arms nothing: the prefix must have lapsed", async () => {
    const { warmer, clock } = setUp();
    warmer.onTurnSettled(ID, {});
    await clock.pass(300_000);
    await warmer.setEnabled(ID, true);
    expect([clock.liveTimers(), warmer.getStatus(ID).phase]).toEqual([0, "lapsed"]);
  });

  it("while a turn is active arms nothing until that settles", async () => {
    const { warmer, clock } = setUp();
    warmer.onTurnStarted(ID);
    await warmer.setEnabled(ID, true);
    expect(clock.liveTimers()).toBe(0);
  });

  it("is told in one notice, which already carries the due time", async () => {
    const { warmer, clock, notices } = setUp();
    warmer.onTurnSettled(ID, {});
    await settled();
    notices.length = 0;
    await warmer.setEnabled(ID, true);
    await settled();
    expect(notices).toMatchObject([{ enabled: true, nextWarmAt: clock.now() + 240_000 }]);
  });

  it("does not hold when it cannot be stored, and rejects", async () => {
    const { warmer, storage, clock } = setUp();
    warmer.onTurnSettled(ID, {});
    storage.fails = (verb) => verb === "set";
    await expect(warmer.setEnabled(ID, true)).rejects.toThrow("disk full");
    expect([warmer.getState(ID).enabled, clock.liveTimers()]).toEqual([false, 0]);
  });
});

describe("switching off", () => {
  it("acts in memory before the first await", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    void warmer.setEnabled(ID, false);
    expect([warmer.getState(ID).enabled, warmer.getState(ID).nextWarmAt, clock.liveTimers()]).toEqual([
      false,
      null,
      0,
    ]);
  });

  it("leaves no timer armed, whatever the storage says later", async () => {
    const { warmer, storage, clock, service, arm } = setUp();
    await arm();
    storage.delayMs = () => 5_000;
    const off = warmer.setEnabled(ID, false);
    await clock.pass(600_000);
    await off;
    expect([clock.liveTimers(), service.calls.length]).toEqual([0, 0]);
  });

  it("aborts a warm in flight", async () => {
    const { warmer, clock, service, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    void warmer.setEnabled(ID, false);
    expect(service.last().aborted).toBe(true);
  });

  it("takes the abort that follows for no failure: nothing is tried again", async () => {
    const { warmer, clock, service, arm } = setUp();
    service.answer = honourAbort;
    await arm();
    await clock.pass(240_000);
    await warmer.setEnabled(ID, false);
    await clock.pass(600_000);
    expect([service.calls.length, warmer.getStatus(ID)]).toEqual([1, { phase: "off", why: null }]);
  });

  it("and on again while the aborted warm still hangs arms one timer", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    await clock.pass(240_000);
    await warmer.setEnabled(ID, false);
    await warmer.setEnabled(ID, true);
    expect(clock.liveTimers()).toBe(1);
  });

  it("is told in one notice", async () => {
    const { warmer, notices, arm } = setUp();
    await arm();
    await warmer.setEnabled(ID, false);
    await settled();
    expect(notices).toMatchObject([{ enabled: false, nextWarmAt: null }]);
  });

  it("of a conversation not loaded yet is told in one notice, too, and keeps its interval", async () => {
    const { warmer, storage, notices } = over(stored({ enabled: true, intervalMs: 30_000 }));
    await warmer.setEnabled(ID, false);
    await settled();
    expect(notices).toHaveLength(1);
    expect(storage.settings(ID)).toEqual({ enabled: false, intervalMs: 30_000 });
  });

  it("holds in memory when it cannot be stored, and rejects", async () => {
    const { warmer, storage, clock, arm } = setUp();
    await arm();
    storage.fails = (verb) => verb === "set";
    await expect(warmer.setEnabled(ID, false)).rejects.toThrow("disk full");
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await settled();
    expect([warmer.getState(ID).enabled, clock.liveTimers()]).toEqual([false, 0]);
  });

  it("that could not be stored holds even when the storage is read again", async () => {
    const { warmer, storage, clock, arm } = setUp();
    await arm();
    storage.fails = (verb) => verb === "set";
    await warmer.setEnabled(ID, false).catch(() => {});
    warmer.onConversationDetached(ID);
    storage.fails = () => false;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await settled();
    expect([warmer.getState(ID).enabled, clock.liveTimers()]).toEqual([false, 0]);
  });

  it("that could not be stored is over once switching on is stored", async () => {
    const { warmer, storage, clock, arm } = setUp();
    await arm();
    storage.fails = (verb) => verb === "set";
    await warmer.setEnabled(ID, false).catch(() => {});
    storage.fails = () => false;
    await warmer.setEnabled(ID, true);
    expect([warmer.getState(ID).enabled, clock.liveTimers()]).toEqual([true, 1]);
  });

  it("that could not be stored goes along with the next change that can", async () => {
    const { warmer, storage, arm } = setUp();
    await arm();
    storage.fails = (verb) => verb === "set";
    await warmer.setEnabled(ID, false).catch(() => {});
    storage.fails = () => false;
    await warmer.setIntervalMs(ID, 30_000);
    expect(storage.settings(ID)).toEqual({ enabled: false, intervalMs: 30_000 });
  });
});

describe("changing the interval", () => {
  it("persists, keeps the rest, and returns the settings", async () => {
    const { warmer, storage } = over(stored({ enabled: true, intervalMs: 60_000, later: 1 }));
    expect(await warmer.setIntervalMs(ID, 30_000)).toEqual({ enabled: true, intervalMs: 30_000, later: 1 });
    expect(storage.settings(ID)).toEqual({ enabled: true, intervalMs: 30_000, later: 1 });
  });

  it.each([
    [500, 1_000],
    [0, 1_000],
    [-5_000, 1_000],
    [Number.NaN, 1_000],
    [1_500.4, 1_500],
  ])("clamps %d to %i", async (asked, kept) => {
    const { warmer } = setUp();
    expect((await warmer.setIntervalMs(ID, asked)).intervalMs).toBe(kept);
  });

  it("re-arms from now when armed", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(100_000);
    await warmer.setIntervalMs(ID, 30_000);
    expect([dueInMs(), clock.liveTimers()]).toEqual([30_000, 1]);
  });

  it("arms nothing when not armed", async () => {
    const { warmer, clock } = setUp();
    warmer.onTurnSettled(ID, {});
    await warmer.setIntervalMs(ID, 30_000);
    expect(clock.liveTimers()).toBe(0);
  });

  it("while a warm is in flight counts for the one after it", async () => {
    const { warmer, clock, service, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(240_000);
    await warmer.setIntervalMs(ID, 30_000);
    expect(clock.liveTimers()).toBe(0);
    await service.last().succeed();
    expect(dueInMs()).toBe(30_000);
  });

  it("is told in one notice, which already carries the due time", async () => {
    const { warmer, clock, notices, arm } = setUp();
    await arm();
    await warmer.setIntervalMs(ID, 30_000);
    await settled();
    expect(notices).toMatchObject([{ nextWarmAt: clock.now() + 30_000 }]);
  });

  it("changes nothing when it cannot be stored, and rejects", async () => {
    const { warmer, storage, arm, dueInMs } = setUp();
    await arm();
    storage.fails = (verb) => verb === "set";
    await expect(warmer.setIntervalMs(ID, 30_000)).rejects.toThrow("disk full");
    expect([warmer.getState(ID).intervalMs, dueInMs()]).toEqual([240_000, 240_000]);
  });

  it("arms the settled turn when it is what tells that the conversation is on", async () => {
    const { warmer, storage, clock } = over(stored({ enabled: true, intervalMs: 60_000 }));
    storage.delayMs = () => 100;
    const changed = warmer.setIntervalMs(ID, 30_000);
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await clock.pass(1_000);
    await changed;
    expect(clock.liveTimers()).toBe(1);
  });
});

describe("a fresh warmer over old storage", () => {
  const old = { enabled: true, intervalMs: 30_000 };

  it("reports the defaults until it has loaded that conversation's settings", () => {
    expect(over(stored(old)).warmer.getState(ID)).toMatchObject({ enabled: false, intervalMs: 240_000 });
  });

  it("has them after setEnabled", async () => {
    const { warmer } = over(stored(old));
    await warmer.setEnabled(ID, true);
    expect(warmer.getState(ID)).toMatchObject(old);
  });

  it("has them soon after a turn started", async () => {
    const { warmer } = over(stored(old));
    warmer.onTurnStarted(ID);
    expect(warmer.getState(ID).enabled).toBe(false);
    await settled();
    expect(warmer.getState(ID)).toMatchObject(old);
  });

  it("has them after load, as a focused surface asks for", async () => {
    const { warmer, notices } = over(stored(old));
    await warmer.load(ID);
    expect(warmer.getState(ID)).toMatchObject(old);
    expect(notices).toHaveLength(1);
  });

  it("reads them once, however often it is asked", async () => {
    const { warmer, storage } = over(stored(old));
    await Promise.all([warmer.load(ID), warmer.load(ID)]);
    await warmer.load(ID);
    expect(storage.calls).toHaveLength(1);
  });

  it("has them after restore", async () => {
    const { warmer } = over(stored(old));
    await warmer.restore();
    expect(warmer.getState(ID)).toMatchObject(old);
  });

  it("arms a turn that settled before its settings were read", async () => {
    const { warmer, storage, clock, dueInMs } = over(stored(old));
    storage.delayMs = () => 2_000;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await clock.pass(2_000);
    expect(dueInMs()).toBe(28_000);
  });

  it("is not switched on by what it reads once the person has switched off", async () => {
    const { warmer, storage, clock } = over(stored(old));
    storage.delayMs = () => 2_000;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    const off = warmer.setEnabled(ID, false);
    await clock.pass(2_000);
    expect([warmer.getState(ID).enabled, clock.liveTimers()]).toEqual([false, 0]);
    await clock.pass(10_000);
    await off;
  });
});

describe("a failing storage is reported, never a reason to warm", () => {
  it("when settings cannot be read: off, logged, and asked again at the next turn", async () => {
    const { warmer, storage, logger, clock } = over(stored({ enabled: true, intervalMs: 30_000 }));
    storage.fails = () => true;
    warmer.onTurnStarted(ID);
    await settled();
    expect(warmer.getState(ID).enabled).toBe(false);
    expect(logger.at("error")).toMatchObject([{ attributes: { conversationId: ID } }]);
    storage.fails = () => false;
    warmer.onTurnSettled(ID, {});
    await settled();
    expect(clock.liveTimers()).toBe(1);
  });

  it("and shown on the surface until a later change is stored", async () => {
    const { warmer, storage } = setUp();
    storage.fails = () => true;
    await warmer.setEnabled(ID, true).catch(() => {});
    expect(warmer.getStatus(ID).why).toContain("disk full");
    storage.fails = () => false;
    await warmer.setEnabled(ID, false);
    expect(warmer.getStatus(ID).why).toBeNull();
  });

  it("when a storage throws at once instead of rejecting", async () => {
    const { warmer, storage } = setUp();
    storage.get = () => {
      throw new Error("closed");
    };
    await expect(warmer.setEnabled(ID, true)).rejects.toThrow("closed");
  });

  it("and leaves later commands to go through", async () => {
    const { warmer, storage } = setUp();
    let failures = 1;
    storage.fails = (verb) => verb === "set" && failures-- > 0;
    const first = warmer.setEnabled(ID, true).catch(() => "failed");
    const second = warmer.setIntervalMs(ID, 30_000);
    expect([await first, await second]).toEqual(["failed", { enabled: false, intervalMs: 30_000 }]);
  });

  it("and memory follows what did get stored", async () => {
    const { warmer, storage } = setUp();
    let writes = 0;
    storage.fails = (verb) => verb === "set" && ++writes === 2;
    await Promise.allSettled([warmer.setIntervalMs(ID, 30_000), warmer.setIntervalMs(ID, 60_000)]);
    expect([warmer.getState(ID).intervalMs, storage.settings(ID)]).toMatchObject([
      30_000,
      { intervalMs: 30_000 },
    ]);
  });
});

type Command = { do: "on" | "off" | "close" | "enableIfNew" } | { do: "interval"; ms: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.constantFrom<Command>({ do: "on" }, { do: "off" }, { do: "close" }, { do: "enableIfNew" }),
  fc.integer({ min: 1_000, max: 200_000 }).map((ms): Command => ({ do: "interval", ms })),
);

describe("commands given at once, in any order", () => {
  it("the last call wins, in memory and in the storage, and no update is lost", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(command, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(50), { minLength: 12, maxLength: 12 }),
        async (wasOn, commands, delays) => {
          const { warmer, storage, clock } = over(stored({ enabled: wasOn, intervalMs: 50_000, later: 1 }));
          await warmer.load(ID);
          let call = 0;
          storage.delayMs = () => delays[call++ % delays.length] ?? 0;
          const expected = { enabled: wasOn, intervalMs: 50_000, later: 1 };
          for (const each of commands) {
            if (each.do === "interval") {
              void warmer.setIntervalMs(ID, each.ms);
              expected.intervalMs = each.ms;
            } else if (each.do === "enableIfNew") {
              void warmer.enableIfNew(ID);
            } else {
              void (each.do === "close"
                ? warmer.onConversationClosed(ID)
                : warmer.setEnabled(ID, each.do === "on"));
              expected.enabled = each.do === "on";
            }
          }
          await clock.pass(10_000);
          expect(storage.settings(ID)).toEqual(expected);
          // A closed conversation is out of memory, and reads back as it is stored.
          storage.delayMs = () => 0;
          await warmer.load(ID);
          expect(warmer.getState(ID)).toMatchObject(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("nothing is sent after the call that switched off or closed has returned", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 4 }),
        fc.constantFrom<Command>({ do: "off" }, { do: "close" }),
        fc.array(fc.nat(400_000), { minLength: 12, maxLength: 12 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        async (commands, last, delays, failing) => {
          const { warmer, storage, clock, service, arm } = setUp();
          await arm();
          let call = 0;
          storage.delayMs = () => delays[call++ % delays.length] ?? 0;
          storage.fails = () => failing[call % failing.length] ?? false;
          for (const each of [...commands, last, { do: "enableIfNew" } as const]) {
            if (each.do === "interval") warmer.setIntervalMs(ID, each.ms).catch(() => {});
            else if (each.do === "close") void warmer.onConversationClosed(ID);
            else if (each.do === "enableIfNew") warmer.enableIfNew(ID).catch(() => {});
            else warmer.setEnabled(ID, each.do === "on").catch(() => {});
          }
          warmer.onTurnSettled(ID, {});
          await clock.pass(20_000_000);
          expect([service.calls.length, clock.liveTimers()]).toEqual([0, 0]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
