/** What requests cost and what rescues saved, in dollars and in weighed tokens. */
import type { CacheWriteSplit, Prices, TokenRates, Usage } from "../host.ts";

export interface Cost {
  readonly usd: number;
  /** In tokens, weighed by their price: one of uncached input weighs 1. */
  readonly weight: number;
}

interface Priced {
  readonly usage?: Usage;
  readonly modelName?: string;
  readonly costUsd?: number | null;
}

/** Null: the price is not known. */
export function costOf({ usage, modelName, costUsd }: Priced, prices: Prices | undefined): Cost | null {
  const rates = ratesOf(usage, modelName, prices);
  const told = costUsd === undefined ? listed(usage, modelName, prices) : costUsd;
  if (told === null || !Number.isFinite(told)) return null;
  return { usd: told, weight: rates === null ? 0 : told / rates.input };
}

/** What writing these tokens would have cost, less what reading them cost. */
export function savingOf(
  { ttl5mTokens, ttl1hTokens }: CacheWriteSplit,
  { usage, modelName }: Priced,
  prices: Prices | undefined,
): Cost | null {
  const rates = ratesOf(usage, modelName, prices);
  if (rates === null) return null;
  const usd = ttl5mTokens * (rates.write5m - rates.read) + ttl1hTokens * (rates.write1h - rates.read);
  return { usd, weight: usd / rates.input };
}

function listed(usage: Usage | undefined, modelName: string | undefined, prices: Prices | undefined) {
  if (usage === undefined || modelName === undefined) return null;
  return prices?.costUsd(usage, modelName) ?? null;
}

function ratesOf(
  usage: Usage | undefined,
  modelName: string | undefined,
  prices: Prices | undefined,
): TokenRates | null {
  if (usage === undefined || modelName === undefined) return null;
  const rates = prices?.ratesOf(usage, modelName) ?? null;
  return rates !== null && rates.input > 0 ? rates : null;
}
