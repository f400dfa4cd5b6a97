/** What calls cost at list price. */
import { priceOf, type Rates, ratesFor } from "../anthropic/index.ts";
import { type Call, promptTokens, writtenTokens } from "./conversation.ts";

const TOKENS_PER_MTOK = 1_000_000;

/** Null where the call's model has no known price. */
export function ratesOf(call: Call): Rates | null {
  const { model, speed, inferenceGeo } = call;
  const terms = {
    model,
    ...(speed === undefined ? {} : { speed }),
    ...(inferenceGeo === undefined ? {} : { inferenceGeo }),
  };
  return ratesFor(terms, promptTokens(call));
}

/** Of the prompt alone. */
export function inputUsd(call: Call, rates: Rates): number {
  const { uncachedTokens, readTokens, write5mTokens, write1hTokens } = call;
  return (
    (uncachedTokens * rates.input +
      readTokens * rates.cacheRead +
      write5mTokens * rates.cacheWrite5m +
      write1hTokens * rates.cacheWrite1h) /
    TOKENS_PER_MTOK
  );
}

export function outputUsd(call: Call, rates: Rates): number {
  return (call.outputTokens * rates.output) / TOKENS_PER_MTOK;
}

/** What writing so many of the call's tokens cost above reading them. */
export function premiumUsd(tokens: number, call: Call, rates: Rates): number {
  const written = writtenTokens(call);
  if (written === 0) return 0;
  const share1h = call.write1hTokens / written;
  const write = rates.cacheWrite5m + share1h * (rates.cacheWrite1h - rates.cacheWrite5m);
  return (tokens * (write - rates.cacheRead)) / TOKENS_PER_MTOK;
}

/** What decides how much a policy is worth: the price of a token, and of a read one as a share of it. */
export interface PriceClass {
  /** USD of one uncached input token. */
  readonly inputUsd: number;
  readonly read: number;
}

/** Of a model at its standard rates. */
export function priceClassOf(model: string): PriceClass | null {
  const rates = priceOf(model).price?.rates;
  if (rates === undefined) return null;
  // Prices are decimals: their quotient is not exactly the tenth that it is.
  const read = Number((rates.cacheRead / rates.input).toPrecision(6));
  return { inputUsd: rates.input / TOKENS_PER_MTOK, read };
}
