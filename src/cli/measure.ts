/** Amounts in dollars or in weighed tokens, for people. */
import type { Amounts } from "../ledger/index.ts";

export type Measure = "dollars" | "tokens";

export function spentIn(amounts: Amounts, measure: Measure): { spent: number; saved: number; net: number } {
  return measure === "dollars"
    ? { spent: amounts.spentUsd, saved: amounts.savedUsd, net: amounts.netUsd }
    : { spent: amounts.spentWeight, saved: amounts.savedWeight, net: amounts.netWeight };
}

/** `$12.30`, `−$0.0042`, `1.23M`. */
export function amountIn(amount: number, measure: Measure): string {
  const size = Math.abs(amount);
  const shown = measure === "tokens" ? compact(Math.round(size)) : `$${size.toFixed(digits(size))}`;
  return `${amount < 0 && /[1-9]/.test(shown) ? "−" : ""}${shown}`;
}

let format: Intl.NumberFormat | undefined;

/** Made when it is first used: that takes longer than a status line has. */
function compact(tokens: number): string {
  format ??= new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
  return format.format(tokens);
}

/** Cents, and less where that is all there is. */
function digits(usd: number): number {
  return usd >= 0.095 || usd < 0.00005 ? 2 : 4;
}
