/** The figures of a lab run, as `--json` prints them. */
import { type Count, type Interval, ratioInterval, type Tallies, total } from "../policy/lab/index.ts";
import { ADAPTIVE, AUTO } from "./arms.ts";
import type { ArmRun, LabRun } from "./run-lab.ts";

export interface ArmFigures {
  readonly name: string;
  readonly tier: string;
  /** Sums with every last span counted as open. */
  readonly warms: number;
  readonly rescues: number;
  readonly late: number;
  readonly spentUsd: number;
  readonly savedUsd: number;
  readonly netUsd: number;
  /** Change of the whole input bill against 5 minutes without warms: −0.1 is a tenth less. */
  readonly billChange: Readonly<Record<Count, number>>;
  /** Net saving as a share of the clairvoyant's on the same tier, with its 95 % interval over people. */
  readonly shareOfClairvoyant: Readonly<Record<Count, Interval>>;
}

export function figuresOf(run: LabRun): ArmFigures[] {
  return run.arms.map((arm) => {
    const { warms, rescues, late, spentUsd, savedUsd } = total(arm.tallies.open.values());
    return {
      name: arm.name,
      tier: arm.tier,
      warms,
      rescues,
      late,
      spentUsd: rounded(spentUsd),
      savedUsd: rounded(savedUsd),
      netUsd: rounded(savedUsd - spentUsd),
      billChange: {
        open: billChange(arm.tallies, run, "open"),
        closed: billChange(arm.tallies, run, "closed"),
      },
      shareOfClairvoyant: { open: share(arm, run, "open"), closed: share(arm, run, "closed") },
    };
  });
}

/** What adaptive and auto did for one person. */
export interface PersonFigures {
  readonly person: string;
  readonly conversations: number;
  /** The whole input bill on 5 minutes without warms. */
  readonly neverUsd: number;
  readonly arms: readonly {
    readonly name: string;
    readonly tier: string;
    readonly billChange: Readonly<Record<Count, number>>;
  }[];
}

/** Whoever has a conversation, the largest bill first. */
export function peopleFiguresOf({ people, arms, neverUsd }: LabRun): PersonFigures[] {
  return people
    .filter(({ conversations }) => conversations.length > 0)
    .map(({ id, conversations }) => {
      const never = neverUsd.get(id) ?? 0;
      const change = (arm: ArmRun, count: Count) =>
        never === 0 ? 0 : rounded((arm.tallies[count].get(id)?.billUsd ?? never) / never - 1);
      return {
        person: id,
        conversations: conversations.length,
        neverUsd: rounded(never),
        arms: arms
          .filter(({ name }) => name === ADAPTIVE || name === AUTO)
          .map((arm) => ({
            name: arm.name,
            tier: arm.tier,
            billChange: { open: change(arm, "open"), closed: change(arm, "closed") },
          })),
      };
    })
    .toSorted((a, b) => b.neverUsd - a.neverUsd);
}

function billChange(tallies: Tallies, { neverUsd }: LabRun, count: Count): number {
  const never = [...neverUsd.values()].reduce((sum, usd) => sum + usd, 0);
  return never === 0 ? 0 : rounded(total(tallies[count].values()).billUsd / never - 1);
}

function share({ tier, tallies }: ArmRun, run: LabRun, count: Count): Interval {
  // A tier that is chosen has no clairvoyant of its own: what it takes off the bill is held against 5 minutes'.
  const clairvoyant = run.clairvoyants.get(tier === "auto" ? "5m" : tier);
  const { value, low, high } = ratioInterval(
    run.people.map(({ id }) => {
      const tally = tallies[count].get(id);
      const best = clairvoyant?.[count].get(id);
      const net = tally === undefined ? 0 : tally.savedUsd - tally.spentUsd;
      const over = tier === "auto" ? (run.neverUsd.get(id) ?? 0) - (tally?.billUsd ?? 0) : net;
      return { over, under: best === undefined ? 0 : best.savedUsd - best.spentUsd };
    }),
  );
  return { value: rounded(value), low: rounded(low), high: rounded(high) };
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}
