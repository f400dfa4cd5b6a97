/** Replays recordings against every arm asked for. */
import { type CacheTier, SHIPPED_PRIOR } from "../policy/index.ts";
import {
  type Arm,
  autoTally,
  type Count,
  evaluate,
  neverWarmUsd,
  type Recording,
  type Span,
  spansOf,
  type Tallies,
  type Tally,
  type Terms,
  termsOf,
  total,
} from "../policy/lab/index.ts";
import { ADAPTIVE, ARM_NAMES, AUTO, CLAIRVOYANT, learnedBy, ONE_HOUR_ALONE, sharedArm } from "./arms.ts";
import { choosePriors, type LabPerson, type PriorChoice } from "./priors.ts";

/** `recorded`: each conversation on the tier it was recorded with. */
export type LabTier = CacheTier | "recorded";

export interface LabSetting {
  /** Price of a read token in input tokens. */
  readonly read: number;
  /** USD of one input token. */
  readonly inputUsd: number;
  readonly tiers: readonly LabTier[];
  /** Names of {@link ARM_NAMES}. */
  readonly arms: readonly string[];
  readonly prior: PriorChoice;
}

export interface Decision {
  readonly arm: string;
  readonly tier: CacheTier;
  readonly count: Count;
  readonly session: string;
  /** Index among the session's main-thread calls. */
  readonly call: number;
  /** Seconds after that call's start. */
  readonly warmsAtSec: readonly number[];
}

export interface LabHooks {
  onDecision?(decision: Decision): void;
  onProgress?(done: number, of: number, what: string): void;
}

/** One arm on one tier, with what it is measured against, by person. */
export interface ArmRun {
  readonly name: string;
  readonly tier: LabTier | "auto";
  readonly tallies: Tallies;
}

export interface LabRun {
  readonly people: readonly LabPerson[];
  readonly priors: string;
  readonly arms: readonly ArmRun[];
  /** The clairvoyant of each tier, whether asked for or not. */
  readonly clairvoyants: ReadonlyMap<LabTier, Tallies>;
  /** The whole input bill on 5 minutes without warms, in USD, by person. */
  readonly neverUsd: ReadonlyMap<string, number>;
}

const COUNTS: readonly Count[] = ["open", "closed"];

export function peopleOf(recordings: readonly Recording[]): LabPerson[] {
  return [...Map.groupBy(recordings, ({ person }) => person)].map(([id, own]) => ({
    id,
    recordings: own,
    conversations: own.filter(({ calls }) => calls.length > 0).map(spansOf),
  }));
}

export function runLab(people: readonly LabPerson[], setting: LabSetting, hooks: LabHooks = {}): LabRun {
  const needsPrior = setting.arms.includes(ADAPTIVE) || setting.arms.includes(AUTO);
  const priors = choosePriors(people, needsPrior ? setting.prior : "shipped", SHIPPED_PRIOR, (done, of) =>
    hooks.onProgress?.(done, of, "fitting each person's prior to all others"),
  );
  const wanted = wantedArms(setting);
  const clairvoyants = new Map(setting.tiers.map((tier) => [tier, newTallies()]));
  const fives = new Map(wanted.some(({ name }) => name === AUTO) ? [["5m", newTallies()] as const] : []);
  const arms = wanted.map(({ name, tier }) => ({ name, tier, tallies: newTallies() }));
  const neverUsd = new Map<string, number>();
  for (const [index, person] of people.entries()) {
    hooks.onProgress?.(index, people.length, "replaying");
    const replay = replayOf(
      person,
      setting,
      needsPrior ? learnedBy(person, priors, setting.read, setting.inputUsd) : null,
    );
    neverUsd.set(person.id, replay.neverUsd);
    const reference = sharedArm(CLAIRVOYANT);
    if (reference === undefined) throw new Error("there is no clairvoyant");
    for (const [tier, tallies] of [...clairvoyants, ...fives]) merge(tallies, replay.shared(reference, tier));
    for (const { name, tier, tallies } of arms) {
      const emit =
        hooks.onDecision === undefined ? undefined : decisionOf(name, hooks.onDecision.bind(hooks));
      merge(tallies, tier === "auto" ? replay.auto(emit) : replay.named(name, tier, emit));
    }
  }
  hooks.onProgress?.(people.length, people.length, "replaying");
  return {
    people,
    priors: priors.described,
    arms,
    clairvoyants: new Map([...fives, ...clairvoyants]),
    neverUsd,
  };
}

