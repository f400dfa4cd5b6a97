/**
 * What a person's past turns would have cost with each lifetime, warms included. In input tokens, so that one
 * price list is as good as another.
 */
import { adaptive } from "./adaptive.ts";
import type { CacheTier, StopKind } from "./facts.ts";
import type { GapSummary } from "./gap-history.ts";
import { policyArm } from "./lab/policy-arm.ts";
import type { RecordedCall, Span } from "./lab/recording.ts";
import { returnUsd, simulate } from "./lab/simulate.ts";
import { type Terms, termsOf } from "./lab/terms.ts";
import { type Prior, SHIPPED_PRIOR } from "./prior.ts";

/** What there is to choose from. On 5 minutes alone is what everything is compared with. */
export const TIER_OPTIONS = ["5m alone", "5m + warms", "1h alone", "1h + warms"] as const;
export type TierOption = (typeof TIER_OPTIONS)[number];

/** Input tokens' worth of cost by option. */
export type TierCosts = Readonly<Record<TierOption, number>>;

/** A turn and what followed it. */
export interface SeenSpan {
  readonly stop: StopKind;
  /** The whole prompt of its last request. */
  readonly promptTokens: number;
  /** From the start of its request to the start of the next, in ms; null where none came. */
  readonly gapMs: number | null;
  /** How long the request took, in ms. @default unknown */
  readonly answerMs?: number;
  /** The prompt that followed, and how much of this one's prefix it could read; left out where none came. */
  readonly nextTokens?: number;
  readonly reusedTokens?: number;
  /** The person's gaps before it. */
  readonly person?: GapSummary;
  /** Whether the client was known to have the conversation open. */
  readonly open?: boolean;
}

/** What a prompt costs that is written whole: the first of a conversation. */
export function firstWriteCosts(promptTokens: number): TierCosts {
  return perTier((tier) => promptTokens * termsOf(tier, 0).write);
}

/** What a turn's return and the warms before it would have cost, at a read price in input tokens. */
export function spanCosts(seen: SeenSpan, read: number, prior: Prior = SHIPPED_PRIOR): TierCosts {
  const span = spanOf(seen);
  return perTier((tier, withWarms) => {
    const terms = { ...termsOf(tier, read), inputUsd: 1 };
    const warmsAt = withWarms ? warmsOf(span, seen, terms, prior) : [];
    const { spentUsd } = simulate(span, warmsAt, terms);
    const usedAt = warmsAt.findLast((at) => at < span.gapMs) ?? 0;
    return spentUsd + returnUsd(span, span.gapMs - usedAt <= terms.ttlMs, terms);
  });
}

function warmsOf(span: Span, seen: SeenSpan, terms: Terms, prior: Prior): readonly number[] {
  if (span.gapMs <= terms.everyMs) return [];
  const activity = seen.person === undefined ? undefined : { person: seen.person };
  const arm = policyArm(
    "adaptive",
    (facts) => adaptive(facts, prior),
    () => activity,
  );
  return arm.warmsAt(span, terms, seen.open === true ? "closed" : "open");
}

function spanOf(seen: SeenSpan): Span {
  const model = "";
  const call: RecordedCall = {
    startedAt: 0,
    endedAt: seen.answerMs ?? 0,
    model,
    contextTokens: seen.promptTokens,
    outputTokens: 0,
    stop: seen.stop,
  };
  const next =
    seen.gapMs === null
      ? null
      : { ...call, startedAt: seen.gapMs, endedAt: seen.gapMs, contextTokens: seen.nextTokens ?? 0 };
  return {
    recording: { id: "", person: "", calls: [call], sideCalls: [] },
    index: 0,
    call,
    next,
    gapMs: seen.gapMs ?? Number.POSITIVE_INFINITY,
    reusedTokens: seen.reusedTokens ?? 0,
  };
}

function perTier(cost: (tier: CacheTier, withWarms: boolean) => number): TierCosts {
  return perOption((option) => cost(option.startsWith("1h") ? "1h" : "5m", option.endsWith("+ warms")));
}

export function perOption(make: (option: TierOption) => number): Record<TierOption, number> {
  return {
    "5m alone": make("5m alone"),
    "5m + warms": make("5m + warms"),
    "1h alone": make("1h alone"),
    "1h + warms": make("1h + warms"),
  };
}
