/** Fills a cache before anyone asks, from keys that are worth it and a loader of their values. */
import { EventEmitter } from "eventemitter3";
import pLimit from "p-limit";
import type { Logger, Timers } from "../../host.ts";
import { systemTimers } from "../../timers.ts";
import type { AccessTracker } from "./access-tracker.ts";
import { attempt } from "./attempts.ts";
import { AdaptiveKeyProvider, type KeyProvider } from "./key-provider.ts";
import { type Turn, WarmingRuns } from "./runs.ts";
import { messageOf, objectionTo, repeat, type Schedule } from "./schedule.ts";
import type { ValueLoader } from "./value-loader.ts";
import type { CacheWarmerOptions, WarmableCache, WarmingEvents, WarmOptions } from "./warmer-options.ts";
import { WarmingConfig } from "./warming-config.ts";
import { WarmingStats } from "./warming-stats.ts";

const SILENT = { warn() {}, error() {} };
const NEVER = new AbortController().signal;

/**
 * @example
 * const cache = new Map<string, number>();
 * const warmer = new CacheWarmer({
 *   cache,
 *   keys: new StaticKeyProvider(["a", "b"]),
 *   loader: new CallableValueLoader(async (key) => key.length),
 * });
 * await warmer.warm();
 */
export class CacheWarmer<K, V> {
  readonly config: WarmingConfig;
  /** What happens, to listen to. A listener that throws comes between nothing. */
  readonly events = new EventEmitter<WarmingEvents<K>>();
  readonly #cache: WarmableCache<K, V>;
  readonly #loader: ValueLoader<K, V>;
  readonly #keys: KeyProvider<K> | null;
  readonly #tracker: AccessTracker<K> | null;
  readonly #logger: Pick<Logger, "warn" | "error">;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #slot: ReturnType<typeof pLimit>;
  readonly #runs: WarmingRuns<K>;
  /** Loads under way: who asks for the same key gets the same one. */
  readonly #loading = new Map<K, Promise<V>>();
  #stats = new WarmingStats();
  #working: { end(): void; readonly abort: AbortController } | null = null;

