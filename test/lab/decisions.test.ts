import { beforeAll, describe, expect, it } from "vitest";
import {
  ARM_NAMES,
  type ArmFigures,
  type Decision,
  figuresOf,
  peopleOf,
  runLab,
  syntheticRecordings,
} from "../../src/lab/index.ts";
import type { RecordedCall, Recording } from "../../src/policy/lab/index.ts";

const READ = 0.05;
const INPUT_USD = 5e-6;
const LIFE_S = { "5m": 300, "1h": 3_600 };
const WRITE = { "5m": 1.25, "1h": 2 };

let recordings: Recording[] = [];
const decisions: Decision[] = [];
let figures: ArmFigures[] = [];
beforeAll(() => {
  recordings = withChanges(syntheticRecordings({ people: 4, conversations: 6, seed: 11 }));
  const run = runLab(
    peopleOf(recordings),
    { read: READ, inputUsd: INPUT_USD, tiers: ["5m", "1h"], arms: ARM_NAMES, prior: "shipped" },
    { onDecision: (decision) => decisions.push(decision) },
  );
  figures = figuresOf(run);
});

/** As in real ones the model is changed now and then. */
function withChanges(some: readonly Recording[]): Recording[] {
  return some.map((recording, index) => ({
    ...recording,
    calls: recording.calls.map((call, place) => ({ ...call, model: place > 30 + index ? "other" : "model" })),
  }));
}

/** What the decisions of one arm come to by the published rules, without any of the lab's own code. */
function scored(own: readonly Decision[]) {
  const decided = new Map(own.map((decision) => [`${decision.session} ${decision.call}`, decision]));
  const sums = { warms: 0, rescues: 0, late: 0, spentUsd: 0, savedUsd: 0, billUsd: 0 };
  for (const { id, calls } of recordings) {
    for (const [place, call] of calls.entries()) {
      const { tier, warmsAtSec } = decided.get(`${id} ${place}`) ?? missing();
      const before = calls[place - 1];
      const last = before === undefined ? undefined : decided.get(`${id} ${place - 1}`);
      if (before === undefined || last === undefined) sums.billUsd += call.contextTokens * WRITE[tier];
      else {
        const gap = (call.startedAt - before.startedAt) / 1_000;
        const read = readable(before, call);
        const without = gap <= LIFE_S[last.tier];
        const hit = read > 0 && gap <= (last.warmsAtSec.at(-1) ?? 0) + LIFE_S[last.tier];
        sums.billUsd += hit
          ? read * READ + (call.contextTokens - read) * WRITE[tier]
          : call.contextTokens * WRITE[tier];
        if (hit && !without) {
          sums.rescues += 1;
          sums.savedUsd += read * (WRITE[last.tier] - READ) * INPUT_USD;
        }
      }
      let aliveUntil = LIFE_S[tier];
      for (const at of warmsAtSec) {
        sums.warms += 1;
        if (at > aliveUntil) sums.late += 1;
        const tokens = call.contextTokens * (at > aliveUntil ? WRITE[tier] : READ);
        sums.spentUsd += tokens * INPUT_USD;
        sums.billUsd += tokens;
        aliveUntil = at + LIFE_S[tier];
      }
    }
  }
  return { ...sums, billUsd: sums.billUsd * INPUT_USD };
}

function readable(before: RecordedCall, after: RecordedCall): number {
  const goesOn = before.model === after.model && after.contextTokens >= 0.6 * before.contextTokens;
  return goesOn ? Math.min(before.contextTokens, after.contextTokens) : 0;
}

function missing(): never {
  throw new Error("a gap without a decision");
}

describe("the decisions of the lab", () => {
  it("are there once for each gap of each arm, both ways of counting", () => {
    const calls = recordings.flatMap((recording) => recording.calls).length;
    expect(decisions).toHaveLength(figures.length * calls * 2);
    const keys = decisions.map(({ arm, tier, count, session, call }) =>
      arm === "auto" ? [arm, count, session, call].join() : [arm, tier, count, session, call].join(),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("hold no warm after a last call that is known to be the last, and none at or after a return", () => {
    for (const { count, session, call, warmsAtSec } of decisions) {
      const calls = recordings.find(({ id }) => id === session)?.calls ?? [];
      const [from, to] = calls.slice(call, call + 2);
      if (from === undefined) throw new Error("a decision without its call");
      if (to === undefined && count === "closed") expect(warmsAtSec).toEqual([]);
      const gap = to === undefined ? Number.POSITIVE_INFINITY : (to.startedAt - from.startedAt) / 1_000;
      for (const at of warmsAtSec) expect(at).toBeLessThan(gap);
    }
  });

  it("come to the figures that the lab prints, by the published rules alone", () => {
    const never = scored(decisions.filter(({ arm, count }) => arm === "never" && count === "open")).billUsd;
    const best = new Map<string, number>();
    for (const figure of figures) {
      const own = decisions.filter(
        ({ arm, tier }) => arm === figure.name && (figure.tier === "auto" || tier === figure.tier),
      );
      const [open, closed] = (["open", "closed"] as const).map((way) =>
        scored(own.filter(({ count }) => count === way)),
      );
      if (open === undefined || closed === undefined) throw new Error("nothing scored");
      const { warms, rescues, late } = figure;
      expect({ arm: figure.name, warms, rescues, late }).toEqual({
        arm: figure.name,
        warms: open.warms,
        rescues: open.rescues,
        late: open.late,
      });
      expect(figure.netUsd).toBeCloseTo(open.savedUsd - open.spentUsd, 5);
      expect(figure.billChange.open).toBeCloseTo(open.billUsd / never - 1, 5);
      expect(figure.billChange.closed).toBeCloseTo(closed.billUsd / never - 1, 5);
      if (figure.name === "clairvoyant") best.set(figure.tier, open.savedUsd - open.spentUsd);
    }
    expect(best.get("5m")).toBeGreaterThan(0);
    for (const { name, tier, netUsd, shareOfClairvoyant } of figures) {
      if (name === "auto") continue;
      expect(shareOfClairvoyant.open.value).toBeCloseTo(netUsd / (best.get(tier) ?? Number.NaN), 4);
    }
  });
});
