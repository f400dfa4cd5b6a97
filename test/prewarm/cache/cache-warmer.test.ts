import { describe, expect, it } from "vitest";
import {
  AccessTracker,
  BatchValueLoader,
  CallableKeyProvider,
  type WarmingProgress,
  type WarmingStats,
} from "../../../src/prewarm/cache/index.ts";
import { settled } from "../../support/virtual-clock.ts";
import { world } from "./warmer-world.ts";

const KEYS = ["a", "b", "c", "d", "e", "f", "g"];

describe("warm()", () => {
  it("fills the cache with the keys of the provider", async () => {
    const { warmer, cache, clock } = world({ keys: KEYS });
    const warming = warmer.warm();
    await clock.pass(1_000);
    const stats = await warming;
    expect([...cache]).toEqual(KEYS.map((key) => [key, `${key} 1`]));
    expect(stats).toMatchObject({
      keysWarmed: 7,
      keysFailed: 0,
      totalMs: 200,
      lastWarmingAt: 1_790_000_000_200,
    });
    expect(stats.successRate).toBe(1);
  });

  it("warms the keys it is told, each once", async () => {
    const { warmer, cache, clock, loads } = world({ keys: KEYS });
    const warming = warmer.warm(["x", "y", "x"]);
    await clock.pass(1_000);
    expect((await warming).keysWarmed).toBe(2);
    expect([...cache.keys()]).toEqual(["x", "y"]);
    expect(loads).toEqual(["x", "y"]);
  });

  it("leaves what is warm as it is, unless it is to refresh", async () => {
    const { warmer, cache, clock, change } = world({ keys: ["a", "b"] });
    const run = async (options = {}) => {
      const warming = warmer.warm(undefined, options);
      await clock.pass(1_000);
      return warming;
    };
    await run();
    change();
    expect(await run()).toMatchObject({ keysWarmed: 0, keysSkipped: 2 });
    expect(cache.get("a")).toBe("a 1");
    expect(await run({ refresh: true })).toMatchObject({ keysWarmed: 2, keysSkipped: 0 });
    expect(cache.get("a")).toBe("a 2");
  });

  it("gives a second caller the result of the run under way", async () => {
    const { warmer, clock, loads } = world({ keys: KEYS });
    const first = warmer.warm();
    await clock.pass(50);
    const second = warmer.warm();
    const some = warmer.warm(["b", "g"]);
    await clock.pass(1_000);
    expect(await second).toBe(await first);
    expect(await some).toBe(await first);
    expect(loads).toEqual(KEYS);
  });

  it("runs after the one under way what that one leaves out", async () => {
    const { warmer, clock, cache, loads } = world({ keys: ["a", "b"] });
    const first = warmer.warm();
    const more = warmer.warm(["b", "z"]);
    const refreshed = warmer.warm(undefined, { refresh: true });
    await clock.pass(1_000);
    expect((await first).keysWarmed).toBe(2);
    expect(await more).toMatchObject({ keysWarmed: 1, keysSkipped: 1 });
    expect((await refreshed).keysWarmed).toBe(2);
    expect([...cache.keys()]).toEqual(["a", "b", "z"]);
    expect(loads).toEqual(["a", "b", "z", "a", "b"]);
  });

  it("loads no more at once than it has workers", async () => {
    const { warmer, clock, under } = world({ keys: KEYS, config: { maxWorkers: 3, batchSize: 5 } });
    const warming = warmer.warm();
    void warmer.warmKey("x");
    await clock.pass(2_000);
    await warming;
    expect(under.most).toBe(3);
  });

  it("goes on after a bad key, counts it, and says so in the log", async () => {
    const { warmer, clock, cache, logger } = world({
      keys: KEYS,
      config: { maxRetries: 0 },
      fails: (key) => (key === "c" ? new Error("no such row") : undefined),
    });
    const warming = warmer.warm();
    await clock.pass(1_000);
    const stats = await warming;
    expect(stats).toMatchObject({
      keysWarmed: 6,
      keysFailed: 1,
      errors: [{ key: "c", message: "no such row" }],
    });
    expect(stats.successRate).toBeCloseTo(6 / 7);
    expect(cache.has("c")).toBe(false);
    expect(logger.at("error")).toEqual([
      {
        level: "error",
        message: "keepwarm: a key could not be warmed",
        attributes: { key: "c", error: "no such row" },
      },
    ]);
  });

  it("logs what its key provider throws, and throws it", async () => {
    const { warmer, logger } = world({
      keys: new CallableKeyProvider<string>(async () => {
        throw new Error("no keys today");
      }),
    });
    await expect(warmer.warm()).rejects.toThrow("no keys today");
    expect(logger.at("error")[0]?.attributes).toEqual({ error: "no keys today" });
    expect(warmer.stats.errors).toEqual([{ key: null, message: "no keys today" }]);
  });

  it("is called off by its signal: what is under way is aborted, and nothing else begins", async () => {
    const { warmer, clock, cache, loads } = world({
      keys: KEYS,
      config: { maxWorkers: 2 },
      honoursAbort: true,
    });
    const abort = new AbortController();
    const warming = warmer.warm(undefined, { signal: abort.signal });
    await clock.pass(150);
    abort.abort();
    await clock.pass(1_000);
    expect(await warming).toMatchObject({ keysWarmed: 2, keysFailed: 0, keysCancelled: 5 });
    expect(loads).toEqual(["a", "b", "c", "d"]);
    expect([...cache.keys()]).toEqual(["a", "b"]);
  });

  it("puts nothing into the cache that comes after it was called off", async () => {
    const { warmer, clock, cache } = world({ keys: ["a"] });
    const abort = new AbortController();
    const warming = warmer.warm(undefined, { signal: abort.signal });
    await clock.pass(50);
    abort.abort();
    await clock.pass(1_000);
    expect((await warming).keysCancelled).toBe(1);
    expect(cache.size).toBe(0);
  });

  it("tells how far it is", async () => {
    const { warmer, clock } = world({ keys: ["a", "b", "c"], config: { maxWorkers: 1 } });
    const progress: WarmingProgress[] = [];
    const ended: WarmingStats[] = [];
    warmer.events.on("progress", (one) => progress.push(one));
    warmer.events.on("ended", (stats) => ended.push(stats));
    warmer.events.on("warmed", () => {
      throw new Error("a listener's own trouble");
    });
    const warming = warmer.warm();
    await clock.pass(1_000);
    expect(progress).toEqual([1, 2, 3].map((done) => ({ done, inAll: 3, failed: 0 })));
    expect(ended).toEqual([await warming]);
  });

  it("warms in the background without a rejection that nobody handles", async () => {
    const { warmer, logger } = world({
      keys: new CallableKeyProvider<string>(() => {
        throw new Error("no keys today");
      }),
    });
    expect(warmer.warmInBackground()).toBe(undefined);
    await settled();
    expect(logger.at("error")).toHaveLength(1);
  });
});

