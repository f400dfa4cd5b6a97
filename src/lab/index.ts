/** Recorded gaps, replayed against every arm. */
export { ARM_NAMES } from "./arms.ts";
export { DecisionsFile } from "./decisions-file.ts";
export { type ArmFigures, figuresOf, type PersonFigures, peopleFiguresOf } from "./figures.ts";
export { fingerprintOf } from "./fingerprint.ts";
export { choosePriors, fitShipped, type LabPerson, type PriorChoice } from "./priors.ts";
export { RecordingError, readRecordings } from "./read-recordings.ts";
export {
  type ArmRun,
  type Decision,
  type LabRun,
  type LabSetting,
  type LabTier,
  peopleOf,
  runLab,
} from "./run-lab.ts";
export { type SyntheticSetting, syntheticRecordings } from "./synthetic.ts";
