/** What the prefix that a turn has left behind costs, at list price. */
import type { Prices, TurnContext } from "../host.ts";
import { premiumUsd, warmUsd } from "./economics.ts";
import type { CachePrice, CacheTier } from "./facts.ts";

const HOUR_MS = 3_600_000;

/** Null: the price, or what was used, is not known. */
export function priceOfTurn(
  { usage, modelName = "", tier, ttlMs = 0 }: TurnContext,
  prices: Prices | undefined,
): CachePrice | null {
  const rates = usage === undefined ? null : (prices?.ratesOf(usage, modelName) ?? null);
  if (rates === null || !(rates.input > 0)) return null;
  const write = tierOf(tier, ttlMs) === "1h" ? rates.write1h : rates.write5m;
  return { inputUsd: rates.input, read: rates.read / rates.input, write: write / rates.input };
}

/** Tokens of a turn's prompt: in the cache, and behind what is in it. Null: its usage is not known. */
export function tokensOfTurn({
  usage,
}: TurnContext): { readonly prefixTokens: number; readonly tailTokens: number } | null {
  if (usage === undefined) return null;
  const prefixTokens = usage.cacheReadTokens + usage.cacheWriteTokens;
  return { prefixTokens, tailTokens: Math.max(0, usage.inputTokens - prefixTokens) };
}

/** What sending the same prompt again would cost in USD, with its prefix in the cache and without. */
export function returnUsd(
  turn: TurnContext,
  prices: Prices | undefined,
): { readonly warm: number; readonly cold: number } | null {
  const price = priceOfTurn(turn, prices);
  const tokens = tokensOfTurn(turn);
  if (price === null || tokens === null || tokens.prefixTokens === 0) return null;
  const warm = warmUsd({ ...tokens, price });
  return { warm, cold: warm + premiumUsd({ ...tokens, price }) };
}

export function tierOf(tier: CacheTier | undefined, ttlMs: number): CacheTier {
  return tier ?? (ttlMs >= HOUR_MS ? "1h" : "5m");
}
