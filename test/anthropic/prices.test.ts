import { describe, expect, it } from "vitest";
import {
  minimumCacheableTokens,
  PriceOverrideError,
  priceOf,
  pricesWith,
  SHIPPED_PRICES,
} from "../../src/anthropic/index.ts";

/** Input, 5-minute write, 1-hour write, read, output (USD per million tokens); minimum cacheable tokens. */
const published = {
  "claude-fable-5-2": [8, 10, 16, 0.2, 40, 512],
  "claude-mythos-5-2": [8, 10, 16, 0.2, 40, 512],
  "claude-fable-5-1": [10, 12.5, 20, 0.25, 50, 512],
  "claude-mythos-5-1": [10, 12.5, 20, 0.25, 50, 512],
  "claude-fable-5": [10, 12.5, 20, 1, 50, 512],
  "claude-mythos-5": [10, 12.5, 20, 1, 50, 512],
  "claude-opus-5-5": [4, 5, 8, 0.2, 20, 512],
  "claude-opus-5": [5, 6.25, 10, 0.5, 25, 512],
  "claude-opus-4-8": [5, 6.25, 10, 0.5, 25, 1_024],
  "claude-opus-4-7": [5, 6.25, 10, 0.5, 25, 2_048],
  "claude-opus-4-6": [5, 6.25, 10, 0.5, 25, 4_096],
  "claude-opus-4-5": [5, 6.25, 10, 0.5, 25, 4_096],
  "claude-opus-4-1": [15, 18.75, 30, 1.5, 75, 1_024],
  "claude-opus-4-0": [15, 18.75, 30, 1.5, 75, 1_024],
  "claude-sonnet-5-5": [2, 2.5, 4, 0.1, 10, 512],
  "claude-sonnet-5": [2, 2.5, 4, 0.2, 10, 1_024],
  "claude-sonnet-4-6": [3, 3.75, 6, 0.3, 15, 1_024],
  "claude-sonnet-4-5": [3, 3.75, 6, 0.3, 15, 1_024],
  "claude-sonnet-4-0": [3, 3.75, 6, 0.3, 15, 1_024],
  "claude-haiku-5-5": [0.1, 0.125, 0.2, 0.01, 0.5, 512],
  "claude-haiku-4-5": [1, 1.25, 2, 0.1, 5, 4_096],
  "claude-3-5-haiku": [0.8, 1, 1.6, 0.08, 4, 2_048],
} as const;

describe("the shipped prices", () => {
  it.each(Object.entries(published))("of %s are those published", (model, row) => {
    const [input, cacheWrite5m, cacheWrite1h, cacheRead, output, minimum] = row;
    expect(priceOf(model)).toEqual({ modelId: model, price: expect.anything() });
    expect(priceOf(model).price?.rates).toEqual({ input, cacheWrite5m, cacheWrite1h, cacheRead, output });
    expect(minimumCacheableTokens(model)).toBe(minimum);
  });

  it("hold no other models, but the one whose price is not published", () => {
    expect(Object.keys(SHIPPED_PRICES.models).toSorted()).toEqual(
      [...Object.keys(published), "claude-mythos-preview"].toSorted(),
    );
    expect(priceOf("claude-mythos-preview").price?.rates).toBeUndefined();
    expect(priceOf("claude-mythos-preview").notice).toContain("not published");
    expect(minimumCacheableTokens("claude-mythos-preview")).toBe(2_048);
  });

  it("keep the published multipliers: writes cost 1.25 and 2 times the input", () => {
    for (const model of Object.values(SHIPPED_PRICES.models)) {
      for (const rates of [model.rates, model.fast, ...(model.tiers ?? []).map((tier) => tier.rates)]) {
        if (rates === undefined) continue;
        expect(rates.cacheWrite5m).toBeCloseTo(rates.input * 1.25, 10);
        expect(rates.cacheWrite1h).toBeCloseTo(rates.input * 2, 10);
      }
    }
  });

  it("say when and where they were looked up", () => {
    expect(SHIPPED_PRICES.asOf).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(SHIPPED_PRICES.source).toContain("Anthropic");
  });
});

