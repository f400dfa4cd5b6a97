/** What a listener has still to be told, whatever is lost on the way: in the end it knows what is true. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Session } from "../../src/console/session.ts";
import type { HistoryEntry } from "../../src/hub/index.ts";

const entry = (seq: number): HistoryEntry => ({ kind: "switch", seq, at: 0, enabled: true });

/** A listener that hears what a session tells it of conversations that are numbers. */
function aWorld(count: number) {
  const truth = new Map(Array.from({ length: count }, (_, n) => [`c${n}`, 0]));
  const session = new Session();
  let known = new Map<string, number>();
  let heard: number | null = null;
  let isComplete = false;
  const entries = new Set<number>();
  const ids = () => [...truth.keys()];

  /** Tells the next thing; it may get lost. Returns whether there was any. */
  function tell(isLost = false): boolean {
    const next = session.next(ids);
    if (next === null) return false;
    if (isLost) return true;
    const { telling, number } = next;
    if (telling.kind === "snapshot") {
      known = new Map();
      isComplete = false;
    }
    if (telling.kind === "live") isComplete = true;
    if (telling.kind === "history") for (const { entry } of telling.entries) entries.add(entry.seq);
    if (telling.kind === "conversations") {
      for (const id of telling.ids) {
        const version = truth.get(id);
        if (version === undefined) known.delete(id);
        else known.set(id, version);
      }
    }
    if (number !== null) heard = number;
    return true;
  }

  /** Its connection broke, and it has come back. */
  function comeBack(): void {
    if (heard === null || !session.resumeAfter(heard)) session.beginAnew();
    else if (!isComplete) throw new Error("it went on from a snapshot of which it has heard a part");
  }

  return {
    session,
    truth,
    entries,
    tell,
    comeBack,
    known: () => known,
    change(id: string) {
      truth.set(id, (truth.get(id) ?? 0) + 1);
      session.changed(id);
    },
    remove(id: string) {
      truth.delete(id);
      session.changed(id);
    },
  };
}

describe("a session", () => {
  it("leaves its listener with the truth, whatever changes, is lost, and in which order", () => {
    const name = fc.integer({ min: 0, max: 59 }).map((n) => `c${n}`);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("tell" as const) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("change" as const), id: name }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), id: name }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant("lose" as const), count: fc.integer({ min: 0, max: 5 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("anew" as const) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = aWorld(40);
        for (const next of steps) {
          if (next.do === "tell") world.tell();
          if (next.do === "change") world.change(next.id);
          if (next.do === "remove") world.remove(next.id);
          if (next.do === "anew") world.session.beginAnew();
          if (next.do === "lose") {
            for (let lost = 0; lost < next.count; lost++) world.tell(true);
            world.comeBack();
          }
        }
        while (world.tell());
        expect(world.known()).toEqual(world.truth);
        expect(world.session.isBehind).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("loses no history while its listener can go on from where it was", () => {
    const world = aWorld(3);
    while (world.tell());
    for (let seq = 1; seq <= 5; seq++) world.session.happened({ conversationId: "c1", entry: entry(seq) });
    world.tell(true);
    for (let seq = 6; seq <= 8; seq++) world.session.happened({ conversationId: "c2", entry: entry(seq) });
    world.comeBack();
    while (world.tell());
    expect([...world.entries]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("tells everything again to who has heard a part of it, though it had heard all of it before", () => {
    const world = aWorld(60);
    while (world.tell());
    world.change("c7");
    world.session.beginAnew();
    world.tell();
    // The rest does not arrive.
    world.tell(true);
    world.comeBack();
    expect(world.session.isInSnapshot).toBe(true);
    while (world.tell());
    expect(world.known()).toEqual(world.truth);
  });

  it("tells everything again to who has heard nothing of it, its end included", () => {
    const world = aWorld(3);
    while (world.tell());
    world.change("c1");
    world.session.beginAnew();
    while (world.tell(true));
    world.comeBack();
    while (world.tell());
    expect(world.known()).toEqual(world.truth);
  });

  it("tells a few at a time", () => {
    const world = aWorld(100);
    while (world.tell());
    for (let n = 0; n < 100; n++) world.change(`c${n}`);
    const next = world.session.next(() => []);
    expect(next?.telling).toMatchObject({ ids: Array.from({ length: 25 }, (_, n) => `c${n}`) });
  });

  it("does not go on from so long ago that what was told since is not known any more", () => {
    const world = aWorld(1);
    while (world.tell());
    for (let n = 0; n < 80; n++) {
      world.change("c0");
      world.tell(true);
    }
    world.comeBack();
    expect(world.session.isInSnapshot).toBe(true);
  });

  it("tells what changed first first, so that none waits for ever", () => {
    const world = aWorld(100);
    while (world.tell());
    const told = new Set<string>();
    for (let round = 0; round < 4; round++) {
      // All of them, in the same order each time.
      for (let n = 0; n < 100; n++) world.change(`c${n}`);
      const next = world.session.next(() => []);
      if (next?.telling.kind === "conversations") for (const id of next.telling.ids) told.add(id);
    }
    expect(told.size).toBe(100);
  });

  it("tells what happened before what became of it", () => {
    const world = aWorld(1);
    while (world.tell());
    world.change("c0");
    world.session.thing("totals");
    world.session.happened({ conversationId: "c0", entry: entry(1) });
    const kinds = Array.from({ length: 3 }, () => world.session.next(() => [])?.telling.kind);
    expect(kinds).toEqual(["history", "conversations", "thing"]);
  });
});
