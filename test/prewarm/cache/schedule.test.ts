import { describe, expect, it } from "vitest";
import { nextAt, objectionTo, repeat } from "../../../src/prewarm/cache/index.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";
import { world } from "./warmer-world.ts";

describe("a schedule", () => {
  it("leaves out what falls due while a run is under way", async () => {
    const clock = createVirtualClock();
    const begun: number[] = [];
    const start = clock.now();
    const run = () => {
      begun.push((clock.now() - start) / 1_000);
      return new Promise<void>((done) => clock.after(25_000, done));
    };
    const end = repeat({ everyMs: 10_000 }, run, clock);
    await clock.pass(100_000);
    expect(begun).toEqual([10, 40, 70, 100]);
    end();
    await clock.pass(100_000);
    expect(begun).toHaveLength(4);
  });

  it("goes on after a run that failed", async () => {
    const clock = createVirtualClock();
    let runs = 0;
    const end = repeat({ everyMs: 1_000 }, async () => Promise.reject(new Error(String(++runs))), clock);
    await clock.pass(3_500);
    expect(runs).toBe(3);
    end();
  });

  it("runs once, and not for each time that it was slept through", async () => {
    const clock = createVirtualClock();
    let runs = 0;
    const end = repeat({ everyMs: 60_000 }, async () => void runs++, clock);
    clock.stop(3_600_000);
    await clock.pass(1);
    expect(runs).toBe(1);
    await clock.pass(60_000);
    expect(runs).toBe(2);
    end();
  });

  it("knows when a cron expression comes next, months ahead too", async () => {
    const from = Date.UTC(2026, 10, 20, 9);
    expect(nextAt({ cron: "0 8 1 3 *", timeZone: "UTC" }, from)).toBe(Date.UTC(2027, 2, 1, 8));
    const clock = createVirtualClock(from);
    const at: number[] = [];
    const end = repeat({ cron: "0 8 1 3 *", timeZone: "UTC" }, async () => void at.push(clock.now()), clock);
    await clock.pass(120 * 86_400_000);
    expect(at).toEqual([Date.UTC(2027, 2, 1, 8)]);
    end();
  });

  it("says what is wrong with one that cannot be kept", () => {
    expect(objectionTo({ cron: "0 8 * * 1-5" })).toBe(null);
    expect(objectionTo({ cron: "0 8 * *" })).toMatch(/^the cron expression "0 8 \* \*" cannot be read: /);
    expect(objectionTo({ cron: "0 8 30 2 *" })).toBe('the cron expression "0 8 30 2 *" never comes');
    expect(objectionTo({ everyMs: 0 })).toBe("an interval must be above 0");
  });
});

it("who wants what a run that was called off would have done gets a run of their own", async () => {
  const { warmer, clock, cache } = world({ keys: ["a"], honoursAbort: false });
  const abort = new AbortController();
  const first = warmer.warm(undefined, { signal: abort.signal });
  await clock.pass(50);
  abort.abort();
  const second = warmer.warm();
  await clock.pass(1_000);
  expect((await first).keysCancelled).toBe(1);
  expect((await second).keysWarmed).toBe(1);
  expect(cache.has("a")).toBe(true);
});
