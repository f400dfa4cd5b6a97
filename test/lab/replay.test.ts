import { beforeAll, describe, expect, it } from "vitest";
import {
  ARM_NAMES,
  type Decision,
  figuresOf,
  type LabSetting,
  peopleOf,
  runLab,
  syntheticRecordings,
} from "../../src/lab/index.ts";
import type { RecordedCall, Recording } from "../../src/policy/lab/index.ts";
import { activitiesAt } from "../../src/policy/lab/timeline.ts";

const setting: LabSetting = {
  read: 0.1,
  inputUsd: 5e-6,
  tiers: ["5m", "1h"],
  arms: ARM_NAMES,
  prior: "shipped",
};

function decisionsOf(recordings: readonly Recording[], changes: Partial<LabSetting> = {}): Decision[] {
  const decisions: Decision[] = [];
  runLab(
    peopleOf(recordings),
    { ...setting, arms: ["adaptive", "auto"], ...changes },
    { onDecision: (decision) => decisions.push(decision) },
  );
  return decisions;
}

type Starts = ReadonlyMap<string, readonly number[]>;

function startsOf(some: readonly Recording[]): Starts {
  return new Map(some.map(({ id, calls }) => [id, calls.map(({ startedAt }) => startedAt)]));
}

/** What had been decided by the cut (epoch ms), a line each: which tier, and which warms up to then. */
function decidedBefore(cut: number, decisions: readonly Decision[], starts = startsOf(recordings)): string[] {
  return (
    decisions
      // An end that is counted as known is the one thing of the future that is told.
      .filter(({ count }) => count === "open")
      .flatMap(({ arm, tier, session, call, warmsAtSec }) => {
        const startedAt = starts.get(session)?.[call] ?? Number.POSITIVE_INFINITY;
        const known = warmsAtSec.filter((at) => startedAt + at * 1_000 <= cut);
        return startedAt > cut ? [] : [`${arm} ${tier} ${session} ${call} ${known.join()}`];
      })
      .toSorted()
  );
}

let recordings: Recording[] = [];
beforeAll(() => {
  recordings = syntheticRecordings({ people: 5, conversations: 8, seed: 7 });
});

