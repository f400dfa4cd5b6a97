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

export function shownIn(amounts: Amounts, measure: Measure): Shown {
  return measure === "dollars"
    ? shownOf(amounts.spentUsd, amounts.savedUsd, measure)
    : shownOf(amounts.spentWeight, amounts.savedWeight, measure);
}

export function shownInDollars({ spentUsd, savedUsd }: Pick<Amounts, "spentUsd" | "savedUsd">): Shown {
  return shownOf(spentUsd, savedUsd, "dollars");
}

/** Of several together. */
export function sumOf(amounts: readonly Pick<Amounts, "spentUsd" | "savedUsd">[]) {
  return {
    spentUsd: amounts.reduce((sum, { spentUsd }) => sum + spentUsd, 0),
    savedUsd: amounts.reduce((sum, { savedUsd }) => sum + savedUsd, 0),
  };
}

/** Whoever subtracts what they see comes to the net that they see. */
function shownOf(spentAmount: number, savedAmount: number, measure: Measure): Shown {
  const [spent, saved] = [rounded(spentAmount, measure), rounded(savedAmount, measure)];
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

function rounded(amount: number, measure: Measure): number {
  const size = Math.abs(amount);
  const shown = measure === "tokens" ? Math.round(size).toPrecision(3) : size.toFixed(digits(size));
  return Math.sign(amount) * Number(shown);
}

/** Cents, and less where that is all there is. */
function digits(usd: number): number {
  return usd >= 0.095 || usd < 0.00005 ? 2 : 4;
}
