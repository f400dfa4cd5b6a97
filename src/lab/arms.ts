/** The arms of the lab, by name. */
import { adaptive, always, breakEven, until } from "../policy/index.ts";
import {
  type Arm,
  type AutoSetting,
  clairvoyant,
  fixedArm,
  indexActivities,
  peerArms,
  policyArm,
  type Terms,
  termsOf,
} from "../policy/lab/index.ts";
import type { LabPerson, Priors } from "./priors.ts";

const MINUTE_MS = 60_000;
const NEVER: Arm = { name: "never", warmsAt: () => [] };

/** The same for everybody. */
const SHARED: readonly Arm[] = [
  NEVER,
  ...Array.from({ length: 12 }, (_, index) => fixedArm(index + 1)),
  policyArm("until-30m", until(30 * MINUTE_MS)),
  policyArm("always-24h", always),
  ...peerArms(),
  policyArm("break-even", breakEven),
  clairvoyant,
];

export const ONE_HOUR_ALONE = "1h alone";
export const ADAPTIVE = "adaptive";
export const AUTO = "auto";
export const CLAIRVOYANT = "clairvoyant";

export const ARM_NAMES: readonly string[] = [
  ...SHARED.map(({ name }) => name),
  ADAPTIVE,
  ONE_HOUR_ALONE,
  AUTO,
];

export function sharedArm(name: string): Arm | undefined {
  return name === ONE_HOUR_ALONE ? NEVER : SHARED.find((arm) => arm.name === name);
}

/** What a person's adaptive arm and the choice of their tier rest on. */
export function learnedBy(person: LabPerson, priors: Priors, read: number, inputUsd: number): AutoSetting {
  const terms: AutoSetting["terms"] = {
    "5m": termsOf("5m", read, inputUsd),
    "1h": termsOf("1h", read, inputUsd),
  };
  const prior = priors.of(person.id);
  const both: readonly Terms[] = [terms["5m"], terms["1h"]];
  const activityAt = indexActivities(person.recordings, person.conversations.flat(), both);
  return {
    terms,
    prior,
    activityAt,
    adaptive: policyArm(ADAPTIVE, (facts) => adaptive(facts, prior), activityAt),
  };
}
