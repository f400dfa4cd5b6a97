/** What is known of an idle conversation, as the numbers that its chance of being over is reckoned from. */
import { aliveAt, type PolicyFacts, stopOf } from "./facts.ts";
import { BIN_EDGES_S, type GapSummary, LONG_BIN } from "./gap-history.ts";

/** Their names, in order; a prior has a weight for each. */
export const FEATURES = [
  "idle",
  "idleSquared",
  "afterTool",
  "afterQuestion",
  "idleAfterTool",
  "othersActive",
  "othersBegun",
  "lastAnswer",
  "grown",
  "longestGap",
  "personEnds",
  "personKnown",
] as const;

/**
 * In the order of {@link FEATURES}, each about 0 where nothing is known and about 1 where it is a standard
 * deviation away. The scales are fixed: weights are fitted to them.
 */
export function featuresOf(facts: PolicyFacts): number[] {
  const { now, turnStartedAt, settledAt, activity = {} } = facts;
  const stop = stopOf(facts);
  const idle = scaled(log((now - aliveAt(facts)) / 1_000), Math.log(1_000), 1);
  const afterTool = stop === "tool_use" ? 1 : 0;
  return [
    idle,
    idle * idle,
    afterTool,
    stop === "question" ? 1 : 0,
    idle * afterTool,
    activity.othersActive === undefined ? 0 : Math.min(3, activity.othersActive),
    activity.othersBegun === undefined ? 0 : Math.min(1, activity.othersBegun),
    settledAt === undefined ? 0 : scaled(log((settledAt - turnStartedAt) / 1_000), 2, 1.2),
    activity.grownTokens === undefined ? 0 : scaled(log(activity.grownTokens), 8, 2),
    activity.conversation === undefined ? 0 : scaled(log(longestGapS(activity.conversation)), 6, 1.8),
    activity.person === undefined ? 0 : endsOf(activity.person),
    activity.person === undefined ? 0 : scaled(log(1 + longGapsOf(activity.person)), 3, 1.5),
  ];
}

function log(value: number): number {
  return Math.log(Math.max(1, value));
}

function scaled(value: number, middle: number, spread: number): number {
  return Math.max(-3, Math.min(3, (value - middle) / spread));
}

function longestGapS(gaps: GapSummary): number {
  let longest = 0;
  for (const { returned } of Object.values(gaps)) {
    for (let bin = returned.length - 1; bin > longest; bin--) {
      if ((returned[bin] ?? 0) > 0) longest = bin;
    }
  }
  return BIN_EDGES_S[Math.min(longest, BIN_EDGES_S.length - 1)] ?? 0;
}

/** Log-odds that a long gap of this person ends a conversation. */
function endsOf(person: GapSummary): number {
  const ended = Object.values(person).reduce((sum, kind) => sum + kind.ended, 0);
  return Math.log((ended + 1) / (longGapsOf(person) - ended + 2)) - Math.log(1 / 2);
}

/** Gaps of this person that outlived a 5-minute entry, however they ended. */
function longGapsOf(person: GapSummary): number {
  let count = 0;
  for (const { returned, ended } of Object.values(person)) {
    count += ended;
    for (let bin = LONG_BIN; bin < returned.length; bin++) count += returned[bin] ?? 0;
  }
  return count;
}
