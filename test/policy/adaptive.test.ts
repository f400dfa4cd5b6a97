import { describe, expect, it } from "vitest";
import { type Activity, adaptive, GapHistory, type PolicyFacts, warmUsd } from "../../src/policy/index.ts";
import { factsWith, liveThrough } from "../support/idle-span.ts";

const MINUTE_MS = 60_000;

/** Somebody whose long pauses after an answer were these, in minutes; null is a conversation that ended. */
function personWith(pauses: readonly (number | null)[], times = 30): Activity {
  const history = new GapHistory();
  for (let round = 0; round < times; round++) {
    for (const minutes of pauses) {
      if (minutes === null) history.ended("end_turn");
      else history.returned("end_turn", minutes * MINUTE_MS);
    }
  }
  return { person: history.summary() };
}

/** Whose conversations mostly end, and who has just begun another one. */
const MOVED_ON: Activity = {
  ...personWith([6, ...new Array<null>(20).fill(null)]),
  othersActive: 3,
  othersBegun: 1,
};

function warmsOf(activity: Activity, changes: Partial<PolicyFacts> = {}): number {
  return liveThrough(adaptive, factsWith({ activity, ...changes })).warmsAt.length;
}

describe("the adaptive policy", () => {
  it("plans differently for two people with different histories", () => {
    const comesBackSoon = personWith([8, 12, 20, 25, 30]);
    const neverComesBack = personWith([6, null, null, null]);
    expect(warmsOf(comesBackSoon)).toBeGreaterThan(warmsOf(neverComesBack) + 2);
  });

  it("keeps warm longer for a person whose pauses are longer", () => {
    expect(warmsOf(personWith([30, 35, 40, 45]))).toBeGreaterThan(warmsOf(personWith([6, 6, 7, 7, 90])));
  });

  it("works from the first conversation, when nothing is known", () => {
    expect(warmsOf({})).toBeGreaterThanOrEqual(1);
    const { activity: _, settledAt: __, stop: ___, ...bare } = factsWith();
    expect(liveThrough(adaptive, bare).warmsAt.length).toBeGreaterThanOrEqual(1);
  });

  it("expects less of a return once the person has begun another conversation", () => {
    const activity = { othersActive: 1, othersBegun: 1 };
    expect(adaptive(factsWith({ activity })).pReturn).toBeLessThan(adaptive(factsWith()).pReturn);
    expect(warmsOf(activity)).toBeLessThan(warmsOf({}));
  });

  it("goes on longer for a conversation that is known to be open", () => {
    const open = liveThrough(adaptive, factsWith({ open: true })).warmsAt.length;
    expect(open).toBeGreaterThan(warmsOf({}));
  });

  it("takes a person who is at the keyboard for one who will come back", () => {
    const idleFor = {
      now: factsWith().turnStartedAt + 50 * MINUTE_MS,
      dueAt: factsWith().turnStartedAt + 50 * MINUTE_MS,
    };
    const gone = adaptive(factsWith(idleFor));
    const there = adaptive(factsWith({ ...idleFor, seenAt: idleFor.now }));
    expect(there.pReturn).toBeGreaterThan(gone.pReturn);
    expect(there.expectedNetUsd).toBeGreaterThan(gone.expectedNetUsd);
  });

  it("takes a person who was seen before their last request, or by a clock that is ahead, for nothing new", () => {
    const { turnStartedAt, now } = factsWith();
    expect(adaptive(factsWith({ seenAt: turnStartedAt - MINUTE_MS }))).toEqual(adaptive(factsWith()));
    expect(adaptive(factsWith({ seenAt: now + 60 * MINUTE_MS }))).toEqual(
      adaptive(factsWith({ seenAt: now })),
    );
  });

  it("takes the wait for a tool or a permission for what it is, whatever was said last", () => {
    for (const waiting of ["tool", "permission", "background"] as const) {
      expect(adaptive(factsWith({ stop: "end_turn", waiting }))).toEqual(
        adaptive(factsWith({ stop: "tool_use" })),
      );
    }
    expect(adaptive(factsWith({ waiting: "none" }))).toEqual(adaptive(factsWith()));
  });

  it("does not pay for windows that the premium no longer reaches", () => {
    // Who is away for 20 minutes comes back after 40: five more warms are worth it, and one more alone is not.
    const settled = factsWith({ activity: personWith([40], 400), open: true });
    const now = settled.turnStartedAt + 20 * MINUTE_MS;
    const facts = { ...settled, now, dueAt: now };
    expect(adaptive({ ...facts, spentUsd: 4 * warmUsd(facts) }).warmAt).toBe(now);
    expect(adaptive({ ...facts, spentUsd: 10 * warmUsd(facts) }).warmAt).toBeUndefined();
  });

  it("puts a warm off for as long as it is safe, and each one after it", () => {
    const settled = factsWith();
    const latest = (facts: PolicyFacts) => adaptive({ ...facts, latestAt: facts.dueAt + 10_000 });
    const { warmsAt } = liveThrough(latest, settled);
    expect(warmsAt[0]).toBe(settled.turnStartedAt + 290_000);
  });

  it("does not put a warm off twice, though jitter let it be asked early", () => {
    const { dueAt } = factsWith();
    const atFire = factsWith({ now: dueAt + 6_000, latestAt: dueAt + 10_000 });
    expect(adaptive(atFire).warmAt).toBe(dueAt + 6_000);
  });

  it("changes its mind when the same moment brings other news", () => {
    const facts = factsWith({ now: factsWith().dueAt, activity: MOVED_ON });
    expect(adaptive(facts).warmAt).toBeUndefined();
    expect(adaptive({ ...facts, open: true }).warmAt).toBe(facts.dueAt);
  });

  it("asks again at the due time rather than giving up before it", () => {
    const facts = factsWith({ activity: MOVED_ON });
    expect(adaptive(facts)).toMatchObject({ askAgainAt: facts.dueAt, expectedNetUsd: 0 });
    expect(adaptive({ ...facts, now: facts.dueAt }).stop).toBe(true);
  });

  it("says the chances and the prices that it decided by, and when the warm would help", () => {
    expect(adaptive(factsWith()).reason).toMatch(
      /^Worth a warm: \d+ % chance of a return 5 to 10 minutes from now, if not sooner; a warm costs \$0\.050, a rewrite \$0\.57 more than a read\.$/,
    );
    const late = factsWith({ now: factsWith().dueAt });
    expect(adaptive(late).reason).toContain(" a return 20 seconds to 5 minutes from now, ");
  });

  it("says nothing that contradicts what it decides: chance times what is saved, against the price", () => {
    const said =
      /^(Worth|Not worth) a warm: (?:under )?([\d.]+) % .*; (?:a warm costs|\d+ warms cost) \$([\d.]+)( at most)?, a rewrite \$([\d.]+) /;
    let judged = 0;
    for (const activity of [{}, MOVED_ON, personWith([8, 12, null]), personWith([40, 50, null, null])]) {
      for (const [ttlMs, read] of [
        [5, 0.1],
        [5, 0.025],
        [60, 0.1],
      ] as const) {
        const price = { inputUsd: 5e-6, read, write: ttlMs === 60 ? 2 : 1.25 };
        const facts = factsWith({ activity, ttlMs: ttlMs * MINUTE_MS, price });
        for (const { reason } of liveThrough(adaptive, facts).plans) {
          const [, verdict, chance, cost, atMost, premium] = said.exec(reason) ?? [];
          if (verdict === undefined || atMost !== undefined) continue;
          judged += 1;
          const worthUsd = (Number(chance) / 100) * Number(premium);
          // As far as rounded figures can tell.
          const ratio = worthUsd / Number(cost);
          if (verdict === "Worth") expect(ratio, reason).toBeGreaterThan(0.96);
          else expect(ratio, reason).toBeLessThan(1.04);
        }
      }
    }
    expect(judged).toBeGreaterThan(20);
  });
});
