import * as z from "zod/mini";
import type { ModelPrice, PriceTable, Rates } from "./prices.ts";

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

const tier = z.strictObject({ abovePromptTokens: tokens, rates });

/** Of a known model any field may be given alone; of a new one `rates` in full and `minimumCacheableTokens`. */
const model = z.strictObject({
  rates: z.optional(z.partial(rates)),
  fast: z.optional(z.partial(rates)),
  tiers: z.optional(z.array(tier)),
  geo: z.optional(z.record(z.string(), multiplier)),
  minimumCacheableTokens: z.optional(tokens),
});

const overridesSchema = z.strictObject({
  asOf: z.optional(z.iso.date()),
  source: z.optional(z.string()),
  unit: z.optional(z.literal("USD per million tokens")),
  fastMultiplier: z.optional(multiplier),
  batchMultiplier: z.optional(multiplier),
  webSearchUsd: z.optional(usdPerMTok),
  models: z.optional(z.record(z.string(), model)),
});

/** Lays a price file (its text, or its content parsed) over a table. Throws {@link PriceOverrideError}. */
export function mergePriceOverrides(overrides: unknown, base: PriceTable): PriceTable {
  const { models = {}, ...rest } = validated(typeof overrides === "string" ? parsed(overrides) : overrides);
  const merged: Record<string, ModelPrice> = { ...base.models };
  for (const [id, override] of Object.entries(models)) {
    const known = Object.hasOwn(base.models, id) ? base.models[id] : undefined;
    const { rates: ratesOverride, fast: fastOverride, minimumCacheableTokens, ...others } = override;
    merged[id] = {
      ...known,
      ...definedOf(others),
      ...ratesIn("rates", id, ratesOverride, known?.rates),
      ...ratesIn("fast", id, fastOverride, known?.fast),
      minimumCacheableTokens: required(
        minimumCacheableTokens ?? known?.minimumCacheableTokens,
        `models.${id}.minimumCacheableTokens`,
      ),
    };
  }
  return { ...base, ...definedOf(rest), models: merged };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PriceOverrideError("The price file is not valid JSON.");
  }
}

function validated(overrides: unknown): z.output<typeof overridesSchema> {
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
    case "invalid_format":
      return `expected ${issue.format}, such as 2026-11-18`;
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "unrecognized_keys":
      return "expected only the fields of the shipped price file";
    default:
      return "not what the shipped price file has there";
  }
}

function ratesIn<Field extends "rates" | "fast">(
  field: Field,
  modelId: string,
  override: { [Name in keyof Rates]?: number | undefined } | undefined,
  known: Rates | undefined,
): { readonly [Name in Field]?: Rates } | undefined {
  if (override === undefined) {
    if (field === "rates" && known === undefined) required(undefined, `models.${modelId}.rates`);
    return undefined;
  }
  const of = (name: keyof Rates) => required(override[name] ?? known?.[name], `models.${modelId}.${field}.${name}`);
  const full: Rates = {
    input: of("input"),
    cacheWrite5m: of("cacheWrite5m"),
    cacheWrite1h: of("cacheWrite1h"),
    cacheRead: of("cacheRead"),
    output: of("output"),
  };
  return { [field]: full } as { readonly [Name in Field]: Rates };
}

function required<Value>(value: Value | undefined, field: string): Value {
  if (value === undefined) {
    throw new PriceOverrideError(`The price file is wrong at ${field}: it is missing, and no shipped price fills it in.`);
  }
  return value;
}

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

function definedOf<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<Fields>;
}