describe("a load that fails", () => {
  it("is tried again, exponentially later, up to the most retries", async () => {
    const at: number[] = [];
    const { warmer, clock, loads } = world({
      keys: ["a"],
      takesMs: () => 0,
      fails: () => {
        at.push(clock.now());
        return new Error("busy");
      },
      config: { maxRetries: 3, backoffMs: 1_000 },
    });
    const warming = warmer.warm();
    await clock.pass(60_000);
    expect((await warming).keysFailed).toBe(1);
    expect(loads).toHaveLength(4);
    const gaps = at.slice(1).map((one, index) => one - (at[index] ?? 0));
    // Each load takes the 1 ms that no timer is shorter than.
    expect(gaps).toEqual([1_001, 2_001, 4_001]);
  });

  it("succeeds in the end, and then counts as warmed", async () => {
    const { warmer, clock, logger } = world({
      keys: ["a"],
      fails: (_, attempt) => (attempt < 3 ? new Error("busy") : undefined),
    });
    const warming = warmer.warm();
    await clock.pass(60_000);
    expect(await warming).toMatchObject({ keysWarmed: 1, keysFailed: 0 });
    expect(logger.at("warn").map(({ attributes }) => attributes.tries)).toEqual([1, 2]);
  });

  it("is not tried again where that is switched off, or cannot help", async () => {
    const failing = { keys: ["a"], fails: () => new Error("busy") };
    const off = world({ ...failing, config: { retryOnFailure: false } });
    const one = off.warmer.warm();
    await off.clock.pass(60_000);
    await one;
    expect(off.loads).toHaveLength(1);
    const permanent = world({ ...failing, fails: () => Object.assign(new Error("no"), { permanent: true }) });
    const other = permanent.warmer.warm();
    await permanent.clock.pass(60_000);
    await other;
    expect(permanent.loads).toHaveLength(1);
  });

  it("waits as long as the other side has asked for", async () => {
    const { warmer, clock, loads } = world({
      keys: ["a"],
      takesMs: () => 0,
      fails: (_, attempt) =>
        attempt === 1 ? Object.assign(new Error("429"), { retryAfterMs: 20_000 }) : undefined,
    });
    const warming = warmer.warm();
    await clock.pass(19_000);
    expect(loads).toHaveLength(1);
    await clock.pass(2_000);
    expect((await warming).keysWarmed).toBe(1);
  });

  it("takes up to half less as jitter", async () => {
    const { warmer, clock, loads } = world({
      keys: ["a"],
      takesMs: () => 0,
      fails: (_, attempt) => (attempt === 1 ? new Error("busy") : undefined),
      random: () => 0.999_999,
    });
    const warming = warmer.warm();
    await clock.pass(490);
    expect(loads).toHaveLength(1);
    await clock.pass(20);
    expect((await warming).keysWarmed).toBe(1);
  });

  it("is given up when it takes too long, and its signal aborts", async () => {
    const { warmer, clock, cache } = world({
      keys: ["slow", "quick"],
      takesMs: (key) => (key === "slow" ? 5_000 : 10),
      config: { timeoutMs: 1_000, maxRetries: 0 },
    });
    const warming = warmer.warm();
    await clock.pass(1_001);
    expect(await warming).toMatchObject({
      keysWarmed: 1,
      keysFailed: 1,
      errors: [{ key: "slow", message: "it took longer than 1000 ms" }],
    });
    await clock.pass(10_000);
    expect([...cache.keys()]).toEqual(["quick"]);
  });
});

