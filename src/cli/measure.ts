/** Amounts in dollars or in weighed tokens, for people. */
import type { Amounts } from "../ledger/index.ts";

export type Measure = "dollars" | "tokens";

/** As they are shown. */
export interface Shown {
  readonly spent: string;
  readonly saved: string;
  /** With its sign. */
  readonly net: string;
  readonly netAmount: number;
}

/** Whoever subtracts what they see comes to the net that they see. */
export function shownIn(amounts: Amounts, measure: Measure): Shown {
  const [spent, saved] =
    measure === "dollars"
      ? [rounded(amounts.spentUsd, measure), rounded(amounts.savedUsd, measure)]
      : [rounded(amounts.spentWeight, measure), rounded(amounts.savedWeight, measure)];
  const netAmount = saved - spent;
  // Of two amounts in cents the difference is in cents too.
  const inCents = measure === "dollars" && digits(spent) === 2 && digits(saved) === 2;
  const size = inCents ? `$${Math.abs(netAmount).toFixed(2)}` : amountIn(Math.abs(netAmount), measure);
  const sign = !/[1-9]/.test(size) ? "" : netAmount < 0 ? "−" : "+";
  return {
    spent: amountIn(spent, measure),
    saved: amountIn(saved, measure),
    net: sign + size,
    netAmount: sign === "" ? 0 : netAmount,
  };
}

/** Dollars where all of it is known in dollars, unless a subscription paid for all of the warms. */
export function measureOf({ warms, warmsBySubscription }: Amounts): Measure {
  return warms > 0 && warmsBySubscription === warms ? "tokens" : "dollars";
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** `$12.30`, `−$0.0042`, `1.23M`. */
export function amountIn(amount: number, measure: Measure): string {
  const size = Math.abs(amount);
  const shown = measure === "tokens" ? compact.format(Math.round(size)) : `$${size.toFixed(digits(size))}`;
  return `${amount < 0 && /[1-9]/.test(shown) ? "−" : ""}${shown}`;
}

function rounded(amount: number, measure: Measure): number {
  const size = Math.abs(amount);
  const shown = measure === "tokens" ? Math.round(size).toPrecision(3) : size.toFixed(digits(size));
  return Math.sign(amount) * Number(shown);
}

/** Cents, and less where that is all there is. */
function digits(usd: number): number {
  return usd >= 0.095 || usd < 0.00005 ? 2 : 4;
}
