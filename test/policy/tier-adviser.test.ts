import { describe, expect, it } from "vitest";
import type { Prices, RequestAnswered } from "../../src/host.ts";
import { createTierAdviser, TIERS_KEY } from "../../src/policy/index.ts";
import { createMemoryStorage } from "../../src/storage/index.ts";

const MINUTE_MS = 60_000;
const MODEL = "claude-opus-5-5";

const prices: Prices = {
  costUsd: () => 0,
  ratesOf: (_, modelName) =>
    modelName === "unknown" ? null : { input: 4e-6, read: 0.2e-6, write5m: 5e-6, write1h: 8e-6 },
};

async function written(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

function adviser(storage = createMemoryStorage()) {
  let now = 1_800_000_000_000;
  const one = createTierAdviser({ storage, prices, now: () => now });
  /** A person who comes back to a prompt of 100,000 tokens after each of these pauses. */
  function live(
    conversationId: string,
    pausesMs: readonly number[],
    more: Partial<RequestAnswered> = {},
  ): void {
    for (const [turn, pauseMs] of [0, ...pausesMs].entries()) {
      now += pauseMs;
      const inputTokens = 100_000 + turn * 500;
      const usage = {
        inputTokens,
        outputTokens: 100,
        cacheReadTokens: turn === 0 ? 0 : inputTokens,
        cacheWriteTokens: 0,
      };
      one.requestAnswered({
        conversationId,
        startedAt: now,
        modelName: MODEL,
        ttlMs: 300_000,
        stopReason: "end_turn",
        usage,
        ...more,
      });
    }
  }
  return { one, live, storage, later: (ms: number) => (now += ms) };
}

const often = (pauseMs: number, times = 60) => new Array<number>(times).fill(pauseMs);

describe("advice on the tier", () => {
  it("is what suits most people while nothing is known", () => {
    const { one } = adviser();
    expect(one.advise(MODEL)).toMatchObject({ option: "5m + warms", evidenceTokens: 0 });
    expect(one.cheapest(MODEL, "a", true)).toBe("5m");
    expect(one.cheapest(MODEL, "a", false)).toBe("1h");
  });

  it("differs for two people with different pauses", () => {
    const brisk = adviser();
    for (let talk = 0; talk < 60; talk++) brisk.live(`talk ${talk}`, often(MINUTE_MS, 20));
    const slow = adviser();
    slow.live("a", often(40 * MINUTE_MS, 200));
    expect(brisk.one.advise(MODEL).tier).toBe("5m");
    expect(brisk.one.cheapest(MODEL, "b", false)).toBe("5m");
    expect(slow.one.advise(MODEL).tier).toBe("1h");
    expect(slow.one.cheapest(MODEL, "b", true)).toBe("1h");
  });

  it("weighs a conversation's own past more than its person's others", () => {
    const { one, live } = adviser();
    live("slow", often(40 * MINUTE_MS, 5));
    const relative = (id?: string) => one.advise(MODEL, id).relativeCost["1h alone"];
    expect(relative("slow")).toBeLessThan(relative());
  });

  it("counts a pause that nobody comes back from, half a day later", () => {
    const [gone, recent] = [13, 11].map((hours) => {
      const { one, live, later } = adviser();
      live("a", []);
      later(hours * 60 * MINUTE_MS);
      live("b", []);
      return one.advise(MODEL).relativeCost;
    });
    expect(gone?.["5m + warms"]).toBeGreaterThan(recent?.["5m + warms"] ?? 0);
    expect(gone?.["1h alone"]).toBe(recent?.["1h alone"]);
  });

  it("is not moved by sub-agents, by what caches nothing, nor by what is unknown of it", () => {
    const { one, live } = adviser();
    live("a", often(40 * MINUTE_MS), { aside: true });
    one.requestAnswered({ conversationId: "b", startedAt: 1 });
    one.requestAnswered({
      conversationId: "b",
      startedAt: 1,
      usage: { inputTokens: 9e6, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
    });
    expect(one.advise(MODEL).evidenceTokens).toBe(0);
    expect(one.advise("unknown").tier).toBe("1h");
  });

  it("outlives the process, without times and names, and is gone when it is forgotten", async () => {
    const { live, one, storage } = adviser();
    await written();
    live("ada", often(40 * MINUTE_MS));
    await written();
    const text = (await storage.get(TIERS_KEY)) ?? "";
    expect(text).toMatch(/^t1;0\.05,/);
    expect(text).not.toMatch(/ada|18000000/);
    const again = adviser(storage);
    await written();
    expect(again.one.advise(MODEL).evidenceTokens).toBeCloseTo(one.advise(MODEL).evidenceTokens, -1);
    expect(again.one.advise(MODEL).option).toBe(one.advise(MODEL).option);
    await again.one.forget();
    expect(again.one.advise(MODEL).evidenceTokens).toBe(0);
    expect(await storage.get(TIERS_KEY)).toBeNull();
  });

  it("adds what happened while the past was being read, and writes over nothing that cannot be read", async () => {
    const { live, storage } = adviser();
    await written();
    live("a", often(40 * MINUTE_MS, 3));
    await written();
    const again = adviser(storage);
    again.live("b", often(40 * MINUTE_MS, 3));
    await written();
    again.live("c", []);
    await written();
    const both = adviser(storage);
    await written();
    expect(both.one.advise(MODEL).evidenceTokens).toBeCloseTo(again.one.advise(MODEL).evidenceTokens, -1);
    const stored: string[] = [];
    const broken = {
      ...createMemoryStorage(),
      get: () => Promise.reject(new Error("it cannot be read")),
      set: async (_: string, value: string) => void stored.push(value),
    };
    const blind = adviser(broken);
    blind.live("a", often(40 * MINUTE_MS, 3));
    await written();
    expect(blind.one.advise(MODEL).evidenceTokens).toBeGreaterThan(0);
    expect(stored).toEqual([]);
  });
});
