/** Warming for any cache: what `keepwarm/prewarm` is. */
export { AccessTracker, type AccessTrackerOptions } from "./access-tracker.ts";
export { TimeoutError } from "./attempts.ts";
export { CacheWarmer } from "./cache-warmer.ts";
export {
  type AdaptiveKeyOptions,
  AdaptiveKeyProvider,
  CallableKeyProvider,
  type KeyProvider,
  StaticKeyProvider,
} from "./key-provider.ts";
export { nextAt, objectionTo, repeat, type Schedule } from "./schedule.ts";
export { BatchValueLoader, CallableValueLoader, type LoadOptions, type ValueLoader } from "./value-loader.ts";
export type {
  CacheWarmerOptions,
  WarmableCache,
  WarmingEvents,
  WarmingProgress,
  WarmOptions,
} from "./warmer-options.ts";
export { WarmingConfig, type WarmingOptions, WarmingStrategy } from "./warming-config.ts";
export { type WarmingCounts, type WarmingError, WarmingStats } from "./warming-stats.ts";
