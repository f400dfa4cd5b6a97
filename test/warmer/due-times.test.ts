import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { ID, sequence, setUp } from "../support/warmer-under-test.ts";

const MINUTE = 60_000;

describe("with neither request start nor TTL known", () => {
  it("the next warm is due exactly the interval after the settle", async () => {
    const { warmer, clock, dueInMs } = setUp({ random: () => 0.9 });
    await warmer.setEnabled(ID, true);
    await clock.pass(1_234);
    warmer.onTurnSettled(ID, {});
    expect(dueInMs()).toBe(240_000);
  });

  it("so it is by a chosen interval", async () => {
    const { warmer, dueInMs } = setUp({ random: () => 0.9 });
    await warmer.setEnabled(ID, true);
    await warmer.setIntervalMs(ID, 90_000);
    warmer.onTurnSettled(ID, {});
    expect(dueInMs()).toBe(90_000);
  });

  it("a settle that is armed late, because its settings were slow to read, still counts from the settle", async () => {
    const clock = createVirtualClock();
    const first = setUp({ clock });
    await first.warmer.setEnabled(ID, true);
    const { warmer, storage, dueInMs } = setUp({ clock, storage: first.storage });
    storage.delayMs = () => 3_000;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, {});
    await clock.pass(10_000);
    expect(dueInMs()).toBe(230_000);
  });
});

describe("anchors at the request's start, not at the end of the response", () => {
  it("warms a 5-minute entry about 280 s after its request went out, however long the response took", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await warmer.setEnabled(ID, true);
    const requestStartedAt = clock.now();
    await clock.pass(70_000);
    await arm(ID, { requestStartedAt, ttlMs: 5 * MINUTE });
    expect(dueInMs()).toBe(280_000 - 70_000);
  });

  it("warms an hour's entry about 58 minutes after its request went out", async () => {
    const { clock, arm, dueInMs } = setUp();
    const requestStartedAt = clock.now();
    await clock.pass(30_000);
    await arm(ID, { requestStartedAt, ttlMs: 60 * MINUTE });
    expect(((dueInMs() ?? 0) + 30_000) / MINUTE).toBeCloseTo(58, 0);
  });

  it("sends nothing when the response took longer than the entry lives", async () => {
    const { warmer, clock, arm } = setUp();
    const requestStartedAt = clock.now();
    await clock.pass(301_000);
    await arm(ID, { requestStartedAt, ttlMs: 5 * MINUTE });
    expect([clock.liveTimers(), warmer.getStatus(ID).phase]).toEqual([0, "lapsed"]);
  });

  it("still counts a chosen interval from the settle when its settings were slow to read", async () => {
    const clock = createVirtualClock();
    const first = setUp({ clock });
    await first.warmer.setEnabled(ID, true);
    await first.warmer.setIntervalMs(ID, 60_000);
    const { warmer, storage, dueInMs } = setUp({ clock, storage: first.storage });
    storage.delayMs = () => 1_000;
    warmer.onTurnStarted(ID);
    warmer.onTurnSettled(ID, { requestStartedAt: clock.now() - 30_000 });
    await clock.pass(5_000);
    expect(dueInMs()).toBe(55_000);
  });

  it("takes a request start in the future, from another machine's clock, for now", async () => {
    const { clock, arm, dueInMs } = setUp();
    await arm(ID, { requestStartedAt: clock.now() + MINUTE, ttlMs: 5 * MINUTE });
    expect(dueInMs()).toBe(280_000);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "takes a request start of %d for an unknown one",
    async (odd) => {
      const { arm, dueInMs } = setUp();
      await arm(ID, { requestStartedAt: odd });
      expect(dueInMs()).toBe(240_000);
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -1])(
    "takes a TTL of %d for an unknown one",
    async (odd) => {
      const { arm, dueInMs } = setUp();
      await arm(ID, { ttlMs: odd });
      expect(dueInMs()).toBe(240_000);
    },
  );
});

describe("the next warm is anchored at the start of the one before, not at its completion", () => {
  it("when the warm took 30 s", async () => {
    const { clock, service, arm, dueInMs } = setUp();
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(280_000);
    await clock.pass(15_000);
    await service.last().succeed();
    expect(dueInMs()).toBe(280_000 - 15_000);
  });

  it("when the host echoes no ids and reports after its promise has resolved", async () => {
    const { clock, service, arm, dueInMs } = setUp();
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(280_000);
    await clock.pass(15_000);
    await service.last().succeed({ ids: false, event: "after" });
    expect(dueInMs()).toBe(280_000 - 15_000);
  });

  it("when a manual warm tells when it started", async () => {
    const { warmer, clock, service, arm, dueInMs } = setUp();
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(100_000);
    const startedAt = clock.now();
    await clock.pass(20_000);
    warmer.onWarmCompleted({
      conversationId: ID,
      usage: { inputTokens: 10, outputTokens: 0, cacheReadTokens: 10, cacheWriteTokens: 0 },
      startedAt,
    });
    expect([dueInMs(), service.calls.length]).toEqual([260_000, 0]);
  });
});

