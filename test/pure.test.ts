import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../src/manifest-schema.ts";
import {
  ASSUMED_TTL_MS,
  buildConversationSpec,
  buildDefaultSpec,
  type ConversationSettings,
  clampIntervalMs,
  computeCachePct,
  computeExpectedCacheRate,
  conversationOfKey,
  DEFAULT_INTERVAL_MS,
  dueAt,
  elapsedMs,
  type Instant,
  instantAt,
  isCold,
  isIntervalChosen,
  isPartial,
  isTokenCurrent,
  jitterSpanMs,
  lifeLeftMs,
  MIN_INTERVAL_MS,
  marginMs,
  msToSeconds,
  type PrefixUse,
  parseIntervalPayload,
  parseSettings,
  retryDelayMs,
  secondsToMs,
  serializeSettings,
  settingsKey,
  shouldWarm,
  withInterval,
} from "../src/pure.ts";

const OFF = { enabled: false, intervalMs: 240_000 };
const MINUTE = 60_000;

describe("constants", () => {
  it("warms every four minutes until told otherwise, and never more than once a second", () => {
    expect([DEFAULT_INTERVAL_MS, MIN_INTERVAL_MS]).toEqual([240_000, 1_000]);
  });
});

describe("computeCachePct", () => {
  it.each([
    ["what was read as a share of the whole prompt", 1_000, 800, 80],
    ["rounded", 1_000, 333, 33],
    ["rounded up from the half", 1_000, 995, 100],
    ["never over 100", 1_000, 1_200, 100],
    ["never under 0", 1_000, -100, 0],
    ["0 where nothing was read", 1_000, 0, 0],
    ["0 for an empty prompt", 0, 500, 0],
    ["0 for a negative prompt", -1, 500, 0],
    ["0 for a prompt of unknown size", Number.NaN, 500, 0],
    ["0 for a prompt of endless size", Number.POSITIVE_INFINITY, 500, 0],
    ["0 where what was read is unknown", 1_000, Number.NaN, 0],
    ["0 where what was read is endless", 1_000, Number.POSITIVE_INFINITY, 0],
  ])("is %s", (_, inputTokens, cacheReadTokens, expected) => {
    expect(computeCachePct(inputTokens, cacheReadTokens)).toBe(expected);
  });
});

describe("computeExpectedCacheRate", () => {
  it.each([
    ["what was read of what was read or written", 800, 200, 80],
    ["rounded", 333, 667, 33],
    ["100 for a warm cache", 1_000, 0, 100],
    ["0 for a lapsed one", 0, 1_000, 0],
    ["0 where nothing was cached", 0, 0, 0],
    ["0 where the sum is negative", -5, 1, 0],
    ["0 where the counts are unknown", Number.NaN, Number.NaN, 0],
    ["0 where what was read is unknown", Number.NaN, 1_000, 0],
    ["0 where what was written is unknown", 1_000, Number.NaN, 0],
    ["0 where what was read is endless", Number.POSITIVE_INFINITY, 1_000, 0],
    ["0 where what was written is endless", 1_000, Number.POSITIVE_INFINITY, 0],
    ["never under 0", -5, 10, 0],
    ["never over 100", 10, -5, 100],
  ])("is %s", (_, cacheReadTokens, cacheWriteTokens, expected) => {
    expect(computeExpectedCacheRate(cacheReadTokens, cacheWriteTokens)).toBe(expected);
  });
});