describe("priceOf", () => {
  it.each([
    ["claude-opus-4-5-20251101", "claude-opus-4-5"],
    ["claude-opus-4-20250514", "claude-opus-4-0"],
    ["claude-sonnet-4-20250514", "claude-sonnet-4-0"],
    ["claude-3-5-haiku-20241022", "claude-3-5-haiku"],
    ["claude-3-5-haiku-latest", "claude-3-5-haiku"],
    ["claude-sonnet-4-5-latest", "claude-sonnet-4-5"],
    ["anthropic/claude-opus-5-5", "claude-opus-5-5"],
    ["anthropic/claude-opus-4.5", "claude-opus-4-5"],
    ["openrouter/anthropic/claude-sonnet-5.5:beta", "claude-sonnet-5-5"],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"],
    ["global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"],
    ["anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"],
    [
      "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-1-20250805-v1:0",
      "claude-opus-4-1",
    ],
    ["claude-opus-4-1@20250805", "claude-opus-4-1"],
    ["publishers/anthropic/models/claude-fable-5-2", "claude-fable-5-2"],
    ["claude-sonnet-5-5[1m]", "claude-sonnet-5-5"],
    ["Claude-Opus-5", "claude-opus-5"],
    ["claude-4-sonnet-20250514", "claude-sonnet-4-0"],
  ])("knows %s as %s", (spelling, modelId) => {
    expect(priceOf(spelling)).toEqual({ modelId, price: SHIPPED_PRICES.models[modelId] });
  });

  it.each([
    ["claude-opus-6", "claude-opus-5-5"],
    ["claude-sonnet-7-1-20270101", "claude-sonnet-5-5"],
    ["us.anthropic.claude-haiku-6-v1:0", "claude-haiku-5-5"],
    ["claude-fable-9", "claude-fable-5-2"],
    ["claude-mythos-next", "claude-mythos-5-2"],
  ])("prices the unknown %s as the newest of its family, with a notice", (unknown, modelId) => {
    const match = priceOf(unknown);
    expect(match).toMatchObject({ modelId, price: SHIPPED_PRICES.models[modelId] });
    expect(match.notice).toContain(modelId);
    expect(match.notice).toContain(unknown);
  });

  it("prices a variant it does not know as its version, with a notice", () => {
    expect(priceOf("claude-opus-5-5-mini")).toMatchObject({
      modelId: "claude-opus-5-5",
      notice: expect.stringContaining("variant"),
    });
  });

  it.each(["gpt-6", "claude-novel-1", "claude", "", "gemini/claudette-3", "__proto__", "constructor"])(
    "knows no price for %j, and says so",
    (model) => {
      expect(priceOf(model)).toMatchObject({
        modelId: null,
        price: null,
        notice: expect.stringContaining("not counted"),
      });
    },
  );
});

describe("a price file", () => {
  it("changes single fields of known models, and leaves the rest", async () => {
    const table = pricesWith({
      asOf: "2027-01-02",
      models: { "claude-opus-5-5": { rates: { cacheRead: 0.15 }, minimumCacheableTokens: 256 } },
    });
    expect(table.models["claude-opus-5-5"]).toEqual({
      ...SHIPPED_PRICES.models["claude-opus-5-5"],
      rates: { input: 4, cacheWrite5m: 5, cacheWrite1h: 8, cacheRead: 0.15, output: 20 },
      minimumCacheableTokens: 256,
    });
    expect(table.asOf).toBe("2027-01-02");
    expect(table.source).toBe(SHIPPED_PRICES.source);
    expect(SHIPPED_PRICES.models["claude-opus-5-5"]?.rates?.cacheRead).toBe(0.2);
  });

  it("adds models, which are then the newest of their family", async () => {
    const rates = { input: 1, cacheWrite5m: 1.25, cacheWrite1h: 2, cacheRead: 0.05, output: 5 };
    const text = JSON.stringify({ models: { "claude-opus-6": { rates, minimumCacheableTokens: 512 } } });
    const table = pricesWith(text);
    expect(priceOf("claude-opus-6-20270101", table)).toEqual({
      modelId: "claude-opus-6",
      price: table.models["claude-opus-6"],
    });
    expect(priceOf("claude-opus-7", table).modelId).toBe("claude-opus-6");
  });

  it("gives a price to the model that has none", async () => {
    const rates = { input: 1, cacheWrite5m: 1.25, cacheWrite1h: 2, cacheRead: 0.1, output: 5 };
    const table = pricesWith({ models: { "claude-mythos-preview": { rates } } });
    expect(priceOf("claude-mythos-preview", table)).toMatchObject({ price: { rates } });
    expect(priceOf("claude-mythos-preview", table)).not.toHaveProperty("notice");
  });

  it.each([
    ["{", "The price file is not valid JSON."],
    [[], "The price file is wrong at its outermost value: expected object."],
    [
      { modles: {} },
      "The price file is wrong at its outermost value (unknown field: modles): expected only the fields of the shipped price file.",
    ],
    [{ asOf: "soon" }, "The price file is wrong at asOf: expected date, such as 2026-11-18."],
    [{ unit: "EUR" }, 'The price file is wrong at unit: expected "USD per million tokens".'],
    [{ fastMultiplier: 0 }, "The price file is wrong at fastMultiplier: expected more than 0."],
    [
      { models: { "claude-opus-5": { rates: { input: "5" } } } },
      "The price file is wrong at models.claude-opus-5.rates.input: expected number.",
    ],
    [
      { models: { "claude-opus-5": { rates: { input: -1 } } } },
      "The price file is wrong at models.claude-opus-5.rates.input: expected at least 0.",
    ],
    [
      { models: { "claude-opus-5": { rates: { inptu: 1 } } } },
      "The price file is wrong at models.claude-opus-5.rates (unknown field: inptu): expected only the fields of the shipped price file.",
    ],
    [
      { models: { "claude-opus-9": { minimumCacheableTokens: 1 } } },
      "The price file is wrong at models.claude-opus-9.rates.input: it is missing, and no shipped price fills it in.",
    ],
    [
      { models: { "claude-opus-5": { minimumCacheableTokens: 1.5 } } },
      "The price file is wrong at models.claude-opus-5.minimumCacheableTokens: expected int.",
    ],
  ])("that is wrong is rejected with the field's name: %j", async (file, message) => {
    expect(() => pricesWith(file)).toThrow(new PriceOverrideError(message));
  });
});
