/** Runs arms over recordings and adds up what they did, a person at a time. */
import type { Arm, Count } from "./arm.ts";
import type { Span } from "./recording.ts";
import { neverWarmUsd, simulate } from "./simulate.ts";
import { addOutcome, newTally, type Tallies, type Tally } from "./tally.ts";
import type { Terms } from "./terms.ts";

/** The spans of a person's conversations, one list each. */
export interface Person {
  readonly id: string;
  readonly conversations: readonly (readonly Span[])[];
}

/** Told of every decision, in order. */
export type OnDecision = (decision: {
  readonly span: Span;
  readonly count: Count;
  readonly warmsAt: readonly number[];
}) => void;

const COUNTS: readonly Count[] = ["open", "closed"];

/** What an arm does on one tier, both ways of counting. */
export function evaluate(
  arm: Arm,
  people: readonly Person[],
  terms: Terms,
  onDecision?: OnDecision,
): Tallies {
  const tallies: Record<Count, Map<string, Tally>> = { open: new Map(), closed: new Map() };
  for (const { id, conversations } of people) {
    const neverUsd = conversations.reduce((sum, spans) => sum + neverWarmUsd(spans, terms), 0);
    for (const count of COUNTS) {
      const tally = { ...newTally(), billUsd: neverUsd };
      for (const span of conversations.flat()) {
        const warmsAt = arm.warmsAt(span, terms, count).filter((at) => at < span.gapMs);
        onDecision?.({ span, count, warmsAt });
        addOutcome(tally, simulate(span, warmsAt, terms));
      }
      tallies[count].set(id, tally);
    }
  }
  return tallies;
}
