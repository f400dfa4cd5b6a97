/** What a cache warmer is made of, and what it tells. */
import type { Logger, Timers } from "../../host.ts";
import type { AccessTracker } from "./access-tracker.ts";
import type { KeyProvider } from "./key-provider.ts";
import type { ValueLoader } from "./value-loader.ts";
import type { WarmingOptions } from "./warming-config.ts";
import type { WarmingStats } from "./warming-stats.ts";

/** As much of a `Map` as warming needs; each answer may be a promise, as of a cache elsewhere. */
export interface WarmableCache<K, V> {
  has(key: K): boolean | Promise<boolean>;
  get(key: K): V | undefined | Promise<V | undefined>;
  set(key: K, value: V): unknown;
}

export interface WarmingProgress {
  /** Keys that are done with, whatever came of them. */
  readonly done: number;
  readonly inAll: number;
  readonly failed: number;
}

export interface WarmingEvents<K> {
  started(run: { readonly inAll: number }): void;
  progress(progress: WarmingProgress): void;
  warmed(key: K): void;
  failed(key: K, error: unknown): void;
  ended(stats: WarmingStats): void;
}

export interface CacheWarmerOptions<K, V> {
  readonly cache: WarmableCache<K, V>;
  readonly loader: ValueLoader<K, V>;
  /** What `warm()` warms where it is told nothing else. @default with a tracker, its hot keys; else none */
  readonly keys?: KeyProvider<K>;
  /** Told of each `get`. */
  readonly tracker?: AccessTracker<K>;
  readonly config?: WarmingOptions;
  /** @default silent */
  readonly logger?: Pick<Logger, "warn" | "error">;
  /** @default the system's, none of which keeps the process alive */
  readonly timers?: Timers;
  /** Epoch ms. @default Date.now */
  readonly now?: () => number;
  /** In [0, 1), for the jitter. @default Math.random */
  readonly random?: () => number;
}

export interface WarmOptions {
  /** Loads what is in the cache too. @default false */
  readonly refresh?: boolean;
  /** Calls the run off: what is under way is aborted, and nothing else is begun. */
  readonly signal?: AbortSignal;
}