type Emit = (decision: { span: Span; count: Count; tier: CacheTier; warmsAt: readonly number[] }) => void;

function decisionOf(arm: string, onDecision: (decision: Decision) => void): Emit {
  return ({ span, count, tier, warmsAt }) =>
    onDecision({
      arm,
      tier,
      count,
      session: span.recording.id,
      call: span.index,
      warmsAtSec: warmsAt.map((at) => at / 1_000),
    });
}

function wantedArms({ arms, tiers }: LabSetting): { name: string; tier: LabTier | "auto" }[] {
  const onTiers = tiers.flatMap((tier) =>
    ARM_NAMES.filter((name) => name !== AUTO && name !== ONE_HOUR_ALONE && arms.includes(name))
      // Never warming on the 1-hour tier has a name of its own.
      .filter((name) => !(name === "never" && tier === "1h"))
      .map((name) => ({ name, tier })),
  );
  return [
    ...onTiers,
    ...(arms.includes(ONE_HOUR_ALONE) ? [{ name: ONE_HOUR_ALONE, tier: "1h" as const }] : []),
    ...(arms.includes(AUTO) ? [{ name: AUTO, tier: "auto" as const }] : []),
  ];
}

/** The arms for one person. */
function replayOf(person: LabPerson, setting: LabSetting, learned: ReturnType<typeof learnedBy> | null) {
  const terms = (tier: CacheTier): Terms => termsOf(tier, setting.read, setting.inputUsd);
  const five = terms("5m");
  const parts = (tier: LabTier): [CacheTier, readonly (readonly Span[])[]][] =>
    tier === "recorded"
      ? [...Map.groupBy(person.conversations, recordedTier)]
      : [[tier, person.conversations]];

  function shared(arm: Arm, tier: LabTier, emit?: Emit): Tallies {
    const tallies = newTallies();
    for (const [one, conversations] of parts(tier)) {
      const onDecision =
        emit === undefined
          ? undefined
          : (decision: Omit<Parameters<Emit>[0], "tier">) => emit({ ...decision, tier: one });
      merge(tallies, evaluate(arm, [{ id: person.id, conversations }], terms(one), onDecision));
    }
    return tallies;
  }

  return {
    neverUsd: person.conversations.reduce((sum, spans) => sum + neverWarmUsd(spans, five), 0),
    shared,
    named(name: string, tier: LabTier, emit?: Emit): Tallies {
      const arm = name === ADAPTIVE ? learned?.adaptive : sharedArm(name);
      if (arm === undefined) throw new Error(`there is no arm ${name}`);
      return shared(arm, tier, emit);
    },
    auto(emit?: Emit): Tallies {
      if (learned === null) throw new Error("auto learns");
      const tallies = newTallies();
      for (const count of COUNTS) {
        tallies[count].set(person.id, autoTally(person.conversations, count, learned, emit));
      }
      return tallies;
    },
  };
}

/** That of its first call whose tier is known; 5 minutes, the API's default, where none is. */
function recordedTier(spans: readonly Span[]): CacheTier {
  return spans.find(({ call }) => call.tier !== undefined)?.call.tier ?? "5m";
}

function newTallies(): Record<Count, Map<string, Tally>> {
  return { open: new Map(), closed: new Map() };
}

function merge(into: ReturnType<typeof newTallies>, from: Tallies): void {
  for (const count of COUNTS) {
    for (const [person, tally] of from[count]) {
      const known = into[count].get(person);
      if (known === undefined) into[count].set(person, { ...tally });
      else into[count].set(person, total([known, tally]));
    }
  }
}
