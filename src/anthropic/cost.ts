import type { Usage } from "../host.ts";
import { type PriceTable, priceOf, type Rates, SHIPPED_PRICES } from "./prices.ts";
import type { RequestFacts, Ttl } from "./request-facts.ts";
import type { MessageUsage } from "./usage.ts";

/** What decides the price of a request besides its tokens. */
export interface BillingTerms {
  readonly model: string;
  readonly speed?: string | null;
  readonly inferenceGeo?: string | null;
  readonly serviceTier?: string | null;
  /** Tier of writes whose split is not known. @default "5m" */
  readonly writeTtl?: Ttl;
}

const TOKENS_PER_MTOK = 1_000_000;

/** What a request says of its price. */
export function billingTerms({
  model,
  speed,
  inferenceGeo,
  serviceTier,
  markers,
}: RequestFacts): BillingTerms {
  const writeTtl = markers.some(({ ttl }) => ttl === "1h") ? "1h" : "5m";
  return { model, speed, inferenceGeo, serviceTier, writeTtl };
}

/**
 * USD per million tokens for a prompt of this length, with tier, fast mode, geography and batch applied; null when
 * the model has no price. `promptTokens` is the whole prompt: read + written + uncached.
 */
export function ratesFor(
  terms: BillingTerms,
  promptTokens: number,
  prices: PriceTable = SHIPPED_PRICES,
): Rates | null {
  const { price } = priceOf(terms.model, prices);
  if (price?.rates === undefined) return null;
  const tier = price.tiers
    ?.toSorted((a, b) => b.abovePromptTokens - a.abovePromptTokens)
    .find(({ abovePromptTokens }) => promptTokens > abovePromptTokens);
  const standard = tier?.rates ?? price.rates;
  const isFast = terms.speed === "fast";
  const geo = price.geo?.[terms.inferenceGeo ?? ""] ?? 1;
  const batch = terms.serviceTier === "batch" ? prices.batchMultiplier : 1;
  const fast = isFast && price.fast === undefined ? prices.fastMultiplier : 1;
  return scaled(isFast && price.fast !== undefined ? price.fast : standard, geo * batch * fast);
}

/**
 * What a request cost at list price, in USD; null when the model has no price. What the response says of its
 * speed, geography, service tier and iterations goes before what `terms` say.
 */
export function costUsd(
  usage: Usage | MessageUsage,
  terms: BillingTerms,
  prices: PriceTable = SHIPPED_PRICES,
): number | null {
  const said: Partial<MessageUsage> = usage;
  const effective = termsOf(usage, terms);
  let sum = (said.webSearchRequests ?? 0) * prices.webSearchUsd;
  for (const part of said.iterations ?? [{ usage, model: null }]) {
    const cost = tokenCostUsd(part.usage, { ...effective, model: part.model ?? terms.model }, prices);
    if (cost === null) return null;
    sum += cost;
  }
  return sum;
}

/** USD per million tokens of an answered request, see {@link ratesFor}; null when the model has no price. */
export function ratesOfUsage(
  usage: Usage | MessageUsage,
  terms: BillingTerms,
  prices: PriceTable = SHIPPED_PRICES,
): Rates | null {
  return ratesFor(termsOf(usage, terms), usage.inputTokens, prices);
}

/** What the response says goes before what the request asked for. */
function termsOf(usage: Usage | MessageUsage, terms: BillingTerms): BillingTerms {
  const said: Partial<MessageUsage> = usage;
  return {
    ...terms,
    speed: said.speed ?? terms.speed ?? null,
    inferenceGeo: said.inferenceGeo ?? terms.inferenceGeo ?? null,
    serviceTier: said.serviceTier ?? terms.serviceTier ?? null,
  };
}

/** What reading `tokens` from the cache costs, in USD. */
export function readCostUsd(tokens: number, terms: BillingTerms, prices?: PriceTable): number | null {
  return tokenCostUsd(
    { inputTokens: tokens, outputTokens: 0, cacheReadTokens: tokens, cacheWriteTokens: 0 },
    terms,
    prices,
  );
}

/** What writing `tokens` to the cache costs, in USD: a prefix that lapsed costs this on return. */
export function rewriteCostUsd(tokens: number, terms: BillingTerms, prices?: PriceTable): number | null {
  return tokenCostUsd(
    { inputTokens: tokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: tokens },
    terms,
    prices,
  );
}

/** What this request would have cost, in USD, had its prefix lapsed: all that was read would have been written. */
export function coldCostUsd(
  usage: Usage | MessageUsage,
  terms: BillingTerms,
  prices: PriceTable = SHIPPED_PRICES,
): number | null {
  const asSent = costUsd(usage, terms, prices);
  const rates = ratesOfUsage(usage, terms, prices);
  if (asSent === null || rates === null) return null;
  const writeRate = terms.writeTtl === "1h" ? rates.cacheWrite1h : rates.cacheWrite5m;
  return asSent + (usage.cacheReadTokens * (writeRate - rates.cacheRead)) / TOKENS_PER_MTOK;
}

function tokenCostUsd(
  usage: Usage | MessageUsage,
  terms: BillingTerms,
  prices: PriceTable = SHIPPED_PRICES,
): number | null {
  const rates = ratesFor(terms, usage.inputTokens, prices);
  if (rates === null) return null;
  const { writes5m, writes1h } = writesByTtl(usage, terms.writeTtl ?? "5m");
  const uncached = Math.max(0, usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens);
  const usdTimesMTok =
    uncached * rates.input +
    usage.cacheReadTokens * rates.cacheRead +
    writes5m * rates.cacheWrite5m +
    writes1h * rates.cacheWrite1h +
    usage.outputTokens * rates.output;
  return usdTimesMTok / TOKENS_PER_MTOK;
}

function writesByTtl(usage: Usage | MessageUsage, otherwise: Ttl): { writes5m: number; writes1h: number } {
  const split = (usage as Partial<MessageUsage>).cacheWriteSplit;
  if (split !== undefined) return { writes5m: split.ttl5mTokens, writes1h: split.ttl1hTokens };
  return otherwise === "1h"
    ? { writes5m: 0, writes1h: usage.cacheWriteTokens }
    : { writes5m: usage.cacheWriteTokens, writes1h: 0 };
}

function scaled(rates: Rates, factor: number): Rates {
  if (factor === 1) return rates;
  return {
    input: rates.input * factor,
    cacheWrite5m: rates.cacheWrite5m * factor,
    cacheWrite1h: rates.cacheWrite1h * factor,
    cacheRead: rates.cacheRead * factor,
    output: rates.output * factor,
  };
}
