import fc from "fast-check";
import { expect, it } from "vitest";
import type { WarmingStats } from "../../../src/prewarm/cache/index.ts";
import { world } from "./warmer-world.ts";

const key = fc.nat(30).map(String);
const wish = fc.record({
  keys: fc.option(fc.uniqueArray(key, { maxLength: 20 }), { nil: undefined }),
  refresh: fc.boolean(),
  afterMs: fc.nat(500),
  calledOffAfterMs: fc.option(fc.nat(2_000), { nil: undefined, freq: 4 }),
});
const config = fc.record({
  maxWorkers: fc.integer({ min: 1, max: 5 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  maxRetries: fc.nat(2),
  timeoutMs: fc.constant(60_000),
});

it("whatever is asked for: the bound holds, no key is lost, no run overlaps, and the stats add up", async () => {
  await fc.assert(
    fc.asyncProperty(
      config,
      fc.uniqueArray(key, { maxLength: 25 }),
      fc.array(wish, { minLength: 1, maxLength: 6 }),
      fc.uniqueArray(key, { maxLength: 4 }),
      fc.func(fc.nat(300)),
      async (rules, provided, wishes, bad, takesMs) => {
        const { warmer, clock, under, cache } = world({
          keys: provided,
          takesMs: (one) => 1 + takesMs(one),
          config: rules,
          fails: (one) => (bad.includes(one) ? new Error("bad") : undefined),
          honoursAbort: true,
        });
        let running = 0;
        const ended: WarmingStats[] = [];
        warmer.events.on("started", () => expect(++running).toBe(1));
        warmer.events.on("ended", (stats) => {
          running--;
          ended.push(stats);
        });
        const results: { wanted: readonly string[]; stats: Promise<WarmingStats> }[] = [];
        for (const { keys, refresh, afterMs, calledOffAfterMs } of wishes) {
          await clock.pass(afterMs);
          const abort = new AbortController();
          if (calledOffAfterMs !== undefined) clock.after(calledOffAfterMs, () => abort.abort());
          const stats = warmer.warm(keys, { refresh, signal: abort.signal });
          results.push({ wanted: keys ?? provided, stats });
        }
        // Each pass lets some promises settle: what follows another run may need more of them.
        for (let passes = 0; passes < 40; passes++) await clock.pass(100_000);
        expect(under.most).toBeLessThanOrEqual(rules.maxWorkers);
        expect(under.now).toBe(0);
        for (const { wanted, stats } of results) {
          const told = await stats;
          expect(
            told.keysWarmed + told.keysFailed + told.keysSkipped + told.keysCancelled,
          ).toBeGreaterThanOrEqual(wanted.length);
          if (told.keysCancelled > 0) continue;
          for (const one of wanted) expect(cache.has(one)).toBe(!bad.includes(one));
        }
        const sum = (name: "keysWarmed" | "keysFailed" | "keysSkipped" | "keysCancelled" | "totalMs") =>
          ended.reduce((total, stats) => total + stats[name], 0);
        const { stats } = warmer;
        for (const name of ["keysWarmed", "keysFailed", "keysSkipped", "keysCancelled", "totalMs"] as const)
          expect(stats[name]).toBe(sum(name));
        const tried = stats.keysWarmed + stats.keysFailed;
        expect(stats.successRate).toBe(tried === 0 ? 1 : stats.keysWarmed / tried);
        // Nothing is left behind.
        expect(clock.liveTimers()).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
