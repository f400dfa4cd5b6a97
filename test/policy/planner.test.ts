import { describe, expect, it } from "vitest";
import type { Prices } from "../../src/host.ts";
import { createPlanner, type IdleSpan, type PlannerOptions } from "../../src/policy/index.ts";
import { createMemoryStorage } from "../../src/storage/index.ts";

const HOUR_MS = 3_600_000;
const NOW = 1_800_000_000_000;

/** $5 a million: a warm of this span's 100,000 tokens costs 5 cents. */
const prices: Prices = {
  costUsd: () => null,
  ratesOf: () => ({ input: 5e-6, read: 5e-7, write5m: 6.25e-6, write1h: 1e-5 }),
};

const span: IdleSpan = {
  conversationId: "a",
  now: NOW + 280_000,
  turnStartedAt: NOW,
  settledAt: NOW + 5_000,
  ttlMs: 300_000,
  dueAt: NOW + 280_000,
  everyMs: 280_000,
  warms: 0,
  spentUsd: 0,
  keepWarm: "always",
  turn: {
    modelName: "claude-opus-5-5",
    stopReason: "end_turn",
    usage: { inputTokens: 100_010, outputTokens: 5, cacheReadTokens: 99_000, cacheWriteTokens: 1_000 },
  },
};

const decides = (options: PlannerOptions, change: Partial<IdleSpan> = {}) =>
  createPlanner({ prices, ...options }).plan({ ...span, ...change });

describe("a planner", () => {
  it("does as the conversation's own choice says, and else as the standard does", () => {
    expect(decides({}).warmAt).toBe(span.dueAt);
    expect(decides({}, { keepWarm: "1 ping", warms: 1 }).stop).toBe(true);
    expect(decides({ keepWarm: { kind: "fixed", warms: 0 } }, { keepWarm: undefined }).stop).toBe(true);
    expect(decides({ keepWarm: { kind: "always" } }, { keepWarm: "what is this" }).warmAt).toBe(span.dueAt);
  });

  it("takes a tool that asks the person something for a question, and any other for a tool", () => {
    const idle = { keepWarm: "auto", now: NOW + HOUR_MS, dueAt: NOW + HOUR_MS };
    const chanceAfter = (turn: Partial<IdleSpan["turn"]>) =>
      decides({}, { ...idle, turn: { ...span.turn, ...turn } }).pReturn;
    const question = chanceAfter({ stopReason: "tool_use", asksPerson: true });
    const tool = chanceAfter({ stopReason: "tool_use" });
    const end = chanceAfter({ stopReason: "end_turn" });
    expect(new Set([question, tool, end]).size).toBe(3);
    // A turn that was cut short asks nothing.
    expect(chanceAfter({ stopReason: "max_tokens", asksPerson: true })).toBe(
      chanceAfter({ stopReason: "max_tokens" }),
    );
  });

  it.each([
    ["for one pause", { spanUsd: 0.1 }, { spentUsd: 0.06 }, /one pause/],
    ["of zero for one pause", { spanUsd: 0 }, {}, /one pause/],
    ["of zero for a day", { dayUsd: 0 }, {}, /24 hours|one day|1 day/],
    ["for short prefixes", { minPrefixTokens: 100_001 }, {}, /shorter/],
  ])("holds the person's limit %s, whatever was chosen, by hand too", (_, caps, change, reason) => {
    const planner = createPlanner({ prices, caps });
    const plan = planner.plan({ ...span, ...change });
    expect(plan.stop).toBe(true);
    expect(plan.reason).toMatch(reason);
    expect(planner.limit({ ...span, ...change })).toMatch(reason);
    expect(planner.limit({ ...span, ...change, keepWarm: "0 pings" })).toMatch(reason);
  });

  it("holds the day's limit over all conversations, over a restart, and lets go of it a day later", async () => {
    const storage = createMemoryStorage();
    const first = createPlanner({ prices, caps: { dayUsd: 0.1 }, storage });
    await new Promise((resolve) => setImmediate(resolve));
    expect(first.plan(span).warmAt).toBe(span.dueAt);
    first.spent(0.06, span.now);
    expect(first.plan({ ...span, conversationId: "b" }).stop).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    const second = createPlanner({ prices, caps: { dayUsd: 0.1 }, storage });
    // Before it has been read nothing is sent.
    expect(second.plan(span).askAgainAt).toBeGreaterThan(span.now);
    expect(second.limit(span)).not.toBeNull();
    await new Promise((resolve) => setImmediate(resolve));
    expect(second.plan(span).stop).toBe(true);
    const tomorrow = { ...span, now: span.now + 26 * HOUR_MS, dueAt: span.dueAt + 26 * HOUR_MS };
    // What others spent meanwhile is read first.
    expect(second.plan(tomorrow).askAgainAt).toBeGreaterThan(tomorrow.now);
    await new Promise((resolve) => setImmediate(resolve));
    expect(second.plan(tomorrow).warmAt).toBe(tomorrow.dueAt);
  });

  it("holds the day's limit over all who share the place where it is kept, at the same time", async () => {
    const storage = createMemoryStorage();
    const planners = [1, 2, 3].map(() => createPlanner({ prices, caps: { dayUsd: 0.1 }, storage }));
    const read = () => new Promise((resolve) => setImmediate(resolve));
    await read();
    for (const planner of planners) {
      expect(planner.plan({ ...span, now: NOW + 5_000 }).warmAt).toBe(span.dueAt);
    }
    const [first, ...others] = planners;
    first?.spent(0.04, span.now);
    others[0]?.spent(0.05, span.now);
    await read();
    const due = { ...span, now: span.dueAt };
    for (const planner of planners) {
      // What others spent meanwhile is read before anything is sent, and nothing is sent until then.
      expect(planner.plan(due).askAgainAt).toBeGreaterThan(due.now);
      await read();
      expect(planner.plan(due)).toMatchObject({ stop: true, reason: expect.stringMatching(/24 hours/) });
    }
    expect(await storage.keys()).toHaveLength(2);
    const tomorrow = { ...due, now: due.now + 26 * HOUR_MS, dueAt: due.dueAt + 26 * HOUR_MS };
    planners[2]?.plan(tomorrow);
    await read();
    expect(planners[2]?.plan(tomorrow).warmAt).toBe(tomorrow.dueAt);
    expect(await storage.keys()).toEqual([]);
  });

  it("sends nothing where a limit in dollars cannot be kept, because the price is not known", () => {
    const unknown = { costUsd: () => null, ratesOf: () => null };
    for (const caps of [{ spanUsd: 100 }, { dayUsd: 100 }]) {
      expect(decides({ prices: unknown, caps }).stop).toBe(true);
    }
    expect(decides({ prices: unknown }).warmAt).toBe(span.dueAt);
    expect(decides({ prices: unknown, caps: { minPrefixTokens: 1 } }).warmAt).toBe(span.dueAt);
  });

  it("names the policy that decides", () => {
    const planner = createPlanner();
    expect([undefined, "30m", "3 pings", "what"].map(planner.nameOf)).toEqual([
      "auto",
      "30m",
      "3 pings",
      "auto",
    ]);
  });
});
