/** Sums of outcomes, a person at a time. */
import type { Count } from "./arm.ts";
import type { Outcome } from "./simulate.ts";

export interface Tally {
  warms: number;
  rescues: number;
  late: number;
  spentUsd: number;
  savedUsd: number;
  /** The whole input bill, warms included. */
  billUsd: number;
}

/** What one arm did on one tier, by person, both ways of counting. */
export type Tallies = Readonly<Record<Count, ReadonlyMap<string, Tally>>>;

export function newTally(): Tally {
  return { warms: 0, rescues: 0, late: 0, spentUsd: 0, savedUsd: 0, billUsd: 0 };
}

export function addOutcome(tally: Tally, { warms, late, rescued, spentUsd, savedUsd }: Outcome): void {
  tally.warms += warms;
  tally.late += late;
  if (rescued) tally.rescues += 1;
  tally.spentUsd += spentUsd;
  tally.savedUsd += savedUsd;
  tally.billUsd += spentUsd - savedUsd;
}

export function total(tallies: Iterable<Tally>): Tally {
  const sum = newTally();
  for (const tally of tallies) {
    sum.warms += tally.warms;
    sum.rescues += tally.rescues;
    sum.late += tally.late;
    sum.spentUsd += tally.spentUsd;
    sum.savedUsd += tally.savedUsd;
    sum.billUsd += tally.billUsd;
  }
  return sum;
}
