/** Lays prices over others, field by field. */
import type { ModelPrice, PriceTable, Rates } from "./prices.ts";

/** Says which field of a price file is wrong, for people. */
export class PriceOverrideError extends Error {
  override readonly name = "PriceOverrideError";
}

type PartialRates = { readonly [Name in keyof Rates]?: number | undefined };

type Loose<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

/** What a price file may hold: of a known model any field alone; of a new one all rates and the minimum. */
export interface Overrides extends Loose<Omit<PriceTable, "models">> {
  readonly models?:
    | Readonly<
        Record<
          string,
          Loose<Omit<ModelPrice, "rates" | "fast">> & {
            readonly rates?: PartialRates | undefined;
            readonly fast?: PartialRates | undefined;
          }
        >
      >
    | undefined;
}

/** @throws {PriceOverrideError} when something is missing that nothing fills in */
export function mergedPrices({ models = {}, ...rest }: Overrides, base: PriceTable): PriceTable {
  const merged: Record<string, ModelPrice> = { ...base.models };
  for (const [id, override] of Object.entries(models)) {
    merged[id] = mergedModel(id, override, Object.hasOwn(base.models, id) ? base.models[id] : undefined);
  }
  return { ...base, ...definedOf(rest), models: merged };
}

function mergedModel(
  id: string,
  override: NonNullable<Overrides["models"]>[string],
  known: ModelPrice | undefined,
): ModelPrice {
  const { rates, fast, minimumCacheableTokens, ...others } = override;
  const field = `models.${id}`;
  // A model that is new to the table needs its rates; one that is known keeps what it has.
  const needsRates = rates !== undefined || known === undefined;
  return {
    ...known,
    ...definedOf(others),
    ...(needsRates ? { rates: mergedRates(`${field}.rates`, rates ?? {}, known?.rates) } : {}),
    ...(fast === undefined ? {} : { fast: mergedRates(`${field}.fast`, fast, known?.fast) }),
    minimumCacheableTokens: required(
      `${field}.minimumCacheableTokens`,
      minimumCacheableTokens ?? known?.minimumCacheableTokens,
    ),
  };
}

function mergedRates(field: string, override: PartialRates, known: Rates | undefined): Rates {
  const rate = (name: keyof Rates) => required(`${field}.${name}`, override[name] ?? known?.[name]);
  return {
    input: rate("input"),
    cacheWrite5m: rate("cacheWrite5m"),
    cacheWrite1h: rate("cacheWrite1h"),
    cacheRead: rate("cacheRead"),
    output: rate("output"),
  };
}

function required<Value>(field: string, value: Value | undefined): Value {
  if (value === undefined) {
    throw new PriceOverrideError(
      `The price file is wrong at ${field}: it is missing, and no shipped price fills it in.`,
    );
  }
  return value;
}

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

function definedOf<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<Fields>;
}
