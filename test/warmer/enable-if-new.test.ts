import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settled } from "../support/virtual-clock.ts";
import { ID, setUp, type WarmerUnderTest } from "../support/warmer-under-test.ts";

const ON = { enabled: true, intervalMs: 240_000 };

function storing(settings: object): WarmerUnderTest {
  const world = setUp();
  world.storage.entries.set(`settings:${ID}`, JSON.stringify(settings));
  return world;
}

describe("switching on what is new", () => {
  it("stores a conversation of which nothing is stored as on, and returns the settings", async () => {
    const { warmer, storage } = setUp();
    expect(await warmer.enableIfNew(ID)).toEqual(ON);
    expect([storage.settings(ID), warmer.getState(ID)]).toMatchObject([ON, ON]);
  });

  it("arms the turn that has settled, an interval from now, and tells so in one notice", async () => {
    const { warmer, clock, notices } = setUp();
    warmer.onTurnSettled(ID, {});
    await clock.pass(20_000);
    notices.length = 0;
    await warmer.enableIfNew(ID);
    await settled();
    expect(notices).toMatchObject([{ enabled: true, nextWarmAt: clock.now() + 240_000 }]);
    expect(clock.liveTimers()).toBe(1);
  });

  it.each([
    ["off", { enabled: false, intervalMs: 30_000, later: 1 }],
    ["on", { enabled: true, intervalMs: 30_000, later: 1 }],
    ["an interval only", { intervalMs: 30_000 }],
    ["something unreadable", "gibberish"],
  ])("never overrules what is stored: %s", async (_, settings) => {
    const { warmer, storage } = storing(settings as object);
    const before = storage.settings(ID);
    const { enabled } = await warmer.enableIfNew(ID);
    expect(storage.settings(ID)).toEqual(before);
    expect([enabled, warmer.getState(ID).enabled]).toEqual(
      Array(2).fill((settings as { enabled?: boolean }).enabled ?? false),
    );
    expect(storage.calls.map(({ verb }) => verb)).toEqual(["get"]);
  });

  it("arms what it learns to be stored as on, from when its turn settled", async () => {
    const { warmer, storage, clock, dueInMs } = storing({ enabled: true, intervalMs: 30_000 });
    storage.fails = () => true;
    warmer.onTurnSettled(ID, {});
    await clock.pass(10_000);
    storage.fails = () => false;
    await warmer.enableIfNew(ID);
    expect([dueInMs(), clock.liveTimers()]).toEqual([20_000, 1]);
  });

  it("leaves an armed conversation as it is", async () => {
    const { warmer, clock, notices, arm, dueInMs } = setUp();
    await arm();
    await clock.pass(100_000);
    await warmer.enableIfNew(ID);
    expect([dueInMs(), notices]).toEqual([140_000, []]);
  });

  it("twice at once is once", async () => {
    const { warmer, storage, notices } = setUp();
    await Promise.all([warmer.enableIfNew(ID), warmer.enableIfNew(ID)]);
    expect([storage.calls.filter(({ verb }) => verb === "set").length, notices.length]).toEqual([1, 1]);
  });

  it("takes undefined, which an untyped storage may answer, for nothing stored", async () => {
    const { warmer, storage } = setUp();
    storage.get = async () => undefined as never;
    expect(await warmer.enableIfNew(ID)).toEqual(ON);
  });

  it.each(["get", "set"])("rejects when the storage fails at %s, and nothing is on", async (failing) => {
    const { warmer, storage, clock } = setUp();
    warmer.onTurnSettled(ID, {});
    await settled();
    storage.fails = (verb) => verb === failing;
    await expect(warmer.enableIfNew(ID)).rejects.toThrow("disk full");
    expect([warmer.getState(ID).enabled, clock.liveTimers()]).toEqual([false, 0]);
    expect(warmer.getStatus(ID).why).toContain("disk full");
  });

  it("does not undo an off that could not be stored, though nothing is", async () => {
    const { warmer, storage } = setUp();
    storage.fails = (verb) => verb === "set";
    await warmer.setEnabled(ID, false).catch(() => {});
    storage.fails = () => false;
    expect(await warmer.enableIfNew(ID)).toMatchObject({ enabled: false });
    expect([warmer.getState(ID).enabled, storage.settings(ID)]).toMatchObject([false, { enabled: false }]);
  });

  it("does not bring back a conversation that its host lets go of meanwhile", async () => {
    const { warmer, storage, clock, notices } = setUp();
    storage.delayMs = () => 1_000;
    const enabled = warmer.enableIfNew(ID);
    warmer.onConversationDetached(ID);
    notices.length = 0;
    await clock.pass(5_000);
    await enabled;
    expect([warmer.conversations(), notices, storage.settings(ID)]).toEqual([[], [], ON]);
  });
});

type Command = "enableIfNew" | "on" | "off" | "close";

function give(command: Command, { warmer }: WarmerUnderTest): void {
  if (command === "enableIfNew") void warmer.enableIfNew(ID);
  else if (command === "close") void warmer.onConversationClosed(ID);
  else void warmer.setEnabled(ID, command === "on");
}

describe("beside the person's own word", () => {
  it("it never wins, in any order and with any delays, and memory and storage end the same", async () => {
    const words = fc.array(fc.constantFrom<Command>("on", "off", "close"), { maxLength: 4 });
    const orders = words.chain((said) =>
      fc.shuffledSubarray<Command>([...said, "enableIfNew", "enableIfNew"], {
        minLength: said.length + 2,
      }),
    );
    const delaysMs = fc.array(fc.nat(50), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(orders, delaysMs, delaysMs, async (commands, answersMs, pausesMs) => {
        const world = setUp();
        const { warmer, storage, clock } = world;
        let call = 0;
        storage.delayMs = () => answersMs[call++ % answersMs.length] ?? 0;
        let expected = true;
        let isOff = false;
        for (const [index, command] of commands.entries()) {
          give(command, world);
          if (command !== "enableIfNew") {
            expected = command === "on";
            isOff = !expected;
          }
          // Half of them at once, the others while what went before is being stored.
          await clock.pass(index % 2 === 0 ? 0 : (pausesMs[index] ?? 0));
          if (isOff) expect(warmer.getState(ID).enabled).toBe(false);
        }
        await clock.pass(10_000);
        expect(storage.settings(ID)).toEqual({ ...ON, enabled: expected });
        expect(warmer.getState(ID).enabled).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
