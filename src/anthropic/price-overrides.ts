import * as z from "zod/mini";
import { type ModelPrice, type PriceTable, type Rates, SHIPPED_PRICES } from "./prices.ts";

/** Says which field of a price file is wrong, for people. */
export class PriceOverrideError extends Error {
  override readonly name = "PriceOverrideError";
}

const usdPerMTok = z.number().check(z.nonnegative());
const multiplier = z.number().check(z.positive());
const tokens = z.int().check(z.nonnegative());
const rates = z.strictObject({
  input: usdPerMTok,
  cacheWrite5m: usdPerMTok,
  cacheWrite1h: usdPerMTok,
  cacheRead: usdPerMTok,
  output: usdPerMTok,
});
// Of a known model any field may be given alone; of a new one all rates and the minimum.
const model = z.strictObject({
  rates: z.optional(z.partial(rates)),
  fast: z.optional(z.partial(rates)),
  tiers: z.optional(z.array(z.strictObject({ abovePromptTokens: tokens, rates }))),
  geo: z.optional(z.record(z.string(), multiplier)),
  minimumCacheableTokens: z.optional(tokens),
});
const overridesSchema = z.strictObject({
  asOf: z.optional(z.string().check(z.refine(isDay))),
  source: z.optional(z.string()),
  unit: z.optional(z.literal("USD per million tokens")),
  fastMultiplier: z.optional(multiplier),
  batchMultiplier: z.optional(multiplier),
  webSearchUsd: z.optional(usdPerMTok),
  models: z.optional(z.record(z.string(), model)),
});

/** As `2026-11-20`. */
function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

type Overrides = z.output<typeof overridesSchema>;

/**
 * The shipped prices (or `base`) with a price file laid over them: its text, or its content already parsed.
 *
 * @throws {PriceOverrideError} naming the field that is wrong
 */
export function pricesWith(overrides: unknown, base: PriceTable = SHIPPED_PRICES): PriceTable {
  const content = typeof overrides === "string" ? parsed(overrides) : overrides;
  const { models = {}, ...rest } = validated(content);
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PriceOverrideError("The price file is not valid JSON.");
  }
}

function validated(overrides: unknown): Overrides {
  const result = overridesSchema.safeParse(overrides);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join(".");
  const where = path === undefined || path === "" ? "its outermost value" : path;
  const unknown = issue?.code === "unrecognized_keys" ? ` (unknown field: ${issue.keys.join(", ")})` : "";
  throw new PriceOverrideError(`The price file is wrong at ${where}${unknown}: ${expectation(issue)}.`);
}

/** zod/mini brings no texts of its own. */
function expectation(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "invalid_type":
      return `expected ${issue.expected}`;
    case "too_small":
      return `expected ${issue.inclusive === true ? "at least" : "more than"} ${issue.minimum}`;
    case "custom":
      return "expected a day, such as 2026-11-18";
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "unrecognized_keys":
      return "expected only the fields of the shipped price file";
    default:
      return "not what the shipped price file has there";
  }
}

function required<Value>(field: string, value: Value | undefined): Value {
  if (value === undefined) {
    throw new PriceOverrideError(
      `The price file is wrong at ${field}: it is missing, and no shipped price fills it in.`,
    );
  }
  return value;
}

type PartialRates = { readonly [Name in keyof Rates]?: number | undefined };

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

function definedOf<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<Fields>;
}
