import { modelIdWithoutProvider, parseModelName } from "./models.ts";
import shipped from "./prices.json" with { type: "json" };

/** USD per million tokens. */
export interface Rates {
  readonly input: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
  readonly output: number;
}

export interface ModelPrice {
  /** Left out where a model is known and its price is not. */
  readonly rates?: Rates;
  /** In fast mode. Left out: `fastMultiplier` times the rates. */
  readonly fast?: Rates;
  /** Rates of the whole request once its whole prompt is longer than this. */
  readonly tiers?: readonly { readonly abovePromptTokens: number; readonly rates: Rates }[];
  /** Multipliers by `inference_geo`, on every kind of token. */
  readonly geo?: Readonly<Record<string, number>>;
  /** A shorter prefix is not cached, in tokens. */
  readonly minimumCacheableTokens: number;
}

export interface PriceTable {
  /** ISO date at which the prices were looked up. */
  readonly asOf: string;
  /** Where they come from. */
  readonly source: string;
  readonly unit: string;
  readonly fastMultiplier: number;
  readonly batchMultiplier: number;
  /** USD of one web search. */
  readonly webSearchUsd: number;
  readonly models: Readonly<Record<string, ModelPrice>>;
}

/** The prices keepwarm ships with. */
export const SHIPPED_PRICES: PriceTable = shipped;

export interface PriceMatch {
  /** The row that applies; null when there is none. */
  readonly modelId: string | null;
  readonly price: ModelPrice | null;
  /** A sentence for people, when the row is a guess or missing. */
  readonly notice?: string;
}

/**
 * The price of a model by its id, in any of its spellings: dated, `-latest`, with a provider's prefix.
 * A model the table does not know gets the price of the newest one of its family, with a notice.
 */
export function priceOf(modelId: string, table: PriceTable = SHIPPED_PRICES): PriceMatch {
  const known = rowOf(modelId, table);
  if (known !== null) return known;
  const name = parseModelName(modelId);
  const newest = name === null ? undefined : newestOfFamily(name.family, table);
  if (newest === undefined) {
    return {
      modelId: null,
      price: null,
      notice: `No price is known for the model ${quote(modelId)}; its costs are not counted. A price file can add it.`,
    };
  }
  return {
    modelId: newest,
    price: table.models[newest] ?? null,
    notice: `The price of ${quote(modelId)} is not known; that of ${newest}, the newest known model of its family, is used. A price file can correct it.`,
  };
}

/** The shortest prefix that this model caches, in tokens; the shortest of all models when it is unknown. */
export function minimumCacheableTokens(modelId: string, table: PriceTable = SHIPPED_PRICES): number {
  const known = rowOf(modelId, table)?.price?.minimumCacheableTokens;
  return known ?? Math.min(...Object.values(table.models).map((model) => model.minimumCacheableTokens));
}

function rowOf(modelId: string, table: PriceTable): PriceMatch | null {
  const plain = modelIdWithoutProvider(modelId);
  const byId = Object.hasOwn(table.models, plain) ? table.models[plain] : undefined;
  if (byId !== undefined) return withoutRatesNotice({ modelId: plain, price: byId });
  const name = parseModelName(modelId);
  if (name?.version == null) return null;
  const version = name.version.join(".");
  for (const [id, price] of Object.entries(table.models)) {
    const row = parseModelName(id);
    if (row?.family !== name.family || row.version?.join(".") !== version) continue;
    const match = withoutRatesNotice({ modelId: id, price });
    if (name.exact || match.notice !== undefined) return match;
    return { ...match, notice: `${quote(modelId)} is priced as ${id}, which it seems to be a variant of.` };
  }
  return null;
}

function withoutRatesNotice(match: PriceMatch): PriceMatch {
  if (match.price?.rates !== undefined) return match;
  return {
    ...match,
    notice: `The price of ${match.modelId} is not published; its costs are not counted. A price file can add it.`,
  };
}

function newestOfFamily(family: string, table: PriceTable): string | undefined {
  return Object.keys(table.models)
    .map((id) => ({ id, name: parseModelName(id) }))
    .filter(({ id, name }) => name?.family === family && table.models[id]?.rates !== undefined)
    .toSorted((a, b) => rank(b.name?.version) - rank(a.name?.version))[0]?.id;
}

function rank(version: readonly [number, number] | null | undefined): number {
  return version == null ? -1 : version[0] * 100 + version[1];
}

/** Ids come from outside and end up on a person's screen. */
function quote(modelId: string): string {
  return JSON.stringify(modelId.slice(0, 60));
}