describe("warmKey() and get()", () => {
  it("loads a key on first access, and once for all who ask meanwhile", async () => {
    const tracker = new AccessTracker<string>();
    const { warmer, clock, loads } = world({ config: { strategy: "lazy" }, tracker });
    const asked = [warmer.get("a"), warmer.get("a"), warmer.get("a")];
    await clock.pass(200);
    expect(await Promise.all(asked)).toEqual(["a 1", "a 1", "a 1"]);
    expect(await warmer.get("a")).toBe("a 1");
    expect(loads).toEqual(["a"]);
    expect(tracker.count("a")).toBe(4);
  });

  it("logs what a load threw before it throws it", async () => {
    const { warmer, clock, logger } = world({ fails: () => new Error("gone"), config: { maxRetries: 0 } });
    const warming = expect(warmer.warmKey("a")).rejects.toThrow("gone");
    await clock.pass(200);
    await warming;
    expect(logger.at("error")[0]?.attributes).toEqual({ key: "a", error: "gone" });
    expect(warmer.stats).toMatchObject({ keysFailed: 1, keysWarmed: 0 });
  });

  it("loads on for who asks while another's load of the same key is called off", async () => {
    const { warmer, clock } = world({ keys: ["a"] });
    const abort = new AbortController();
    const run = warmer.warm(undefined, { signal: abort.signal });
    await clock.pass(50);
    const asked = warmer.warmKey("a");
    abort.abort();
    await clock.pass(1_000);
    expect((await run).keysCancelled).toBe(1);
    expect(await asked).toBe("a 1");
  });
});

describe("a batch", () => {
  const batched = (load: (keys: readonly string[]) => ReadonlyMap<string, string>) => {
    const batches: string[][] = [];
    const loader = new BatchValueLoader<string, string>((keys) => {
      batches.push([...keys]);
      return load(keys);
    });
    return { batches, loader };
  };

  it("is as large as it may be, and what it loads serves the single loads", async () => {
    const { batches, loader } = batched((keys) => new Map(keys.map((key) => [key, key])));
    const { warmer, cache } = world({ keys: KEYS, loader, config: { batchSize: 3 } });
    expect((await warmer.warm()).keysWarmed).toBe(7);
    expect(batches).toEqual([["a", "b", "c"], ["d", "e", "f"], ["g"]]);
    expect([...cache.keys()]).toEqual(KEYS);
  });

  it("that fails is loaded one by one, so that one bad key stops no other", async () => {
    const { loader } = batched((keys) => {
      if (keys.includes("b")) throw new Error("b is broken");
      return new Map(keys.map((key) => [key, key]));
    });
    const { warmer, clock, cache } = world({ keys: ["a", "b", "c"], loader, config: { maxRetries: 0 } });
    const warming = warmer.warm();
    await clock.pass(1_000);
    expect(await warming).toMatchObject({ keysWarmed: 2, keysFailed: 1 });
    expect([...cache.keys()]).toEqual(["a", "c"]);
  });

  it("that lacks a key fails for that one alone", async () => {
    const { loader } = batched((keys) => new Map(keys.filter((key) => key !== "b").map((key) => [key, key])));
    const { warmer, clock } = world({ keys: ["a", "b", "c"], loader, config: { maxRetries: 0 } });
    const warming = warmer.warm();
    await clock.pass(1_000);
    expect(await warming).toMatchObject({
      keysWarmed: 2,
      errors: [{ key: "b", message: "the loader gave no value for it" }],
    });
  });
});

