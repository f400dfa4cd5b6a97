/** What calls cost at list price. */
import {
  type ModelPrice,
  type PriceTable,
  priceOf,
  type Rates,
  ratesFor,
  SHIPPED_PRICES,
} from "../anthropic/index.ts";
import { type Call, promptTokens, writtenTokens } from "./conversation.ts";

const TOKENS_PER_MTOK = 1_000_000;

/** What decides how much a policy is worth: the price of a token, and of a read one as a share of it. */
export interface PriceClass {
  /** USD of one uncached input token. */
  readonly inputUsd: number;
  readonly read: number;
}

/** A table of prices, and what was looked up in it. */
export class Pricing {
  readonly #table: PriceTable;
  readonly #models = new Map<string, { readonly isPriced: boolean; readonly notice: string | undefined }>();
  /** There may be hundreds of thousands of calls, and a handful of models. */
  readonly #rates = new Map<string, Rates | null>();
  readonly #thresholds = new Map<string, NonNullable<ModelPrice["tiers"]>>();

  /** @param table USD per million tokens @default the shipped one */
  constructor(table: PriceTable = SHIPPED_PRICES) {
    this.#table = table;
  }

  /** ISO date at which the prices were looked up. */
  get asOf(): string {
    return this.#table.asOf;
  }

  /** Null where the call's model has no known price. */
  ratesOf(call: Call): Rates | null {
    const { model, speed, inferenceGeo } = call;
    const rates = this.#lookUp(model, promptTokens(call), speed, inferenceGeo);
    if (!this.#models.has(model)) {
      this.#models.set(model, { isPriced: rates !== null, notice: priceOf(model, this.#table).notice });
    }
    return rates;
  }

  #lookUp(model: string, prompt: number, speed?: "fast", inferenceGeo?: string): Rates | null {
    const key = `${model}|${this.#tierOf(model, prompt)}|${speed ?? ""}|${inferenceGeo ?? ""}`;
    const known = this.#rates.get(key);
    if (known !== undefined) return known;
    const terms = {
      model,
      ...(speed === undefined ? {} : { speed }),
      ...(inferenceGeo === undefined ? {} : { inferenceGeo }),
    };
    const rates = ratesFor(terms, prompt, this.#table);
    this.#rates.set(key, rates);
    return rates;
  }

  /** How many of a model's thresholds a prompt is above. */
  #tierOf(model: string, prompt: number): number {
    const known = this.#thresholds.get(model) ?? priceOf(model, this.#table).price?.tiers ?? [];
    this.#thresholds.set(model, known);
    return known.filter(({ abovePromptTokens }) => prompt > abovePromptTokens).length;
  }

  /** Of a model in its standard mode, for prompts of this length; null where no price is known. */
  classOf(model: string, promptTokens: number): PriceClass | null {
    const rates = this.#lookUp(model, promptTokens);
    if (rates === null || !(rates.input > 0)) return null;
    // Prices are decimals: their quotient is not exactly the tenth that it is.
    const read = Number((rates.cacheRead / rates.input).toPrecision(6));
    return { inputUsd: rates.input / TOKENS_PER_MTOK, read };
  }

  /** Models asked for whose price is not known. */
  unknownModels(): string[] {
    return [...this.#models].filter(([, { isPriced }]) => !isPriced).map(([model]) => model);
  }

  /** Sentences for people about models whose price was taken from another. */
  notices(): string[] {
    return [...this.#models.values()].flatMap(({ isPriced, notice }) => (isPriced ? (notice ?? []) : []));
  }
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