describe("what a request found in the cache", () => {
  it.each([
    ["cold", "nothing was read", 0, 1_000],
    ["cold", "as much was written as read", 500, 500],
    ["cold", "it was neither read nor written", 0, 0],
    ["partial", "a little less was written than read", 500, 499],
    ["partial", "just under 99 % was read", 989, 11],
    ["a hit", "99 % was read", 990, 10],
    ["a hit", "all was read", 1_000, 0],
  ])("is %s where %s", (expected, _, cacheReadTokens, cacheWriteTokens) => {
    const figures = { cacheReadTokens, cacheWriteTokens };
    expect([isCold(figures), isPartial(figures)]).toEqual([expected === "cold", expected === "partial"]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, null, "12"])(
    "is neither cold nor partial where a figure is %o",
    (figure) => {
      const missing = figure as number;
      for (const figures of [
        { cacheReadTokens: missing, cacheWriteTokens: missing },
        { cacheReadTokens: missing, cacheWriteTokens: 10 },
        { cacheReadTokens: 10, cacheWriteTokens: missing },
      ]) {
        expect([isCold(figures), isPartial(figures)]).toEqual([false, false]);
      }
    },
  );
});

describe("shouldWarm", () => {
  const state = { enabled: true, active: false, token: 5 };

  it("allows the current timer of an enabled, idle conversation", () => {
    expect(shouldWarm(state, 5)).toBe(true);
  });
  it("forbids it while warming is off", () => {
    expect(shouldWarm({ ...state, enabled: false }, 5)).toBe(false);
  });
  it("forbids it while a turn is active", () => {
    expect(shouldWarm({ ...state, active: true }, 5)).toBe(false);
  });
  it("forbids a timer that a later arming has replaced", () => {
    expect(shouldWarm({ ...state, token: 6 }, 5)).toBe(false);
  });
  it("calls a token current when it is the same", () => {
    expect([isTokenCurrent(5, 5), isTokenCurrent(5, 6)]).toEqual([true, false]);
  });
});

describe("parseSettings", () => {
  it.each([
    ["nothing", null],
    ["an empty string", ""],
    ["malformed JSON", "not-json{{{"],
    ["half of an object", '{"enabled":true'],
    ["an array", '[{"enabled":true}]'],
    ["a string", '"enabled"'],
    ["a number", "1"],
    ["true", "true"],
    ["null", "null"],
    ["an empty object", "{}"],
    ["an object whose fields all make no sense", '{"enabled":"yes","intervalMs":"60000"}'],
    ["nulls", '{"enabled":null,"intervalMs":null}'],
    ["a number for enabled", '{"enabled":1}'],
    ["an infinite interval", '{"intervalMs":1e999}'],
    ["a nested interval", '{"intervalMs":[60000]}'],
    ["a __proto__ that pretends", '{"__proto__":{"enabled":true,"intervalMs":1}}'],
  ])("reads %s as exactly off, with the default interval", (_, raw) => {
    expect(parseSettings(raw)).toStrictEqual(OFF);
  });

  it.each([
    ["keeps a sound interval", 60_000, 60_000],
    ["rounds", 60_000.6, 60_001],
    ["takes the minimum for zero", 0, 1_000],
    ["takes the minimum for a negative one", -500, 1_000],
    ["takes the minimum for one below it", 999, 1_000],
    ["takes the default for NaN, which JSON writes as null", Number.NaN, 240_000],
    ["keeps a very long one", 1e300, 1e300],
  ])("%s", (_, intervalMs, expected) => {
    expect(parseSettings(JSON.stringify({ enabled: true, intervalMs })).intervalMs).toBe(expected);
  });

  it("keeps the good field when the other makes no sense", () => {
    expect(parseSettings('{"enabled":true,"intervalMs":"soon"}')).toStrictEqual({ ...OFF, enabled: true });
  });

  it("is not fooled into another prototype", () => {
    const settings = parseSettings('{"__proto__":{"polluted":1},"constructor":{"prototype":{}}}');
    expect(Object.getPrototypeOf(settings)).toBe(Object.prototype);
    expect("polluted" in settings).toBe(false);
  });

  it("drops an optional field that makes no sense", () => {
    const raw = '{"enabled":true,"intervalMs":5000,"intervalChosen":"y"}';
    expect(parseSettings(raw)).toStrictEqual({ enabled: true, intervalMs: 5_000 });
  });

  it("reads what is nested very deeply", () => {
    const depth = 100_000;
    const raw = `{"enabled":true,"x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(parseSettings(raw)).toMatchObject({ enabled: true });
  });

  it("never throws, and always returns a boolean and an interval of at least a second", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          settingsLike().map((value) => JSON.stringify(value)),
        ),
        (raw) => {
          const settings = parseSettings(raw);
          expect(typeof settings.enabled).toBe("boolean");
          expect(settings.intervalMs).toBeGreaterThanOrEqual(MIN_INTERVAL_MS);
          expect(Number.isFinite(settings.intervalMs)).toBe(true);
        },
      ),
    );
  });
});

describe("serializeSettings", () => {
  it("writes JSON", () => {
    expect(JSON.parse(serializeSettings({ enabled: true, intervalMs: 5_000 }))).toEqual({
      enabled: true,
      intervalMs: 5_000,
    });
  });

  it("round-trips, fields of newer versions included", () => {
    const settings = {
      enabled: true,
      intervalMs: 5_000,
      policy: { name: "adaptive", cap: [1] },
    };
    expect(parseSettings(serializeSettings(settings as ConversationSettings))).toStrictEqual(settings);
  });

  it("settles after one round: what was parsed reads back as itself", () => {
    fc.assert(
      fc.property(settingsLike(), (value) => {
        const settings = parseSettings(JSON.stringify(value));
        expect(parseSettings(serializeSettings(settings))).toStrictEqual(settings);
      }),
    );
  });

  it("writes the fields it knows when the rest cannot be written", () => {
    const depth = 100_000;
    const settings = parseSettings(
      `{"enabled":true,"intervalChosen":true,"x":${"[".repeat(depth)}${"]".repeat(depth)}}`,
    );
    const read = parseSettings(serializeSettings(settings));
    expect(read).toMatchObject({ enabled: true, intervalMs: 240_000, intervalChosen: true });
  });

  it("writes what the published schema accepts", () => {
    fc.assert(
      fc.property(settingsLike(), (value) => {
        const written = serializeSettings(parseSettings(JSON.stringify(value)));
        expect(settingsSchema.safeParse(JSON.parse(written)).success).toBe(true);
      }),
    );
  });
});

describe("settingsKey", () => {
  it("is the conversation's id behind settings:", () => {
    expect(settingsKey("a:b")).toBe("settings:a:b");
  });
  it("is undone by conversationOfKey, which knows no other key", () => {
    expect([conversationOfKey("settings:a:b"), conversationOfKey("other:a")]).toEqual(["a:b", null]);
  });
});

describe("intervals", () => {
  it.each([
    [240_000, 240],
    [1_500, 2],
    [1_000, 1],
    [0, 0],
  ])("shows %i ms as %i s", (ms, seconds) => {
    expect(msToSeconds(ms)).toBe(seconds);
  });

  it.each([
    [240, 240_000],
    [1, 1_000],
    [0.5, 1_000],
    [1.2345, 1_235],
  ])("takes %d s as %i ms, floored at the minimum", (seconds, ms) => {
    expect(secondsToMs(seconds)).toBe(ms);
  });

  it.each([Number.NaN, 0, -5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308])(
    "takes %d s for no interval at all",
    (seconds) => {
      expect(secondsToMs(seconds)).toBeNull();
    },
  );

  it("a NaN interval never becomes a 1 ms timer", () => {
    for (const nonsense of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, 0.4]) {
      expect(clampIntervalMs(nonsense)).toBe(MIN_INTERVAL_MS);
    }
  });

  it.each([
    ["a positive number", 30, 30],
    ["a fraction", 0.5, 0.5],
    ["an object with a value", { value: 30 }, 30],
    ["NaN", Number.NaN, null],
    ["infinity", Number.POSITIVE_INFINITY, null],
    ["zero", 0, null],
    ["a negative number", -5, null],
    ["a numeric string", "30", null],
    ["an object with a numeric string", { value: "30" }, null],
    ["a nested value", { value: { value: 30 } }, null],
    ["an empty object", {}, null],
    ["an array", [30], null],
    ["null", null, null],
    ["nothing", undefined, null],
    ["true", true, null],
    ["a bigint", 30n, null],
  ])("reads %s as an interval payload", (_, payload, expected) => {
    expect(parseIntervalPayload(payload)).toBe(expected);
  });

  it("tells the default from the default chosen on purpose", () => {
    expect(isIntervalChosen(OFF)).toBe(false);
    expect(isIntervalChosen(withInterval(OFF, DEFAULT_INTERVAL_MS))).toBe(true);
  });

  it("takes any other interval for a choice", () => {
    expect(isIntervalChosen(withInterval(OFF, 60_000))).toBe(true);
    expect(withInterval(OFF, 60_000)).toStrictEqual({ enabled: false, intervalMs: 60_000 });
  });

  it("takes a choice back", () => {
    for (const chosen of [60_000, DEFAULT_INTERVAL_MS]) {
      const before = withInterval({ ...OFF, enabled: true, keepWarm: "2h" }, chosen);
      const after = withInterval(before, null);
      expect(after).toStrictEqual({ enabled: true, keepWarm: "2h", intervalMs: DEFAULT_INTERVAL_MS });
      expect(isIntervalChosen(after)).toBe(false);
    }
  });

  it("keeps the choice of the default through storage", () => {
    expect(isIntervalChosen(parseSettings(serializeSettings(withInterval(OFF, 240_000))))).toBe(true);
  });

  it("keeps every other field when the interval changes", () => {
    const settings = { ...OFF, enabled: true, newer: 1 };
    expect(withInterval(settings, 60_000)).toStrictEqual({
      enabled: true,
      newer: 1,
      intervalMs: 60_000,
    });
  });
});

describe("the two clocks", () => {
  const then: Instant = { wallMs: 1_000_000, monotonicMs: 500 };

  it("count the larger elapsed time when the laptop slept", () => {
    expect(elapsedMs(then, { wallMs: 1_060_000, monotonicMs: 1_500 })).toBe(60_000);
  });
  it("count the larger elapsed time when the wall clock was set back", () => {
    expect(elapsedMs(then, { wallMs: 900_000, monotonicMs: 60_500 })).toBe(60_000);
  });
  it("place a moment in the past on both", () => {
    expect(instantAt(940_000, then)).toEqual({ wallMs: 940_000, monotonicMs: -59_500 });
  });
  it("never place a moment in the future", () => {
    expect(instantAt(2_000_000, then)).toEqual(then);
  });
});

describe("when a warm is due", () => {
  const settle: Instant = { wallMs: 1_000_000_000, monotonicMs: 10_000 };
  const requestStart = { wallMs: settle.wallMs - 15_000, monotonicMs: settle.monotonicMs - 15_000 };
  const unknown: PrefixUse = { lastUsedAt: settle, startKnown: false, ttlMs: null };
  const known = (ttlMs: number): PrefixUse => ({ lastUsedAt: requestStart, startKnown: true, ttlMs });
  const chosen = (intervalMs: number) => withInterval({ enabled: true, intervalMs: 240_000 }, intervalMs);
  const byDefault: ConversationSettings = { enabled: true, intervalMs: 240_000 };

  it("with nothing known, exactly the interval after the settle, without jitter", () => {
    expect(dueAt(unknown, byDefault, settle.wallMs, settle, 0.9)).toBe(settle.wallMs + 240_000);
  });

  it("about 280 s after the request's start for an entry of 5 minutes", () => {
    const due = dueAt(known(300_000), byDefault, settle.wallMs, settle, 0);
    expect(due - requestStart.wallMs).toBe(280_000);
  });

  it("about 58 minutes after the request's start for an entry of an hour", () => {
    const due = dueAt(known(60 * MINUTE), byDefault, settle.wallMs, settle, 0);
    expect((due - requestStart.wallMs) / MINUTE).toBeCloseTo(57.8, 0);
  });

  it("by the interval when that was chosen and is the shorter", () => {
    expect(dueAt(known(300_000), chosen(60_000), settle.wallMs, settle, 0)).toBe(settle.wallMs + 60_000);
  });

  it("by the interval when the very default was chosen on purpose", () => {
    const due = dueAt(known(60 * MINUTE), chosen(240_000), settle.wallMs, settle, 0);
    expect(due).toBe(settle.wallMs + 240_000);
  });

  it("caps a chosen interval by the TTL", () => {
    const due = dueAt(known(300_000), chosen(50 * MINUTE), settle.wallMs, settle, 0);
    expect(due - requestStart.wallMs).toBe(280_000);
  });

  it("caps the interval by five minutes where the start is known and the TTL is not", () => {
    const use: PrefixUse = { lastUsedAt: requestStart, startKnown: true, ttlMs: null };
    const due = dueAt(use, chosen(10 * MINUTE), settle.wallMs, settle, 0);
    expect(due - requestStart.wallMs).toBe(280_000);
  });

  it("caps what the person switches on later by the life that is left", () => {
    const later = { wallMs: settle.wallMs + 100_000, monotonicMs: settle.monotonicMs + 100_000 };
    expect(dueAt(unknown, byDefault, later.wallMs, later, 0.9)).toBe(settle.wallMs + 280_000);
  });

  it("jitters only towards the earlier, and only where something is known", () => {
    expect(dueAt(known(300_000), byDefault, settle.wallMs, settle, 0.999)).toBeLessThan(
      dueAt(known(300_000), byDefault, settle.wallMs, settle, 0),
    );
  });

  it("jitters a short interval by a little of it, so that it never becomes a loop", () => {
    const due = dueAt(known(300_000), chosen(1_000), settle.wallMs, settle, 0.999);
    expect(due - settle.wallMs).toBeGreaterThanOrEqual(900);
  });

  it("spreads what is overdue, so that a restart is no burst", () => {
    const later = { wallMs: settle.wallMs + 270_000, monotonicMs: settle.monotonicMs + 270_000 };
    const dues = [0, 0.5, 0.999].map((random) =>
      dueAt(known(300_000), byDefault, settle.wallMs, later, random),
    );
    expect(new Set(dues).size).toBe(3);
    for (const due of dues) expect(due).toBeGreaterThanOrEqual(later.wallMs);
  });

  it("spreads what is overdue where nothing is known, too", () => {
    const later = { wallMs: settle.wallMs + 250_000, monotonicMs: settle.monotonicMs + 250_000 };
    const dues = [0, 0.999].map((random) => dueAt(unknown, byDefault, settle.wallMs, later, random));
    expect(dues[0]).not.toBe(dues[1]);
  });

  it("reckons from the life left when the wall clock was set back", () => {
    const hourBack = { wallMs: settle.wallMs - 60 * MINUTE, monotonicMs: settle.monotonicMs + 10_000 };
    const due = dueAt(known(300_000), byDefault, hourBack.wallMs, hourBack, 0);
    // 25 s have passed since the request's start.
    expect(due - hourBack.wallMs).toBe(255_000);
  });

  it("is never in the past, and never so late that the entry has lapsed", () => {
    fc.assert(
      fc.property(
        fc.record({
          agoMs: fc.nat(400_000),
          ttlMs: fc.option(fc.integer({ min: 100, max: 7_200_000 })),
          startKnown: fc.boolean(),
          intervalMs: fc.integer({ min: 1_000, max: 7_200_000 }),
          random: fc.double({ min: 0, max: 0.999, noNaN: true }),
        }),
        ({ agoMs, ttlMs, startKnown, intervalMs, random }) => {
          const use = { lastUsedAt: instantAt(settle.wallMs - agoMs, settle), startKnown, ttlMs };
          fc.pre(lifeLeftMs(use, settle) > 0 && (startKnown || ttlMs !== null));
          const due = dueAt(use, chosen(intervalMs), settle.wallMs, settle, random);
          expect(due).toBeGreaterThanOrEqual(settle.wallMs);
          expect(due - settle.wallMs).toBeLessThan(lifeLeftMs(use, settle) + 1);
        },
      ),
    );
  });
});

describe("the margin before a prefix expires", () => {
  it("is 20 s of 5 minutes and about 2 minutes of an hour", () => {
    expect([marginMs(300_000), marginMs(3_600_000)]).toEqual([20_000, 130_000]);
  });
  it("shrinks with a scaled-down TTL", () => {
    expect(marginMs(6_000)).toBe(400);
  });
  it("leaves room for the jitter and then for a try or two: both are functions of the TTL", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 86_400_000 }), (ttlMs) => {
        expect(marginMs(ttlMs)).toBeLessThan(ttlMs / 10);
        expect(marginMs(ttlMs)).toBeGreaterThan(jitterSpanMs(ttlMs));
      }),
    );
  });
  it("is at most half a minute of jitter, and 5 s of 5 minutes", () => {
    expect([jitterSpanMs(300_000), jitterSpanMs(86_400_000)]).toEqual([5_000, 30_000]);
  });
});

describe("the life left to a prefix", () => {
  const start: Instant = { wallMs: 1_000, monotonicMs: 1_000 };

  it("is its TTL less what has passed since its last use", () => {
    const use = { lastUsedAt: start, startKnown: true, ttlMs: 60_000 };
    expect(lifeLeftMs(use, { wallMs: 41_000, monotonicMs: 41_000 })).toBe(20_000);
  });
  it("takes an unknown TTL for 5 minutes", () => {
    expect(ASSUMED_TTL_MS).toBe(300_000);
    expect(lifeLeftMs({ lastUsedAt: start, startKnown: false, ttlMs: null }, start)).toBe(300_000);
  });
});

describe("the wait before another try", () => {
  it("doubles from a second, up to 30 s", () => {
    const delays = [1, 2, 3, 4, 5, 6, 7].map((attempt) => retryDelayMs(attempt, undefined, null, 0));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });
  it("is at least what the other side asked for", () => {
    expect(retryDelayMs(1, 12_000, null, 0)).toBe(12_000);
  });
  it("stays the own backoff where less was asked for", () => {
    expect(retryDelayMs(4, 3_000, null, 0)).toBe(8_000);
  });
  it("is up to a quarter longer, so that many do not come back together", () => {
    expect(retryDelayMs(1, undefined, null, 0.999)).toBeGreaterThan(1_200);
    expect(retryDelayMs(1, undefined, null, 0.999)).toBeLessThanOrEqual(1_250);
  });
  it("shrinks with a scaled-down TTL", () => {
    expect(retryDelayMs(1, undefined, 6_000, 0)).toBe(20);
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0])(
    "does not believe a Retry-After of %d",
    (retryAfterMs) => {
      expect(retryDelayMs(1, retryAfterMs, null, 0)).toBe(1_000);
    },
  );
  it("stays finite however often it failed", () => {
    expect(retryDelayMs(5_000, undefined, null, 0)).toBe(30_000);
  });
});

describe("buildConversationSpec", () => {
  it("is these fields, in this order", () => {
    expect(buildConversationSpec(true, 240_000, 80, 95, 1_000, 500)).toStrictEqual({
      id: "cache-warming",
      region: "side",
      title: "Cache Warming",
      fields: [
        { kind: "toggle", label: "Enabled", value: true, action: { actionId: "cache-warming/toggle" } },
        {
          kind: "number",
          label: "Refresh Interval",
          value: 240,
          min: 1,
          step: 1,
          unit: "s",
          action: { actionId: "cache-warming/set-interval" },
        },
        { kind: "stat", label: "Last Cache %", value: "80%" },
        { kind: "stat", label: "Cache retention", value: "95%" },
        {
          kind: "custom",
          rendererId: "cache-warming-timer",
          payload: { nextWarmAt: 1_000, lastWarmAt: 500 },
        },
      ],
    });
  });

  it("shows a dash for percentages that are not known yet, and 0% for those that are", () => {
    const values = (pct: number | null) =>
      buildConversationSpec(false, 120_000, pct, pct, null, null).fields.flatMap((field) =>
        field.kind === "stat" ? [field.value] : [],
      );
    expect([values(null), values(0)]).toEqual([
      ["—", "—"],
      ["0%", "0%"],
    ]);
  });

  it("hands the timer nulls while there is nothing to count down to", () => {
    expect(buildConversationSpec(false, 120_000, null, null, null, null).fields[4]).toStrictEqual({
      kind: "custom",
      rendererId: "cache-warming-timer",
      payload: { nextWarmAt: null, lastWarmAt: null },
    });
  });

  it("adds why, spent, saved and net when they are given, and only then", () => {
    const details = { why: "Off.", spentUsd: 0.0123, savedUsd: 0.5, netUsd: -0.25 };
    const { fields } = buildConversationSpec(true, 240_000, null, null, null, null, details);
    expect(fields.slice(5)).toStrictEqual([
      { kind: "stat", label: "Status", value: "Off." },
      { kind: "stat", label: "Spent", value: "$0.012" },
      { kind: "stat", label: "Saved", value: "$0.50" },
      { kind: "stat", label: "Net", value: "−$0.25" },
    ]);
  });

  it("adds each detail by itself", () => {
    const { fields } = buildConversationSpec(true, 240_000, null, null, null, null, { netUsd: 0 });
    expect(fields.slice(5)).toStrictEqual([{ kind: "stat", label: "Net", value: "$0.00" }]);
  });
});

describe("buildDefaultSpec", () => {
  it("says that no conversation has the focus, and nothing else", () => {
    expect(buildDefaultSpec()).toStrictEqual({
      id: "cache-warming",
      region: "side",
      title: "Cache Warming",
      fields: [{ kind: "stat", label: "Status", value: "No conversation focused" }],
    });
  });
});

/** What a storage may hold under a settings key: sound, odd, or from a newer version. */
function settingsLike() {
  return fc.record(
    {
      enabled: fc.oneof(fc.boolean(), fc.jsonValue()),
      intervalMs: fc.oneof(fc.double(), fc.integer(), fc.jsonValue()),
      intervalChosen: fc.oneof(fc.boolean(), fc.jsonValue()),
      newer: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
}