describe("start() and stop()", () => {
  it("eager: warms all keys once, at the start", async () => {
    const { warmer, clock, loads } = world({ keys: ["a", "b"], config: { strategy: "eager" } });
    warmer.start();
    warmer.start();
    await clock.pass(3_600_000);
    expect(loads).toEqual(["a", "b"]);
  });

  it("lazy: warms nothing by itself", async () => {
    const { warmer, clock, loads } = world({ keys: ["a", "b"], config: { strategy: "lazy" } });
    warmer.start();
    await clock.pass(3_600_000);
    expect(loads).toEqual([]);
  });

  it("scheduled: refreshes all keys, every interval, until it is stopped", async () => {
    const { warmer, clock, loads } = world({
      keys: ["a"],
      config: { strategy: "scheduled", refreshIntervalMs: 60_000 },
    });
    warmer.start();
    await clock.pass(59_999);
    expect(loads).toHaveLength(0);
    await clock.pass(600_000);
    expect(loads).toHaveLength(10);
    await warmer.stop();
    await clock.pass(600_000);
    expect(loads).toHaveLength(10);
    expect(clock.liveTimers()).toBe(0);
  });

  it("scheduled: runs when a cron expression says, in its time zone", async () => {
    const { warmer, clock, loads } = world({
      keys: ["a"],
      config: { strategy: "scheduled", cron: "30 8 * * 1-5", timeZone: "Europe/Berlin" },
    });
    const at: string[] = [];
    warmer.events.on("started", () => at.push(new Date(clock.now()).toISOString().slice(0, 16)));
    warmer.start();
    // From Monday 2026-09-21 13:33 UTC on, a week.
    await clock.pass(7 * 86_400_000);
    expect(loads).toHaveLength(5);
    expect(at).toEqual(["22", "23", "24", "25", "28"].map((day) => `2026-09-${day}T06:30`));
    await warmer.stop();
  });

  it("scheduled: never runs twice at once, however long a run takes", async () => {
    const { warmer, clock, under, loads } = world({
      keys: ["a"],
      takesMs: () => 150_000,
      config: { strategy: "scheduled", refreshIntervalMs: 60_000, timeoutMs: 1_000_000 },
    });
    warmer.start();
    await clock.pass(1_000_000);
    expect(under.most).toBe(1);
    // Due every 60 s, and each takes 150 s: every third.
    expect(loads).toHaveLength(6);
    void warmer.stop();
  });

  it("adaptive: refreshes what is hot by then", async () => {
    const tracker = new AccessTracker<string>();
    const { warmer, clock, loads } = world({ tracker, keys: null, config: { strategy: "adaptive" } });
    tracker.record("once");
    warmer.start();
    for (const key of ["often", "often", "later"]) tracker.record(key);
    await clock.pass(300_200);
    expect(loads).toEqual(["often"]);
    tracker.record("later");
    await clock.pass(300_000);
    expect(loads).toEqual(["often", "often", "later"]);
    void warmer.stop();
  });

  it("stop() calls off the run that start() began", async () => {
    const { warmer, clock, cache } = world({
      keys: KEYS,
      config: { strategy: "eager", maxWorkers: 1 },
      honoursAbort: true,
    });
    warmer.start();
    await clock.pass(250);
    const stopped = warmer.stop();
    await clock.pass(1_000);
    await stopped;
    expect([...cache.keys()]).toEqual(["a", "b"]);
    expect(warmer.stats).toMatchObject({ keysWarmed: 2, keysCancelled: 5 });
  });
});

describe("a configuration", () => {
  it("has the defaults that the documentation tells", () => {
    expect(world({}).warmer.config).toEqual({
      strategy: "lazy",
      batchSize: 100,
      maxWorkers: 4,
      refreshIntervalMs: 300_000,
      timeoutMs: 60_000,
      retryOnFailure: true,
      maxRetries: 3,
      backoffMs: 1_000,
      maxBackoffMs: 30_000,
    });
  });

  it.each([
    [{ batchSize: 0 }],
    [{ maxWorkers: 1.5 }],
    [{ refreshIntervalMs: Number.NaN }],
    [{ refreshIntervalMs: 2 ** 31 }],
    [{ strategy: "hopeful" }],
    [{ workers: 3 }],
    [{ strategy: "scheduled", cron: "every now and then" }],
  ])("is refused when it makes no sense: %j", (config) => {
    expect(() => world({ config: config as never })).toThrow();
  });
});
