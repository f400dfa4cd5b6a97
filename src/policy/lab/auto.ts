/** Adaptive with the tier chosen from the past: of the person, and of the conversation itself. */
import type { CacheTier } from "../facts.ts";
import { ENDED_AFTER_MS } from "../presence.ts";
import type { Prior } from "../prior.ts";
import { firstWriteCosts, spanCosts } from "../tier-costs.ts";
import { TierHistory } from "../tier-history.ts";
import type { Arm, Count } from "./arm.ts";
import type { ActivityAt } from "./policy-arm.ts";
import type { Span } from "./recording.ts";
import { returnUsd, simulate } from "./simulate.ts";
import { addOutcome, newTally, type Tally } from "./tally.ts";
import type { Terms } from "./terms.ts";
import { seenOf } from "./tier-evidence.ts";

export interface AutoSetting {
  readonly terms: Readonly<Record<CacheTier, Terms>>;
  /** Warms by the tier it is given. */
  readonly adaptive: Arm;
  readonly prior: Prior;
  readonly activityAt: ActivityAt;
}

export type OnAutoDecision = (decision: {
  readonly span: Span;
  readonly count: Count;
  readonly tier: CacheTier;
  readonly warmsAt: readonly number[];
}) => void;

/** One conversation as it goes. */
interface Course {
  readonly own: TierHistory;
  tier: CacheTier;
}

/**
 * Lives through a person's conversations side by side. The tier is chosen at the first write, and anew
 * wherever the whole prefix has to be written again; in between it stays.
 */
export function autoTally(
  conversations: readonly (readonly Span[])[],
  count: Count,
  setting: AutoSetting,
  onDecision?: OnAutoDecision,
): Tally {
  const tally = newTally();
  const past = new TierHistory();
  const { read } = setting.terms["5m"];
  const courses = new Map<string, Course>();

  const begin = (first: Span) => {
    const course: Course = { own: new TierHistory(), tier: "5m" };
    courses.set(first.recording.id, course);
    course.tier = past.advise(read, course.own, setting.prior).tier;
    tally.billUsd += writeUsd(first.call.contextTokens, setting.terms[course.tier]);
    past.add(read, firstWriteCosts(first.call.contextTokens));
  };

  const end = (span: Span) => {
    const course = courses.get(span.recording.id);
    if (course === undefined) return;
    const terms = setting.terms[course.tier];
    const warmsAt = setting.adaptive.warmsAt(span, terms, count).filter((at) => at < span.gapMs);
    onDecision?.({ span, count, tier: course.tier, warmsAt });
    const outcome = simulate(span, warmsAt, terms);
    addOutcome(tally, outcome);
    // The outcome's saving is taken off a bill that counts the return as it would have been without warms.
    const unwarmed = returnUsd(span, span.gapMs <= terms.ttlMs, terms);
    tally.billUsd += unwarmed;
    const costs = spanCosts(
      seenOf(span, count, setting.activityAt, setting.terms["5m"].latestMs),
      read,
      setting.prior,
    );
    past.add(read, costs);
    course.own.add(read, costs);
    const usedAt = warmsAt.at(-1) ?? 0;
    const rewritten = span.reusedTokens === 0 || span.gapMs - usedAt > terms.ttlMs;
    if (span.next === null || !rewritten) return;
    const tier = past.advise(read, course.own, setting.prior).tier;
    // Everything is written, so the new tier's price replaces the old one's.
    tally.billUsd +=
      writeUsd(span.next.contextTokens, setting.terms[tier]) - writeUsd(span.next.contextTokens, terms);
    course.tier = tier;
  };

  for (const { span, isBegin } of inOrder(conversations)) (isBegin ? begin : end)(span);
  return tally;
}

function writeUsd(tokens: number, { write, inputUsd }: Terms): number {
  return tokens * write * inputUsd;
}

interface Happening {
  readonly at: number;
  readonly span: Span;
  /** Of the conversation, by its first span; otherwise the span's end. */
  readonly isBegin: boolean;
}

/** Begins and ends as they happened; a last span is known to be one only after half a day. */
function inOrder(conversations: readonly (readonly Span[])[]): Happening[] {
  const happenings: Happening[] = [];
  for (const spans of conversations) {
    const first = spans[0];
    if (first !== undefined) happenings.push({ at: first.call.startedAt, span: first, isBegin: true });
    for (const span of spans) {
      const at = span.next?.startedAt ?? span.call.startedAt + ENDED_AFTER_MS;
      happenings.push({ at, span, isBegin: false });
    }
  }
  return happenings.sort((a, b) => a.at - b.at || Number(a.isBegin) - Number(b.isBegin));
}
