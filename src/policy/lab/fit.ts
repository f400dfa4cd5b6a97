/** Fits a prior to recordings: aggregates over many people, to be shrunk to by one nobody has seen yet. */
import type { PolicyFacts, StopKind } from "../facts.ts";
import { perStop, STOP_KINDS } from "../facts.ts";
import { FEATURES, featuresOf } from "../features.ts";
import { BIN_EDGES_S, binOf, LONG_BIN } from "../gap-history.ts";
import { type Prior, SHIPPED_PRIOR } from "../prior.ts";
import { fitLogistic, type Sample } from "./logistic.ts";
import { factsAt } from "./policy-arm.ts";
import { type Recording, type Span, spansOf } from "./recording.ts";
import { smoothTail } from "./smooth-tail.ts";
import { termsOf } from "./terms.ts";
import { activitiesAt } from "./timeline.ts";

/** What one person's recordings say, so that priors without a person need not look at them again. */
export interface Evidence {
  readonly returned: Readonly<Record<StopKind, readonly number[]>>;
  readonly samples: readonly Sample[];
}

/** Moments of a span at which it is asked whether it is over, in seconds of idling. */
const ASKED_AT_S = BIN_EDGES_S.filter((edge) => edge >= 280 && edge <= 28_800);
const RIDGE = 3;
const STRENGTH = 200;
/** Weights are relative to a prefix of so many tokens. */
const USUAL_TOKENS = 100_000;

/** @param recordings of one person */
export function evidenceOf(recordings: readonly Recording[]): Evidence {
  const returned = emptyBins();
  const asked: { readonly span: Span; readonly atS: number; readonly rank: number }[] = [];
  for (const span of recordings.flatMap(spansOf)) {
    const weight = Math.sqrt(span.call.contextTokens / USUAL_TOKENS);
    if (span.next !== null) {
      const bins = returned[span.call.stop];
      const bin = binOf(span.gapMs);
      bins[bin] = (bins[bin] ?? 0) + weight;
    }
    for (const [rank, atS] of ASKED_AT_S.entries()) {
      if (span.gapMs > atS * 1_000) asked.push({ span, atS, rank });
    }
  }
  const moments = asked.map(({ span, atS }) => ({
    conversation: span.recording.id,
    at: span.call.startedAt + atS * 1_000,
  }));
  const activities = activitiesAt(recordings, moments);
  const terms = termsOf("5m", 0.1);
  const samples = asked.map(({ span, atS, rank }, index): Sample => {
    const now = atS * 1_000;
    const facts: PolicyFacts = {
      ...factsAt(span, terms, { now, usedAt: 0, warms: 0 }),
      activity: activities[index] ?? {},
    };
    return {
      features: featuresOf(facts),
      positive: span.next === null,
      weight: Math.sqrt(span.call.contextTokens / USUAL_TOKENS) / Math.sqrt(rank + 1),
    };
  });
  return { returned, samples };
}

/** A prior without the costs of the tiers, which are reckoned with it: {@link withTiers} adds them. */
export function fitPrior(people: readonly Evidence[]): Prior {
  const returned = emptyBins();
  for (const evidence of people) {
    for (const kind of STOP_KINDS) {
      for (const [bin, count] of evidence.returned[kind].entries()) {
        returned[kind][bin] = (returned[kind][bin] ?? 0) + count;
      }
    }
  }
  const [constant = 0, ...weights] = fitLogistic(
    people.flatMap(({ samples }) => samples),
    RIDGE,
  );
  return {
    returned: smoothed(returned),
    strength: STRENGTH,
    tiers: SHIPPED_PRIOR.tiers,
    ended: {
      constant: rounded(constant),
      weights: Object.fromEntries(FEATURES.map((name, index) => [name, rounded(weights[index] ?? 0)])),
    },
  };
}

/**
 * Proportions by bin: up to the lifetime of a 5-minute entry as counted, beyond it by the smooth rate of
 * return that fits the counts best. Rare kinds lean on what is known of all.
 */
function smoothed(counted: Record<StopKind, number[]>): Record<StopKind, readonly number[]> {
  const answer = counted.end_turn;
  const sum = answer.reduce((total, count) => total + count, 0) || 1;
  return perStop((kind) => {
    const lean = kind === "end_turn" ? 0 : kind === "other" ? 100 : 20;
    const leaning = counted[kind].map((count, bin) => count + 0.2 + (lean * (answer[bin] ?? 0)) / sum);
    return [...leaning.slice(0, LONG_BIN), ...smoothTail(leaning.slice(LONG_BIN))].map(rounded);
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

function emptyBins(): Record<StopKind, number[]> {
  return perStop(() => new Array<number>(BIN_EDGES_S.length + 1).fill(0));
}