  /** @throws {z.core.$ZodError} for a configuration that is none, {TypeError} for a schedule that cannot be kept */
  constructor(options: CacheWarmerOptions<K, V>) {
    this.config = WarmingConfig.parse(options.config ?? {});
    const objection = objectionTo(this.#schedule());
    if (objection !== null) throw new TypeError(objection);
    this.#cache = options.cache;
    this.#loader = options.loader;
    this.#tracker = options.tracker ?? null;
    this.#keys =
      options.keys ?? (options.tracker === undefined ? null : new AdaptiveKeyProvider(options.tracker));
    this.#logger = options.logger ?? SILENT;
    this.#timers = options.timers ?? systemTimers();
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#slot = pLimit(this.config.maxWorkers);
    this.#runs = new WarmingRuns((run) => this.#run(run));
  }

  /** Of all runs, and of all keys that were warmed alone. */
  get stats(): WarmingStats {
    return this.#stats;
  }

  /**
   * Warms these keys, or those of the key provider. What is in the cache stays as it is, unless `refresh` is set, so
   * that it may be called as often as one likes. Who calls it while a run is under way that has all of its keys gets
   * that run's result; otherwise its own run follows.
   *
   * Resolves with what the run came to: one bad key never stops the rest. @throws what the key provider threw
   */
  warm(keys?: Iterable<K>, { refresh = false, signal = NEVER }: WarmOptions = {}): Promise<WarmingStats> {
    return this.#runs.join({ wanted: keys === undefined ? null : new Set(keys), refresh, signal });
  }

  /** The same, for who does not wait: what goes wrong is logged. */
  warmInBackground(keys?: Iterable<K>, options?: WarmOptions): void {
    this.warm(keys, options).catch(() => {});
  }

  /** Loads one key, whether or not it is in the cache. @throws what its last try threw, once that is logged */
  async warmKey(key: K, { signal = NEVER }: Pick<WarmOptions, "signal"> = {}): Promise<V> {
    const startedAt = this.#now();
    try {
      const value = await this.#load(key, signal);
      this.#add({ keysWarmed: 1, totalMs: this.#now() - startedAt });
      return value;
    } catch (error) {
      if (signal.aborted) this.#add({ keysCancelled: 1 });
      else this.#add({ keysFailed: 1, errors: [this.#failed(key, error)] });
      throw error;
    }
  }

  /** What the cache has, or else, on first access, what the loader gives. */
  async get(key: K): Promise<V> {
    this.#tracker?.record(key);
    if (await this.#cache.has(key)) return (await this.#cache.get(key)) as V;
    return this.warmKey(key);
  }

  /** Begins what the strategy says. Nothing when it has begun already. */
  start(): void {
    if (this.#working !== null) return;
    const abort = new AbortController();
    const { signal } = abort;
    const refresh = () => this.warm(undefined, { refresh: true, signal });
    const { strategy } = this.config;
    let end = () => {};
    if (strategy === "eager") this.warmInBackground(undefined, { signal });
    if (strategy === "scheduled" || strategy === "adaptive") {
      end = repeat(this.#schedule(), refresh, { timers: this.#timers, now: this.#now });
    }
    this.#working = { end, abort };
  }

  /** Ends it: nothing new begins, and a run that it began is called off. Resolves once that is over. */
  async stop(): Promise<void> {
    this.#working?.end();
    this.#working?.abort.abort(new Error("the warmer was stopped"));
    this.#working = null;
    await this.#runs.idle();
  }

  #schedule(): Schedule {
    const { cron, timeZone, refreshIntervalMs } = this.config;
    return cron === undefined ? { everyMs: refreshIntervalMs } : { cron, timeZone };
  }

  async #run({ wanted, refresh, signal, found }: Turn<K>): Promise<WarmingStats> {
    const startedAt = this.#now();
    let keys: readonly K[];
    try {
      keys = [...(wanted ?? new Set(await this.#keys?.keys()))];
    } catch (error) {
      const message = messageOf(error);
      this.#logger.error("keepwarm: could not find out which keys to warm", { error: message });
      this.#add({ errors: [{ key: null, message }], lastWarmingAt: this.#now() });
      throw error;
    }
    found(keys);
    this.#emit("started", { inAll: keys.length });
    let stats = new WarmingStats();
    let done = 0;
    const count = (counts: ConstructorParameters<typeof WarmingStats>[0]) => {
      stats = stats.plus(new WarmingStats(counts));
      this.#emit("progress", { done: ++done, inAll: keys.length, failed: stats.keysFailed });
    };
    const one = async (key: K) => {
      try {
        if (signal.aborted) return count({ keysCancelled: 1 });
        await this.#load(key, signal);
        count({ keysWarmed: 1 });
        this.#emit("warmed", key);
      } catch (error) {
        if (signal.aborted) count({ keysCancelled: 1 });
        else count({ keysFailed: 1, errors: [this.#failed(key, error)] });
      }
    };
    for (let from = 0; from < keys.length; from += this.config.batchSize) {
      const batch = keys.slice(from, from + this.config.batchSize);
      const missing = await this.#missing(batch, refresh || signal.aborted);
      for (let skipped = missing.length; skipped < batch.length; skipped++) count({ keysSkipped: 1 });
      if (!signal.aborted) await this.#loadBatch(missing, signal);
      await Promise.all(missing.map(one));
    }
    const endedAt = this.#now();
    stats = stats.plus(new WarmingStats({ totalMs: endedAt - startedAt, lastWarmingAt: endedAt }));
    this.#add(stats);
    this.#emit("ended", stats);
    return stats;
  }

  async #missing(keys: readonly K[], all: boolean): Promise<readonly K[]> {
    if (all) return keys;
    // A cache that cannot tell has nothing.
    const there = await Promise.all(
      keys.map(async (key) => this.#cache.has(key)).map((it) => it.catch(() => false)),
    );
    return keys.filter((_, index) => there[index] !== true);
  }

  /** Where that fails, each key is loaded alone: what is wrong with one does not stop the others. */
  async #loadBatch(keys: readonly K[], signal: AbortSignal): Promise<void> {
    const { loadBatch } = this.#loader;
    if (loadBatch === undefined || keys.length === 0) return;
    try {
      await this.#attempt(
        `${keys.length} keys`,
        (own) => loadBatch.call(this.#loader, keys, { signal: own }),
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      const attributes = { keys: keys.length, error: messageOf(error) };
      this.#logger.warn("keepwarm: keys could not be loaded together, and are loaded one by one", attributes);
    }
  }

  #load(key: K, signal: AbortSignal): Promise<V> {
    const under = this.#loading.get(key);
    if (under !== undefined) {
      // What called the other's load off is not ours.
      return under.catch((error) => {
        if (signal.aborted || this.#loading.has(key) || !isAbort(error)) throw error;
        return this.#load(key, signal);
      });
    }
    const loading = this.#loadInto(key, signal).finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  async #loadInto(key: K, signal: AbortSignal): Promise<V> {
    const load = async (own: AbortSignal) => {
      const value = await this.#loader.load(key, { signal: own });
      own.throwIfAborted();
      await this.#cache.set(key, value);
      return value;
    };
    return this.#attempt(String(key), load, signal).catch((error) => {
      throw signal.aborted ? new CalledOff(error) : error;
    });
  }

  #attempt<T>(what: string, load: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { retryOnFailure, maxRetries } = this.config;
    const rules = { ...this.config, maxRetries: retryOnFailure ? maxRetries : 0 };
    return attempt(load, signal, rules, {
      timers: this.#timers,
      random: this.#random,
      slot: (run) => this.#slot(run),
      failed: (error, tries, retryInMs) =>
        this.#logger.warn("keepwarm: a key could not be warmed, and is tried again", {
          key: what,
          tries,
          retryInMs,
          error: messageOf(error),
        }),
    });
  }

  #failed(key: K, error: unknown) {
    const told = { key: String(key), message: messageOf(error) };
    this.#logger.error("keepwarm: a key could not be warmed", { key: told.key, error: told.message });
    this.#emit("failed", key, error);
    return told;
  }

  #add(counts: ConstructorParameters<typeof WarmingStats>[0]): void {
    this.#stats = this.#stats.plus(new WarmingStats(counts));
  }

  #emit<E extends keyof WarmingEvents<K>>(
    name: E,
    ...args: Parameters<EventEmitter.EventListener<WarmingEvents<K>, E>>
  ): void {
    try {
      this.events.emit(name, ...args);
    } catch (error) {
      this.#logger.error(`keepwarm: a listener of ${name} threw`, { error: messageOf(error) });
    }
  }
}

/** A load that somebody's signal ended; `cause` is the signal's reason. */
class CalledOff extends Error {
  constructor(cause: unknown) {
    super("the load was called off", { cause });
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof CalledOff;
}
