/** Pre-warming: what to warm before anyone asks. */
/** Its namespace in a store that keeps other things as well. */
export const PREWARM_NAMESPACE = "prewarm";

export { configuredKey, type KeySources } from "./api-key.ts";
export type { ArtifactSource, WantedArtifact } from "./artifacts.ts";
export * from "./cache/index.ts";
export {
  type Catalogue,
  CatalogueError,
  type CatalogueOptions,
  type CatalogueProblem,
  type PrefixEntry,
  readCatalogue,
} from "./catalogue-file.ts";
export { type Comparison, compare, type HeldRequest } from "./comparison.ts";
export { type Difference, differenceOf } from "./difference.ts";
export { scheduleText, TRIGGERS, type Trigger } from "./entry.ts";
export { commitOf } from "./git-head.ts";
export { type Judgement, type JudgeOptions, judge } from "./judge.ts";
export { createJudge } from "./judging.ts";
export { createPace, type Pace } from "./pace.ts";
export type { Cause, PreWarmed } from "./pre-warmed.ts";
export {
  createPreWarmer,
  type PreWarmer,
  type PreWarmerDeps,
  type RoundOptions,
} from "./pre-warmer.ts";
export { type Parsed, parsedRequest, piecesOf, prefixName, sharedPieces } from "./prefix.ts";
export {
  createPrewarming,
  type Prewarming,
  type PrewarmingDeps,
  type Standing,
} from "./prewarming.ts";
export { createSpend, type Reservation, type Spend } from "./spend.ts";
export { StartingHours } from "./starting-hours.ts";
export { createWarmRecords, sentName, type WarmRecord, type WarmRecords } from "./warm-record.ts";
export { type Watched, watchFor } from "./watching.ts";
export { type Worth, worthOf } from "./worth.ts";
