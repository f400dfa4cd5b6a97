/** What idling is told in: dollars, or tokens where no price is known of any of it. */
import type { Amounts, Idling } from "./idling.ts";
import { tokensText, usdText } from "./wording.ts";

export interface Measure {
  readonly unit: "usd" | "tokens";
  /** What idling came to, and what all prompts did. */
  idle(amounts: Readonly<Amounts>): number;
  whole(amounts: Readonly<Amounts>): number;
  text(value: number): string;
  /** As short as round values can be told. */
  tick(value: number): string;
}

const USD: Measure = {
  unit: "usd",
  idle: ({ idleUsd }) => idleUsd,
  whole: ({ inputUsd }) => inputUsd,
  text: usdText,
  tick: (usd) =>
    usd >= 10 ? usdText(Math.round(usd)).replace(/\.00$/, "") : `$${Number(usd.toPrecision(3))}`,
};

const TOKENS: Measure = {
  unit: "tokens",
  idle: ({ rewrittenTokens }) => rewrittenTokens,
  whole: ({ promptTokens }) => promptTokens,
  text: tokensText,
  tick: tokensText,
};

export function measureOf({ total }: Pick<Idling, "total">): Measure {
  return total.calls > 0 && total.unpricedCalls === total.calls ? TOKENS : USD;
}
