import { beforeAll, describe, expect, it } from "vitest";
import {
  choosePriors,
  fingerprintOf,
  fitShipped,
  type LabPerson,
  peopleOf,
  syntheticRecordings,
} from "../../src/lab/index.ts";
import { type Prior, SHIPPED_PRIOR } from "../../src/policy/index.ts";
import type { Recording } from "../../src/policy/lab/index.ts";

let recordings: Recording[] = [];
let people: LabPerson[] = [];
let fitted: Prior = SHIPPED_PRIOR;
beforeAll(() => {
  recordings = syntheticRecordings({ people: 5, conversations: 8, seed: 7 });
  people = peopleOf(recordings);
  fitted = fitShipped(people);
});

/** The first person of the file. */
function first(): LabPerson {
  const [one] = people;
  if (one === undefined) throw new Error("nobody");
  return one;
}

describe("the prior", () => {
  it("fitted twice to the same recordings is the same, and to others another", () => {
    expect(fitShipped(people)).toEqual(fitted);
    expect(fitShipped(people.slice(1)).ended).not.toEqual(fitted.ended);
  });

  it("of a person is never fitted to that person", () => {
    const { id } = first();
    const prior = choosePriors(people, "left-out").of(id);
    const others = fitShipped(people.slice(1));
    expect(prior.ended).toEqual(others.ended);
    expect(prior.returned).toEqual(others.returned);
    // Whatever that person did makes no difference, neither to it nor to what each tier is expected to cost.
    const [silent] = peopleOf(recordings.slice(0, 2));
    if (silent === undefined) throw new Error("nobody");
    expect(choosePriors([silent, ...people.slice(1)], "left-out").of(id).ended).toEqual(prior.ended);
  });

  it("is the shipped one for a file that it was not fitted to, whatever people are in it", () => {
    const { of, described } = choosePriors(people, "auto");
    expect(of(first().id)).toBe(SHIPPED_PRIOR);
    expect(described).toBe("as shipped");
  });

  it("is fitted to the others for each person of the very file that the shipped one was fitted to", () => {
    const { of, described } = choosePriors(people, "auto", fitted);
    expect(described).toBe("fitted anew for each of 5 people, to all others");
    for (const { id } of people) {
      expect(of(id)).toEqual(choosePriors(people, "left-out").of(id));
      expect(of(id).ended).not.toEqual(fitted.ended);
    }
    // Unless it is asked for.
    expect(choosePriors(people, "shipped", fitted).of(first().id)).toBe(fitted);
  });

  it("says so where there are too few people to leave one out", () => {
    const few = people.slice(0, 3);
    const { of, described } = choosePriors(few, "left-out");
    expect(of(first().id)).toBe(SHIPPED_PRIOR);
    expect(described).toMatch(/too few people/);
  });

  it("knows the file that it was fitted to, in whatever order its lines are", () => {
    expect(fitted.fittedTo).toBe(fingerprintOf(people));
    expect(fingerprintOf(peopleOf(recordings.toReversed()))).toBe(fitted.fittedTo);
    expect(fingerprintOf(people.slice(1))).not.toBe(fitted.fittedTo);
    const [conversation, ...rest] = recordings;
    if (conversation === undefined) throw new Error("no recording");
    const shorter = { ...conversation, calls: conversation.calls.slice(0, -1) };
    expect(fingerprintOf(peopleOf([shorter, ...rest]))).not.toBe(fitted.fittedTo);
  });

  it("is told from which recordings by their sums alone: other names give the same", () => {
    const renamed = recordings.map((recording) => ({
      ...recording,
      id: `c-${recording.id}`,
      person: `p-${recording.person}`,
    }));
    expect(fitShipped(peopleOf(renamed))).toEqual(fitted);
  });

  it("that ships is a few kB of aggregates", () => {
    expect(JSON.stringify(SHIPPED_PRIOR).length).toBeLessThan(4_000);
    expect(Object.keys(SHIPPED_PRIOR)).toEqual(["fittedTo", "returned", "strength", "tiers", "ended"]);
    expect(SHIPPED_PRIOR.fittedTo).toMatch(/^[0-9a-f]{16}$/);
  });
});
