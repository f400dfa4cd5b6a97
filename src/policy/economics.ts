/** What a warm costs, what a lapse costs, in USD at list price. */
import type { PolicyFacts } from "./facts.ts";

type Priced = Pick<PolicyFacts, "prefixTokens" | "tailTokens" | "price">;

/** One warm: reading the prefix, and sending what is behind it. */
export function warmUsd({ prefixTokens, tailTokens = 0, price }: Priced): number {
  return (prefixTokens * price.read + tailTokens) * price.inputUsd;
}

/** The rewrite premium: what a return after a lapse pays more than one within the lifetime. */
export function premiumUsd({ prefixTokens, price }: Pick<Priced, "prefixTokens" | "price">): number {
  return Math.max(0, prefixTokens * (price.write - price.read) * price.inputUsd);
}

/** For sums of dollars that are meant to be equal. */
const ROUNDING = 1e-9;

/** How many more warms stay within one rewrite premium since the last real turn; `Infinity` where they are free. */
export function warmsWithinPremium(facts: PolicyFacts): number {
  return warmsWithin(premiumUsd(facts), facts);
}

/** How many more warms stay within `limitUsd` since the last real turn; `Infinity` where they are free. */
export function warmsWithin(limitUsd: number, facts: PolicyFacts): number {
  const leftUsd = limitUsd - facts.spentUsd;
  const costUsd = warmUsd(facts);
  if (!(leftUsd >= 0)) return 0;
  return costUsd > 0 ? Math.floor(leftUsd / costUsd + ROUNDING) : Number.POSITIVE_INFINITY;
}
