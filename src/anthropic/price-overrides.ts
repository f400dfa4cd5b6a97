/** Prices of a person's own, from a file that is checked and explained. */
import * as z from "zod/mini";
import { mergedPrices, type Overrides, PriceOverrideError } from "./price-merge.ts";
import { type PriceTable, SHIPPED_PRICES } from "./prices.ts";

export { PriceOverrideError } from "./price-merge.ts";

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
  asOf: z.optional(z.iso.date()),
  source: z.optional(z.string()),
  unit: z.optional(z.literal("USD per million tokens")),
  fastMultiplier: z.optional(multiplier),
  batchMultiplier: z.optional(multiplier),
  webSearchUsd: z.optional(usdPerMTok),
  models: z.optional(z.record(z.string(), model)),
});

/**
 * The shipped prices (or `base`) with a price file laid over them: its text, or its content already parsed.
 *
 * @throws {PriceOverrideError} naming the field that is wrong
 */
export function pricesWith(overrides: unknown, base: PriceTable = SHIPPED_PRICES): PriceTable {
  const content = typeof overrides === "string" ? parsed(overrides) : overrides;
  return mergedPrices(validated(content), base);
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
