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
import { filterOf, mayContain } from "./people-filter.ts";

/** `auto` leaves out those whom the shipped prior knows, and takes it for all others. */
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

/** Of fewer others no prior can be fitted. */
const FEWEST_OTHERS = 3;

export function choosePriors(people: readonly LabPerson[], choice: PriorChoice): Priors {
  const leftOut = people.filter(
    ({ id }) =>
      choice === "left-out" || (choice === "auto" && mayContain(SHIPPED_PRIOR.fittedTo?.filter ?? "", id)),
  );
  if (choice === "shipped" || leftOut.length === 0) return { of: () => SHIPPED_PRIOR, described: "shipped" };
  const speaking = people.filter(({ conversations }) => conversations.length > 0);
  if (speaking.length <= FEWEST_OTHERS) {
    return {
      of: () => SHIPPED_PRIOR,
      described: "shipped, though it may be fitted to these people: there are too few others",
    };
  }
  const evidence = new Map(speaking.map(({ id, recordings }) => [id, evidenceOf(recordings)]));
  const plain = new Map(leftOut.map(({ id }) => [id, fitPrior(without(evidence, id))]));
  const tiers = new Map(
    speaking.map(({ id, conversations }) => [
      id,
      tierEvidenceOf(conversations, plain.get(id) ?? SHIPPED_PRIOR),
    ]),
  );
  const priors = new Map([...plain].map(([id, prior]) => [id, withTiers(prior, without(tiers, id))]));
  const others = leftOut.length === people.length ? "" : `, shipped for ${people.length - leftOut.length}`;
  return {
    of: (person) => priors.get(person) ?? SHIPPED_PRIOR,
    described: `fitted without the person for ${leftOut.length} of ${people.length} people${others}`,
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
  return {
    fittedTo: {
      people: speaking.length,
      conversations: speaking.reduce((sum, { conversations }) => sum + conversations.length, 0),
      filter: filterOf(people.map(({ id }) => id)),
    },
    ...withTiers(plain, tiers),
  };
}