describe("a chosen interval", () => {
  it("is kept where it is shorter than the entry's life", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await warmer.setIntervalMs(ID, MINUTE);
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 60 * MINUTE });
    expect(dueInMs()).toBe(MINUTE);
  });

  it("is capped by the TTL", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await warmer.setIntervalMs(ID, 30 * MINUTE);
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    expect(dueInMs()).toBe(280_000);
  });

  it("is told from the default: until one is chosen the TTL alone decides", async () => {
    const { warmer, clock, arm, dueInMs } = setUp();
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 60 * MINUTE });
    const byTtl = dueInMs();
    await warmer.setIntervalMs(ID, 240_000);
    expect([byTtl, dueInMs()]).toEqual([57 * MINUTE + 50_000, 240_000]);
  });

  it("is taken back: the TTL alone decides again, at once and over a restart", async () => {
    const clock = createVirtualClock();
    const { warmer, storage, arm, dueInMs } = setUp({ clock });
    await warmer.setIntervalMs(ID, MINUTE);
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 60 * MINUTE });
    expect(dueInMs()).toBe(MINUTE);
    await warmer.setIntervalMs(ID, null);
    expect(dueInMs()).toBe(57 * MINUTE + 50_000);
    const second = setUp({ clock, storage });
    await second.arm(ID, { requestStartedAt: clock.now(), ttlMs: 60 * MINUTE });
    expect(second.dueInMs()).toBe(57 * MINUTE + 50_000);
  });

  it("stays chosen over a restart, the very default included", async () => {
    const clock = createVirtualClock();
    const { warmer, storage } = setUp({ clock });
    await warmer.setIntervalMs(ID, 240_000);
    const second = setUp({ clock, storage });
    await second.arm(ID, { requestStartedAt: clock.now(), ttlMs: 60 * MINUTE });
    expect(second.dueInMs()).toBe(240_000);
  });
});

describe("a refresh interval at or over the TTL never sends into a lapsed entry", () => {
  it.each([300_000, 600_000, 1e12])(
    "an interval of %d ms over an entry of unknown life",
    async (intervalMs) => {
      const { warmer, clock, service, arm } = setUp();
      await warmer.setIntervalMs(ID, intervalMs);
      await arm();
      await clock.pass(30 * MINUTE);
      expect(service.calls).toHaveLength(0);
    },
  );

  it("and says beforehand that nothing will be sent", async () => {
    const { warmer, arm } = setUp();
    await warmer.setIntervalMs(ID, 600_000);
    await arm();
    expect(warmer.getStatus(ID).why).toContain("600 s is longer than the cache entry");
  });

  it("and warms in time where the TTL is known", async () => {
    const { warmer, clock, service, arm } = setUp();
    await warmer.setIntervalMs(ID, 600_000);
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(10 * MINUTE);
    expect(service.calls).toHaveLength(1);
  });
});

describe("no cooldown or cap is wider than the cadence: it holds the entry", () => {
  it.each([
    ["5 minutes", 5 * MINUTE],
    ["an hour", 60 * MINUTE],
    ["6 s, scaled down", 6_000],
  ])("of %s through twenty warms that each take a while", async (_, ttlMs) => {
    const { clock, service, arm } = setUp({ random: () => 0.5 });
    service.answer = (call) => clock.after(ttlMs / 50, () => void call.succeed());
    await arm(ID, { requestStartedAt: clock.now(), ttlMs });
    const start = clock.now();
    await clock.pass(ttlMs * 20);
    const uses = [start, ...service.calls.map(({ startedAt }) => startedAt)];
    const gaps = uses.slice(1).map((at, index) => at - (uses[index] ?? 0));
    expect(service.calls.length).toBeGreaterThanOrEqual(20);
    expect(Math.max(...gaps)).toBeLessThan(ttlMs);
  });

  it("without a ping more than the TTL asks for", async () => {
    const { clock, service, arm } = setUp();
    service.answer = (call) => void call.succeed();
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 60 * MINUTE });
    await clock.pass(8 * 60 * MINUTE);
    expect(service.calls).toHaveLength(8);
  });
});

describe("jitter", () => {
  it("keeps conversations that settled together from firing together", async () => {
    const { warmer, clock, arm } = setUp({ random: sequence(0.07) });
    const ids = Array.from({ length: 10 }, (_, index) => `c${index}`);
    for (const id of ids) await arm(id, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    expect(new Set(ids.map((id) => warmer.getState(id).nextWarmAt)).size).toBe(10);
  });

  it("only ever warms earlier, by at most 5 s of 5 minutes", async () => {
    const { clock, arm, dueInMs } = setUp({ random: () => 0.999 });
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    expect(dueInMs()).toBeGreaterThanOrEqual(275_000);
    expect(dueInMs()).toBeLessThan(280_000);
  });
});

describe("no timer is ever shorter than what was asked for", () => {
  it("a NaN interval never becomes a 1 ms timer", async () => {
    const { warmer, clock, arm } = setUp();
    await arm();
    await warmer.setIntervalMs(ID, Number.NaN);
    expect(Math.min(...clock.delays())).toBeGreaterThanOrEqual(1_000);
  });

  it("an interval beyond what a timer can hold never becomes a 1 ms timer", async () => {
    const { warmer, clock, service, arm } = setUp();
    await warmer.setIntervalMs(ID, 40 * 24 * 60 * MINUTE);
    await arm();
    await clock.pass(1_000);
    expect(service.calls).toHaveLength(0);
  });

  it("a NaN in the storage never becomes a 1 ms timer", async () => {
    const { storage, clock, arm } = setUp();
    storage.entries.set(`settings:${ID}`, '{"enabled":true,"intervalMs":null}');
    await arm();
    expect(clock.delays()).toEqual([240_000]);
  });

  it("the shortest interval pings once a second, jitter or not", async () => {
    const { warmer, clock, service, arm } = setUp({ random: () => 0.999 });
    service.answer = (call) => void call.succeed();
    await warmer.setIntervalMs(ID, 1_000);
    await arm(ID, { requestStartedAt: clock.now(), ttlMs: 5 * MINUTE });
    await clock.pass(10_000);
    expect(service.calls.length).toBeLessThanOrEqual(11);
  });
});
