/** Inside another program a price file is only looked through: `keepwarm start` and `keepwarm config` explain it. */
import { mergedPrices, type Overrides, PriceOverrideError } from "./price-merge.ts";
import { SHIPPED_PRICES } from "./prices.ts";

export { PriceOverrideError } from "./price-merge.ts";

export const pricesWith: typeof import("./price-overrides.ts").pricesWith = (
  overrides,
  base = SHIPPED_PRICES,
) => {
  if (isPrices(overrides)) return mergedPrices(overrides, base);
  throw new PriceOverrideError("it is no price file: keepwarm start says why");
};

/** Amounts and texts in objects and lists, and no amount below zero. */
function isPrices(value: unknown): value is Overrides {
  return isObject(value) && isSound(value);
}

function isSound(value: unknown): boolean {
  if (isObject(value)) return Object.values(value).every(isSound);
  return typeof value === "string" || (typeof value === "number" && value >= 0 && Number.isFinite(value));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
