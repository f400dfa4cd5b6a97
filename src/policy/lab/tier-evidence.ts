/** What each tier would have cost the people of a recording, for the prior of those nobody has seen yet. */
import type { Prior } from "../prior.ts";
import {
  firstWriteCosts,
  perOption,
  type SeenSpan,
  spanCosts,
  TIER_OPTIONS,
  type TierCosts,
} from "../tier-costs.ts";
import type { Count } from "./arm.ts";
import type { ActivityAt } from "./policy-arm.ts";
import type { Span } from "./recording.ts";

/** The read prices of today's models. */
export const READ_PRICES = [0.1, 0.05, 0.025] as const;

/** Costs by read price, in the order of {@link READ_PRICES}. */
export type TierEvidence = readonly TierCosts[];

/** @param prior fitted without this person */
export function tierEvidenceOf(conversations: readonly (readonly Span[])[], prior: Prior): TierEvidence {
  return READ_PRICES.map((read) => {
    const parts = conversations.flatMap((spans) => [
      ...spans.slice(0, 1).map(({ call }) => firstWriteCosts(call.contextTokens)),
      ...spans.map((span) => spanCosts(seenOf(span, "open"), read, prior)),
    ]);
    return sumOf(parts);
  });
}

export function withTiers(prior: Prior, people: readonly TierEvidence[]): Prior {
  const tiers = READ_PRICES.map((read, index) => {
    const sums = sumOf(people.flatMap((costs) => costs[index] ?? []));
    const base = sums["5m alone"] || 1;
    return { read, costs: perOption((option) => Number((sums[option] / base).toPrecision(5))) };
  });
  return { ...prior, tiers };
}

/** A recorded span as whoever saw it would tell of it. */
export function seenOf(span: Span, count: Count, activityAt?: ActivityAt, at = 0): SeenSpan {
  const person = activityAt?.(span, span.call.startedAt + at)?.person;
  return {
    stop: span.call.stop,
    promptTokens: span.call.contextTokens,
    answerMs: span.call.endedAt - span.call.startedAt,
    gapMs: span.next === null ? null : span.gapMs,
    ...(span.next === null ? {} : { nextTokens: span.next.contextTokens, reusedTokens: span.reusedTokens }),
    ...(count === "closed" ? { open: true } : {}),
    ...(person === undefined ? {} : { person }),
  };
}

function sumOf(costs: readonly TierCosts[]): TierCosts {
  const sums = perOption(() => 0);
  for (const cost of costs) for (const option of TIER_OPTIONS) sums[option] += cost[option];
  return sums;
}