describe("the lab", () => {
  it("never lets a policy see the future: what happens after a moment changes no decision before it", () => {
    const starts = recordings
      .flatMap(({ calls }) => calls.map(({ startedAt }) => startedAt))
      .toSorted((a, b) => a - b);
    const cut = starts[Math.floor(starts.length / 2)] ?? 0;
    // What comes after the cut comes later, bigger, in other order, and some of it not at all.
    const otherwise = recordings.flatMap((recording, index): Recording[] => {
      const before = recording.calls.filter(({ startedAt }) => startedAt <= cut);
      const after = recording.calls.filter(({ startedAt }) => startedAt > cut);
      if (before.length === 0 && index % 3 === 0) return [];
      const moved = after.slice(0, index % 2 === 0 ? 0 : after.length).map((call, place) => ({
        ...call,
        startedAt: call.startedAt + 3_600_000 * (place + 1),
        endedAt: call.endedAt + 3_600_000 * (place + 1),
        contextTokens: call.contextTokens * 2,
      }));
      return before.length + moved.length === 0 ? [] : [{ ...recording, calls: [...before, ...moved] }];
    });
    const actual = decidedBefore(cut, decisionsOf(recordings));
    expect(actual.length).toBeGreaterThan(1_000);
    expect(decidedBefore(cut, decisionsOf(otherwise))).toEqual(actual);
  });

  it("does not see it either where the person is about to turn to something else", () => {
    // Side by side, so that at every warm's moment another conversation is about to stir.
    const [base = 0] = recordings.map(({ calls }) => calls[0]?.startedAt ?? 0);
    const together = recordings.map((recording, index) => {
      const shift = base + index * 240_000 - (recording.calls[0]?.startedAt ?? 0);
      const calls = recording.calls.slice(0, 40).map((call) => ({
        ...call,
        startedAt: call.startedAt + shift,
        endedAt: call.endedAt + shift,
      }));
      return { ...recording, person: "one", calls };
    });
    const whole = decisionsOf(together, { tiers: ["5m"] });
    for (let minutes = 10; minutes < 200; minutes += 12) {
      const cut = base + minutes * 60_000;
      const past = together.flatMap((recording): Recording[] => {
        const calls = recording.calls.filter(({ startedAt }) => startedAt <= cut);
        return calls.length === 0 ? [] : [{ ...recording, calls }];
      });
      const starts = startsOf(together);
      expect(decidedBefore(cut, decisionsOf(past, { tiers: ["5m"] }), starts)).toEqual(
        decidedBefore(cut, whole, starts),
      );
    }
  });

  it("does not count what happens at the very moment of a question as its past", () => {
    const call = (startedAt: number): RecordedCall => ({
      startedAt,
      endedAt: startedAt,
      model: "m",
      contextTokens: 100_000,
      outputTokens: 10,
      stop: "end_turn",
    });
    const conversation = (id: string, ...starts: number[]): Recording => ({
      id,
      person: "one",
      calls: starts.map(call),
      sideCalls: [],
    });
    const both = [conversation("asked", 0), conversation("other", 290_000)];
    const begunAt = (at: number) => activitiesAt(both, [{ conversation: "asked", at }])[0]?.othersBegun;
    expect(begunAt(290_000)).toBe(0);
    expect(begunAt(290_001)).toBe(1);
  });

  it("chooses a tier without waiting for how other conversations go on", () => {
    const call = (startedAt: number, contextTokens: number): RecordedCall => ({
      startedAt,
      endedAt: startedAt + 5_000,
      model: "m",
      contextTokens,
      outputTokens: 10,
      stop: "end_turn",
    });
    const minute = 60_000;
    // So large that its pause would decide alone.
    const paused = (minutes: number): Recording => ({
      id: "large",
      person: "one",
      calls: [call(0, 5e7), call(minutes * minute, 5e7)],
      sideCalls: [],
    });
    const beside = (at: number): Recording => ({
      id: "small",
      person: "one",
      calls: [call(at, 1_000)],
      sideCalls: [],
    });
    const tierOf = (...some: Recording[]) =>
      decisionsOf(some, { read: 0.025, arms: ["auto"] }).find(({ session }) => session === "small")?.tier;
    expect(tierOf(paused(50), beside(10 * minute))).toBe(tierOf(paused(11), beside(10 * minute)));
    expect(tierOf(paused(50), beside(51 * minute))).not.toBe(tierOf(paused(11), beside(51 * minute)));
  });

  it("gives the same decisions for the same recordings", () => {
    expect(decisionsOf(recordings)).toEqual(decisionsOf(recordings));
  });

  it("never spends more than one rewrite premium on a span with adaptive", () => {
    const most = { "5m": 11, "1h": 19 };
    for (const { tier, warmsAtSec } of decisionsOf(recordings))
      expect(warmsAtSec.length).toBeLessThanOrEqual(most[tier]);
  });

  it("finds nobody better than a clairvoyant on a tier, and adaptive above every flat rule on 5 minutes", () => {
    const arms = ["adaptive", "clairvoyant", ...ARM_NAMES.filter((name) => name.startsWith("fixed"))];
    const many = peopleOf(syntheticRecordings({ people: 16, conversations: 16 }));
    const run = runLab(many, { ...setting, tiers: ["5m"], arms });
    const figures = figuresOf(run);
    const shareOf = (name: string) =>
      figures.find((one) => one.name === name && one.tier === "5m")?.shareOfClairvoyant;
    for (const { shareOfClairvoyant } of figures) {
      expect(shareOfClairvoyant.open.value).toBeLessThanOrEqual(1);
    }
    const flat = figures
      .filter(({ name, tier }) => tier === "5m" && name.startsWith("fixed"))
      .map(({ name }) => name);
    for (const count of ["open", "closed"] as const) {
      for (const name of flat) {
        expect(shareOf("adaptive")?.[count].value).toBeGreaterThan(shareOf(name)?.[count].value ?? 1);
      }
    }
  });

  it("puts each conversation on the tier it was recorded with, when asked", () => {
    const mixed = recordings.map((recording, index) => ({
      ...recording,
      calls: recording.calls.map((call) => ({
        ...call,
        tier: index % 2 === 0 ? ("1h" as const) : ("5m" as const),
      })),
    }));
    const tiers = new Map(
      decisionsOf(mixed, { tiers: ["recorded"], arms: ["adaptive"] }).map(({ session, tier }) => [
        session,
        tier,
      ]),
    );
    for (const [index, { id }] of mixed.entries()) expect(tiers.get(id)).toBe(index % 2 === 0 ? "1h" : "5m");
  });

  it("changes a conversation's tier only where its whole prefix is written anyway", () => {
    const recordingsOfMany = syntheticRecordings({ people: 6, conversations: 20, seed: 3 });
    const decisions = decisionsOf(recordingsOfMany, { arms: ["auto"] }).filter(
      ({ count }) => count === "open",
    );
    const calls = new Map(recordingsOfMany.map(({ id, calls: own }) => [id, own]));
    let changes = 0;
    for (const [session, own] of Map.groupBy(decisions, (decision) => decision.session)) {
      for (const [index, decision] of own.entries()) {
        const before = own[index - 1];
        if (before === undefined || before.tier === decision.tier) continue;
        changes += 1;
        const [from, to] = (calls.get(session) ?? []).slice(before.call, before.call + 2);
        if (from === undefined || to === undefined) throw new Error("a decision without its calls");
        const gap = (to.startedAt - from.startedAt) / 1_000;
        const life = before.tier === "5m" ? 300 : 3_600;
        const isFresh = from.model !== to.model || to.contextTokens < 0.6 * from.contextTokens;
        expect(isFresh || gap > (before.warmsAtSec.at(-1) ?? 0) + life).toBe(true);
      }
    }
    expect(changes).toBeGreaterThan(0);
  });
});
