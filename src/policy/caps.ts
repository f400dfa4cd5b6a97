/** Limits that hold whatever policy plans: a person's own, in dollars and tokens. */
import { warmUsd } from "./economics.ts";
import type { Policy, PolicyFacts } from "./facts.ts";
import { howLong, usd } from "./wording.ts";

/** Zero means zero: nothing is sent. Left out, there is no such limit. */
export interface Caps {
  /** USD per conversation and idle span. */
  readonly spanUsd?: number;
  /** USD per rolling 24 hours, over all of a person's conversations. */
  readonly dayUsd?: number;
  /** Shorter prefixes are not warmed, in tokens. */
  readonly minPrefixTokens?: number;
}

const DAY_MS = 86_400_000;

/** The policy within its caps. A limit that is not a number lets nothing through. */
export function capped(policy: Policy, caps: Caps): Policy {
  return (facts) => {
    const plan = policy(facts);
    if (plan.warmAt === undefined) return plan;
    const reason = whyNot(facts, caps);
    return reason === null ? plan : { stop: true, reason, expectedNetUsd: 0, pReturn: plan.pReturn };
  };
}

function whyNot(facts: PolicyFacts, { spanUsd, dayUsd, minPrefixTokens }: Caps): string | null {
  const costUsd = warmUsd(facts);
  if (minPrefixTokens !== undefined && !(facts.prefixTokens >= minPrefixTokens)) {
    return `The prefix of ${facts.prefixTokens} tokens is shorter than the ${minPrefixTokens} that you set as the least worth warming.`;
  }
  if (spanUsd !== undefined && !fits(facts.spentUsd, costUsd, spanUsd)) {
    return `Another warm (${usd(costUsd)}) would exceed your limit of ${usd(spanUsd)} for one pause.`;
  }
  const daySpentUsd = Math.max(facts.spentUsd24h ?? 0, spentTodayHere(facts));
  if (dayUsd !== undefined && !fits(daySpentUsd, costUsd, dayUsd)) {
    return `Another warm (${usd(costUsd)}) would exceed your limit of ${usd(dayUsd)} for ${howLong(DAY_MS)}.`;
  }
  return null;
}

/** Where the person's sum is not known, at least what this span has spent within the day. */
function spentTodayHere(facts: PolicyFacts): number {
  return facts.spentUsd24h === undefined ? facts.spentUsd : 0;
}

/** False as well where a figure is not a number; a limit of zero admits nothing, not even what is free. */
function fits(spentUsd: number, costUsd: number, limitUsd: number): boolean {
  return limitUsd > 0 && spentUsd + costUsd <= limitUsd * (1 + 1e-12);
}
