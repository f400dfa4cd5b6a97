/** Which keys are worth warming. */
import type { AccessTracker } from "./access-tracker.ts";

export interface KeyProvider<K> {
  /** Asked before each run. A rejection ends the run. */
  keys(): Iterable<K> | Promise<Iterable<K>>;
}

/** The same keys each time. */
export class StaticKeyProvider<K> implements KeyProvider<K> {
  readonly #keys: readonly K[];

  constructor(keys: Iterable<K>) {
    this.#keys = [...keys];
  }

  keys(): readonly K[] {
    return this.#keys;
  }
}

/** Keys that a function finds, at once or later. */
export class CallableKeyProvider<K> implements KeyProvider<K> {
  readonly #find: () => Iterable<K> | Promise<Iterable<K>>;

  constructor(find: () => Iterable<K> | Promise<Iterable<K>>) {
    this.#find = find;
  }

  keys(): Iterable<K> | Promise<Iterable<K>> {
    return this.#find();
  }
}

export interface AdaptiveKeyOptions {
  /** Least accesses of a hot key. @default 2 */
  readonly threshold?: number;
  /** Most keys. @default 100 */
  readonly limit?: number;
  /** Keys used within so many ms count as well, however few accesses they have. @default none */
  readonly recentMs?: number;
}

/** Keys that an {@link AccessTracker} has seen often, and, where wanted, lately. */
export class AdaptiveKeyProvider<K> implements KeyProvider<K> {
  readonly #tracker: AccessTracker<K>;
  readonly #options: Required<Omit<AdaptiveKeyOptions, "recentMs">> & Pick<AdaptiveKeyOptions, "recentMs">;

  constructor(tracker: AccessTracker<K>, options: AdaptiveKeyOptions = {}) {
    this.#tracker = tracker;
    this.#options = { threshold: 2, limit: 100, ...options };
  }

  keys(): readonly K[] {
    const { threshold, limit, recentMs } = this.#options;
    const hot = this.#tracker.hotKeys(threshold, limit);
    const recent = recentMs === undefined ? [] : this.#tracker.recentKeys(recentMs, limit);
    return [...new Set([...hot, ...recent])].slice(0, limit);
  }
}
