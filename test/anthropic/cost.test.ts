import { describe, expect, it } from "vitest";
import {
  coldCostUsd,
  costUsd,
  type MessageUsage,
  ratesFor,
  readCostUsd,
  rewriteCostUsd,
  SHIPPED_PRICES,
} from "../../src/anthropic/index.ts";

const M = 1_000_000;

const OPUS: { readonly model: string } = { model: "claude-opus-5-5" };

function usage(fields: Partial<MessageUsage> = {}): MessageUsage {
  return { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, ...fields };
}

describe("costUsd", () => {
  it.each(Object.entries(SHIPPED_PRICES.models))(
    "charges each kind of token of %s at its own rate",
    (model, { rates }) => {
      // Small enough for the first tier.
      const counts = { inputTokens: 400, outputTokens: 50, cacheReadTokens: 200, cacheWriteTokens: 150 };
      const split = { ttl5mTokens: 100, ttl1hTokens: 50 };
      const cost = costUsd(usage({ ...counts, cacheWriteSplit: split }), { model });
      if (rates === undefined) return expect(cost).toBeNull();
      const { input, cacheRead, cacheWrite5m, cacheWrite1h, output } = rates;
      const expected = 50 * input + 200 * cacheRead + 100 * cacheWrite5m + 50 * cacheWrite1h + 50 * output;
      return expect(cost).toBeCloseTo(expected / M, 12);
    },
  );

  it("takes writes of unknown tier as 5-minute writes, or as told", () => {
    const write = usage({ inputTokens: M, cacheWriteTokens: M });
    expect(costUsd(write, OPUS)).toBeCloseTo(5);
    expect(costUsd(write, { ...OPUS, writeTtl: "1h" })).toBeCloseTo(8);
  });

  it("charges Haiku 5.5 the higher tier for the whole request, strictly above 100,000 tokens of whole prompt", () => {
    const haiku = { model: "claude-haiku-5-5" };
    const read = (tokens: number) => costUsd(usage({ inputTokens: tokens, cacheReadTokens: tokens }), haiku);
    expect(read(100_000)).toBeCloseTo(0.1 * 0.01, 12);
    expect(read(100_001)).toBeCloseTo(0.100001 * 0.05, 12);
    expect(costUsd(usage({ inputTokens: 200_000, outputTokens: 1_000 }), haiku)).toBeCloseTo(
      0.2 * 0.5 + 0.001 * 2.5,
      12,
    );
  });

  it.each([
    ["claude-fable-5-2", { input: 16, cacheWrite5m: 20, cacheWrite1h: 32, cacheRead: 0.4, output: 80 }],
    ["claude-mythos-5-2", { input: 16, cacheWrite5m: 20, cacheWrite1h: 32, cacheRead: 0.4, output: 80 }],
    ["claude-opus-5-5", { input: 8, cacheWrite5m: 10, cacheWrite1h: 16, cacheRead: 0.4, output: 40 }],
    ["claude-opus-5", { input: 10, cacheWrite5m: 12.5, cacheWrite1h: 20, cacheRead: 1, output: 50 }],
    ["claude-opus-4-8", { input: 10, cacheWrite5m: 12.5, cacheWrite1h: 20, cacheRead: 1, output: 50 }],
    ["claude-opus-4-7", { input: 30, cacheWrite5m: 37.5, cacheWrite1h: 60, cacheRead: 3, output: 150 }],
    ["claude-opus-4-6", { input: 30, cacheWrite5m: 37.5, cacheWrite1h: 60, cacheRead: 3, output: 150 }],
    ["claude-sonnet-5-5", { input: 4, cacheWrite5m: 5, cacheWrite1h: 8, cacheRead: 0.2, output: 20 }],
  ])("charges fast %s its fast rates", (model, rates) => {
    expect(ratesFor({ model, speed: "fast" }, 1)).toEqual(rates);
  });

  it("charges 1.1 times for US inference, on models from 4.6 on", () => {
    for (const [model, { rates }] of Object.entries(SHIPPED_PRICES.models)) {
      if (rates === undefined) continue;
      const older = /-4-5|-4-1|-4-0|claude-3/.test(model);
      const us = ratesFor({ model, inferenceGeo: "us" }, 1);
      for (const kind of ["input", "cacheWrite5m", "cacheWrite1h", "cacheRead", "output"] as const) {
        expect(us?.[kind], `${model} ${kind}`).toBeCloseTo(rates[kind] * (older ? 1 : 1.1), 12);
      }
      expect(ratesFor({ model, inferenceGeo: "global" }, 1)).toEqual(rates);
    }
  });

  it("halves batches, and combines all modifiers", () => {
    expect(ratesFor({ ...OPUS, serviceTier: "batch" }, 1)?.input).toBeCloseTo(2);
    const all = { ...OPUS, serviceTier: "batch", speed: "fast", inferenceGeo: "us" };
    expect(ratesFor(all, 1)?.input).toBeCloseTo(8 * 1.1 * 0.5);
  });

  it("believes the response before the request", () => {
    const read = { inputTokens: M, cacheReadTokens: M };
    expect(costUsd(usage({ ...read, speed: "standard" }), { ...OPUS, speed: "fast" })).toBeCloseTo(0.2);
    expect(costUsd(usage({ ...read, inferenceGeo: "us" }), OPUS)).toBeCloseTo(0.22);
    expect(costUsd(usage(read), { ...OPUS, speed: "fast" })).toBeCloseTo(0.4);
  });

  it("charges each pass where the response lists them, summaries and other models included", () => {
    const passes = [
      { model: null, usage: usage({ inputTokens: M, cacheReadTokens: M }) },
      { model: "claude-sonnet-5-5", usage: usage({ inputTokens: M }) },
    ];
    const cost = costUsd(usage({ inputTokens: M, cacheReadTokens: M, iterations: passes }), OPUS);
    expect(cost).toBeCloseTo(0.2 + 2);
  });

  it("charges a tier by the prompt of each pass", () => {
    const half = { model: null, usage: usage({ inputTokens: 60_000, cacheReadTokens: 60_000 }) };
    const both = usage({ inputTokens: 120_000, cacheReadTokens: 120_000, iterations: [half, half] });
    expect(costUsd(both, { model: "claude-haiku-5-5" })).toBeCloseTo(0.12 * 0.01, 12);
  });

  it("charges web searches", () => {
    expect(costUsd(usage({ webSearchRequests: 3 }), OPUS)).toBeCloseTo(0.03);
  });

  it("is null for a model without a price", () => {
    expect(costUsd(usage({ inputTokens: 1 }), { model: "gpt-6" })).toBeNull();
  });
});

describe("what would have been", () => {
  it("reading and rewriting a prefix", () => {
    expect(readCostUsd(M, OPUS)).toBeCloseTo(0.2);
    expect(rewriteCostUsd(M, OPUS)).toBeCloseTo(5);
    expect(rewriteCostUsd(M, { ...OPUS, writeTtl: "1h" })).toBeCloseTo(8);
    expect(rewriteCostUsd(M, { model: "gpt-6" })).toBeNull();
  });

  it("the same request cold", () => {
    const warm = usage({
      inputTokens: 1.1 * M,
      outputTokens: 1_000,
      cacheReadTokens: M,
      cacheWriteTokens: 90_000,
    });
    const asSent = costUsd(warm, OPUS) ?? 0;
    expect((coldCostUsd(warm, OPUS) ?? 0) - asSent).toBeCloseTo(5 - 0.2);
    expect(coldCostUsd(warm, { model: "gpt-6" })).toBeNull();
  });
});
