import { describe, expect, it } from "vitest";
import type { Logger } from "../../src/host.ts";
import { settled } from "../support/virtual-clock.ts";
import { ID, setUp } from "../support/warmer-under-test.ts";

function loggerOf(act: () => void): Logger {
  return { debug: act, info: act, warn: act, error: act };
}

describe.each([
  [
    "throws",
    () => {
      throw new Error("log full");
    },
  ],
  [
    "rejects",
    async () => {
      throw new Error("log full");
    },
  ],
])("a logger that %s", (_, act) => {
  it("breaks no warm: a failed one is tried again", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const { clock, deps, service, arm } = setUp();
    deps.logger = loggerOf(act);
    await arm();
    await clock.pass(240_000);
    service.last().resolve({ error: "overloaded", status: 529 });
    await clock.pass(10_000);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listener);
    expect([service.calls.length, unhandled]).toEqual([2, []]);
  });

  it("breaks no turn that a surface's mistake has already met", async () => {
    const { warmer, clock, deps, arm } = setUp();
    deps.logger = loggerOf(act);
    await arm();
    deps.onSurfaceChange = () => {
      throw new Error("redraw failed");
    };
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    expect(clock.liveTimers()).toBe(1);
  });

  it("hides no failing storage: off holds, and the surface says so", async () => {
    const { warmer, deps, storage, arm } = setUp();
    deps.logger = loggerOf(act);
    await arm();
    storage.fails = (verb) => verb === "set";
    await expect(warmer.setEnabled(ID, false)).rejects.toThrow("disk full");
    expect(warmer.getStatus(ID)).toMatchObject({ phase: "off" });
    expect(warmer.getStatus(ID).why).toContain("disk full");
  });

  it("breaks no restart whose storage cannot be listed", async () => {
    const { warmer, deps, storage, clock } = setUp();
    deps.logger = loggerOf(act);
    storage.fails = (verb) => verb === "keys";
    await warmer.restore([{ conversationId: ID, settledAt: clock.now() }]);
    await settled();
    expect(warmer.conversations()).toEqual([ID]);
  });
});

it("a logger is followed when it is replaced afterwards", async () => {
  const { deps, storage, warmer } = setUp();
  const told: string[] = [];
  deps.logger = { ...deps.logger, error: (message) => void told.push(message) };
  storage.fails = () => true;
  await warmer.load(ID);
  expect(told).toHaveLength(1);
});
