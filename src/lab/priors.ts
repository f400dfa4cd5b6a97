/** The prior each person of a file is judged by: never one that was fitted to them. */

import { type Prior, SHIPPED_PRIOR } from "../policy/index.ts";
import {
  evidenceOf,
  fitPrior,
  type Recording,
  type Span,
  tierEvidenceOf,
  withTiers,
} from "../policy/lab/index.ts";
import { fingerprintOf } from "./fingerprint.ts";

/**
 * `left-out` fits one to all others of the file, for each person. `auto` does so where the file is the one that
 * the shipped prior was fitted to, and takes the shipped one for any other.
 */
export type PriorChoice = "auto" | "left-out" | "shipped";

export interface LabPerson {
  readonly id: string;
  readonly recordings: readonly Recording[];
  /** The spans of each conversation that has a main thread. */
  readonly conversations: readonly (readonly Span[])[];
}

export interface Priors {
  of(person: string): Prior;
  /** For people: where they come from. */
  readonly described: string;
}

/** Told of each person whose prior is fitted. */
export type OnFitted = (done: number, of: number) => void;

/** Of fewer others no prior can be fitted. */
const FEWEST_OTHERS = 3;

export function choosePriors(
  people: readonly LabPerson[],
  choice: PriorChoice,
  shipped: Prior = SHIPPED_PRIOR,
  onFitted: OnFitted = () => {},
): Priors {
  const isItsOwn = choice === "auto" && shipped.fittedTo === fingerprintOf(people);
  if (choice === "shipped" || (choice === "auto" && !isItsOwn)) {
    return { of: () => shipped, described: "as shipped" };
  }
  const speaking = people.filter(({ conversations }) => conversations.length > 0);
  if (speaking.length <= FEWEST_OTHERS) {
    return { of: () => shipped, described: "as shipped: there are too few people to leave one out" };
  }
  const evidence = new Map(speaking.map(({ id, recordings }) => [id, evidenceOf(recordings)]));
  const plain = new Map<string, Prior>();
  const tiers = new Map<string, ReturnType<typeof tierEvidenceOf>>();
  for (const { id, conversations } of speaking) {
    const prior = fitPrior(without(evidence, id));
    plain.set(id, prior);
    tiers.set(id, tierEvidenceOf(conversations, prior));
    onFitted(plain.size, speaking.length);
  }
  const priors = new Map([...plain].map(([id, prior]) => [id, withTiers(prior, without(tiers, id))]));
  return {
    // Who never spoke has nothing to be judged by.
    of: (person) => priors.get(person) ?? shipped,
    described: `fitted anew for each of ${speaking.length} people, to all others`,
  };
}

function without<Value>(values: ReadonlyMap<string, Value>, person: string): Value[] {
  return [...values].filter(([id]) => id !== person).map(([, value]) => value);
}

/** A prior fitted to everybody in a file. */
export function fitShipped(people: readonly LabPerson[]): Prior {
  const speaking = people.filter(({ conversations }) => conversations.length > 0);
  const plain = fitPrior(speaking.map(({ recordings }) => evidenceOf(recordings)));
  const tiers = speaking.map(({ conversations }) => tierEvidenceOf(conversations, plain));
  return { fittedTo: fingerprintOf(people), ...withTiers(plain, tiers) };
}
