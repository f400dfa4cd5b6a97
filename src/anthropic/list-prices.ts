import type { Prices, TokenRates } from "../host.ts";
import { costUsd, ratesOfUsage } from "./cost.ts";
import type { PriceTable } from "./prices.ts";

const TOKENS_PER_MTOK = 1_000_000;

/** The prices of a table, as a ledger asks for them. */
export function listPrices(table?: PriceTable): Prices {
  return {
    costUsd: (usage, modelName) => costUsd(usage, { model: modelName }, table),
    ratesOf(usage, modelName): TokenRates | null {
      const rates = ratesOfUsage(usage, { model: modelName }, table);
      return (
        rates && {
          input: rates.input / TOKENS_PER_MTOK,
          read: rates.cacheRead / TOKENS_PER_MTOK,
          write5m: rates.cacheWrite5m / TOKENS_PER_MTOK,
          write1h: rates.cacheWrite1h / TOKENS_PER_MTOK,
        }
      );
    },
  };
}
