import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AccessTracker, AdaptiveKeyProvider } from "../../../src/prewarm/cache/index.ts";

function tracked(options: { maxKeys?: number; halfLifeMs?: number } = {}) {
  const clock = { now: 1_000_000 };
  return { clock, tracker: new AccessTracker<string>({ ...options, now: () => clock.now }) };
}

describe("an access tracker", () => {
  it("counts, and knows the last access", () => {
    const { tracker, clock } = tracked();
    tracker.record("a");
    clock.now += 5;
    tracker.record("a");
    expect(tracker.count("a")).toBe(2);
    expect(tracker.lastAccessAt("a")).toBe(1_000_005);
    expect(tracker.count("b")).toBe(0);
    expect(tracker.lastAccessAt("b")).toBe(null);
  });

  it("tells hot keys from a threshold on, the hottest first, and no more than asked for", () => {
    const { tracker } = tracked();
    for (const key of "abacabad") tracker.record(key);
    expect(tracker.hotKeys(1)).toEqual(["a", "b", "c", "d"]);
    expect(tracker.hotKeys(2)).toEqual(["a", "b"]);
    expect(tracker.hotKeys(1, 3)).toEqual(["a", "b", "c"]);
  });

  it("tells recent keys, the last one first, and no more than asked for", () => {
    const { tracker, clock } = tracked();
    for (const key of ["a", "b", "c"]) {
      tracker.record(key);
      clock.now += 1_000;
    }
    expect(tracker.recentKeys(2_000)).toEqual(["c", "b"]);
    expect(tracker.recentKeys(10_000, 1)).toEqual(["c"]);
  });

  it("forgets the half that was used longest ago once there are too many", () => {
    const { tracker, clock } = tracked({ maxKeys: 4 });
    for (const key of ["a", "b", "c", "d", "a", "e"]) {
      tracker.record(key);
      clock.now += 1;
    }
    expect(tracker.size).toBe(2);
    expect(tracker.recentKeys(1_000)).toEqual(["e", "a"]);
  });

  it("remembers 10,000 keys by default", () => {
    const { tracker } = tracked();
    for (let key = 0; key < 10_000; key++) tracker.record(String(key));
    expect(tracker.size).toBe(10_000);
    tracker.record("one more");
    expect(tracker.size).toBe(5_000);
    expect(tracker.count("one more")).toBe(1);
  });

  it("lets accesses fade by half in each half-life, so that yesterday's hot key is not today's", () => {
    const { tracker, clock } = tracked({ halfLifeMs: 3_600_000 });
    for (let times = 0; times < 8; times++) tracker.record("yesterday's");
    clock.now += 3_600_000;
    expect(tracker.count("yesterday's")).toBe(4);
    clock.now += 23 * 3_600_000;
    tracker.record("today's");
    expect(tracker.hotKeys(0)).toEqual(["today's", "yesterday's"]);
    expect(tracker.hotKeys(0.5)).toEqual(["today's"]);
  });

  it("takes two accesses, one after the other, for two", () => {
    const { tracker, clock } = tracked({ halfLifeMs: 3_600_000 });
    tracker.record("a");
    clock.now += 5_000;
    tracker.record("a");
    expect(tracker.hotKeys(2)).toEqual(["a"]);
    clock.now += 3_600_000;
    expect(tracker.hotKeys(2)).toEqual([]);
  });

  it("makes nothing hotter when the clock is set back", () => {
    const { tracker, clock } = tracked({ halfLifeMs: 1_000 });
    tracker.record("a");
    clock.now -= 60_000;
    expect(tracker.count("a")).toBe(1);
    tracker.record("a");
    expect(tracker.count("a")).toBe(2);
  });

  it.each([[{ maxKeys: 0 }], [{ maxKeys: 1.5 }], [{ halfLifeMs: 0 }], [{ halfLifeMs: Number.NaN }]])(
    "refuses %j",
    (options) => {
      expect(() => new AccessTracker(options)).toThrow(RangeError);
    },
  );

  it("agrees with a plain count, whatever is recorded, as long as nothing is trimmed", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d", "e")), (keys) => {
        const { tracker } = tracked();
        for (const key of keys) tracker.record(key);
        for (const key of "abcde") expect(tracker.count(key)).toBe(keys.filter((one) => one === key).length);
      }),
    );
  });

  it("never remembers more than it may, and always the key recorded last", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        (keys, maxKeys) => {
          const { tracker, clock } = tracked({ maxKeys });
          for (const key of keys) {
            tracker.record(String(key));
            clock.now += 1;
            expect(tracker.size).toBeLessThanOrEqual(maxKeys);
            expect(tracker.recentKeys(1_000_000, 1)).toEqual([String(key)]);
          }
        },
      ),
    );
  });
});

describe("an adaptive key provider", () => {
  it("gives the hot keys, and the recent ones where that is wanted", () => {
    const { tracker, clock } = tracked();
    for (const key of ["a", "a", "old"]) tracker.record(key);
    clock.now += 60_000;
    tracker.record("new");
    expect(new AdaptiveKeyProvider(tracker).keys()).toEqual(["a"]);
    expect(new AdaptiveKeyProvider(tracker, { recentMs: 1_000 }).keys()).toEqual(["a", "new"]);
    expect(new AdaptiveKeyProvider(tracker, { threshold: 1, limit: 2 }).keys()).toEqual(["a", "old"]);
  });
});
