/** Which keys are asked for, how often, and when last. */

export interface AccessTrackerOptions {
  /** Keys remembered; beyond it the half that was used longest ago is forgotten. @default 10_000 */
  readonly maxKeys?: number;
  /**
   * After how long an access counts half, in ms, so that what was hot yesterday fades. Left out, accesses are
   * counted for good.
   */
  readonly halfLifeMs?: number;
  /** Epoch ms. @default Date.now */
  readonly now?: () => number;
}

interface Access {
  /** Accesses, decayed to the moment of the last one. */
  weight: number;
  lastAt: number;
}

const DEFAULT_MAX_KEYS = 10_000;

/**
 * Counts accesses, in constant time each: a key's entry is changed where it stands, and what is forgotten is found
 * once in `maxKeys / 2` new keys.
 *
 * @example
 * const tracker = new AccessTracker<string>({ halfLifeMs: 86_400_000 });
 * tracker.record("ada");
 * tracker.hotKeys(1, 10); // ["ada"]
 */
export class AccessTracker<K> {
  readonly #accesses = new Map<K, Access>();
  readonly #maxKeys: number;
  readonly #halfLifeMs: number | null;
  readonly #now: () => number;

  /** @throws {RangeError} for a limit below one, or a half-life that is no length of time */
  constructor({ maxKeys = DEFAULT_MAX_KEYS, halfLifeMs, now = Date.now }: AccessTrackerOptions = {}) {
    if (!Number.isInteger(maxKeys) || maxKeys < 1)
      throw new RangeError("maxKeys must be a whole number from 1");
    if (halfLifeMs !== undefined && !(halfLifeMs > 0)) throw new RangeError("halfLifeMs must be above 0");
    this.#maxKeys = maxKeys;
    this.#halfLifeMs = halfLifeMs ?? null;
    this.#now = now;
  }

  /** Keys remembered. */
  get size(): number {
    return this.#accesses.size;
  }

  record(key: K): void {
    const at = this.#now();
    const access = this.#accesses.get(key);
    if (access !== undefined) {
      access.weight = this.#decayed(access, at) + 1;
      access.lastAt = Math.max(at, access.lastAt);
      return;
    }
    this.#accesses.set(key, { weight: 1, lastAt: at });
    if (this.#accesses.size > this.#maxKeys) this.#trim();
  }

  /** Accesses of a key, decayed to now where there is a half-life; 0 for one that is not remembered. */
  count(key: K): number {
    const access = this.#accesses.get(key);
    return access === undefined ? 0 : this.#decayed(access, this.#now());
  }

  /** Epoch ms; null for a key that is not remembered. */
  lastAccessAt(key: K): number | null {
    return this.#accesses.get(key)?.lastAt ?? null;
  }

  /**
   * Keys with at least so many accesses, the hottest first. With a half-life a hundredth less is enough: two
   * accesses, one after the other, are never quite two.
   */
  hotKeys(threshold: number, limit = Number.POSITIVE_INFINITY): K[] {
    const at = this.#now();
    const least = this.#halfLifeMs === null ? threshold : threshold * 0.99;
    return [...this.#accesses]
      .map(([key, access]) => ({ key, weight: this.#decayed(access, at) }))
      .filter(({ weight }) => weight >= least)
      .toSorted((a, b) => b.weight - a.weight)
      .slice(0, limit)
      .map(({ key }) => key);
  }

  /** Keys that were used within the last so many ms, the last one first. */
  recentKeys(withinMs: number, limit = Number.POSITIVE_INFINITY): K[] {
    const since = this.#now() - withinMs;
    return [...this.#accesses]
      .filter(([, { lastAt }]) => lastAt >= since)
      .toSorted(([, a], [, b]) => b.lastAt - a.lastAt)
      .slice(0, limit)
      .map(([key]) => key);
  }

  forget(key: K): boolean {
    return this.#accesses.delete(key);
  }

  clear(): void {
    this.#accesses.clear();
  }

  #decayed({ weight, lastAt }: Access, at: number): number {
    // A clock that was set back makes nothing hotter.
    if (this.#halfLifeMs === null || at <= lastAt) return weight;
    return weight * 2 ** ((lastAt - at) / this.#halfLifeMs);
  }

  /** Of equal age, those go that have been known longer: the key that was just recorded stays. */
  #trim(): void {
    const byAge = [...this.#accesses].toSorted(([, a], [, b]) => a.lastAt - b.lastAt);
    for (const [key] of byAge.slice(0, Math.ceil(byAge.length / 2))) this.#accesses.delete(key);
  }
}
