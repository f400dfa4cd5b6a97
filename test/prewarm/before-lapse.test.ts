import { expect, it } from "vitest";
import { createBeforeLapse } from "../../src/prewarm/before-lapse.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

function setUp() {
  const clock = createVirtualClock();
  const due: [name: string, afterMs: number][] = [];
  const used = new Map<string, number>();
  const start = clock.now();
  const before = createBeforeLapse({
    timers: clock.timers,
    now: clock.now,
    usedAt: (name) => used.get(name) ?? null,
    due: (name) => due.push([name, clock.now() - start]),
  });
  return { clock, due, used, before, start };
}

it("calls once, shortly before the prefix lapses, however often it is asked", async () => {
  const { clock, due, before, start } = setUp();
  before.wait("a", 300_000, start);
  await clock.pass(60_000);
  before.wait("a", 300_000, start + 60_000);
  await clock.pass(1_000_000);
  expect(due).toEqual([["a", 280_000]]);
});

it("waits on while traffic uses it, and not at all once it is cleared", async () => {
  const { clock, due, used, before, start } = setUp();
  before.wait("a", 300_000, start);
  before.wait("b", 300_000, start);
  await clock.pass(200_000);
  used.set("a", clock.now());
  await clock.pass(279_000);
  expect(due).toEqual([["b", 280_000]]);
  await clock.pass(2_000);
  expect(due.at(-1)).toEqual(["a", 480_000]);
  before.wait("c", 300_000, clock.now());
  before.clear();
  await clock.pass(1_000_000);
  expect(due).toHaveLength(2);
  expect(clock.liveTimers()).toBe(0);
});
