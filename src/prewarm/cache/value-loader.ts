/** Where the values of a cache come from. */

export interface LoadOptions {
  /** Aborts when the load is called off, or has taken too long. */
  readonly signal: AbortSignal;
}

/**
 * A rejection is a failed try. An error with `permanent: true` is not tried again; one with `retryAfterMs` not
 * before that.
 */
export interface ValueLoader<K, V> {
  load(key: K, options: LoadOptions): Promise<V>;
  /** Where several keys are cheaper at once: loads them, so that {@link ValueLoader.load} has them at hand. */
  loadBatch?(keys: readonly K[], options: LoadOptions): Promise<unknown>;
}

/** Loads one key at a time by a function. */
export class CallableValueLoader<K, V> implements ValueLoader<K, V> {
  readonly #load: (key: K, options: LoadOptions) => V | Promise<V>;

  constructor(load: (key: K, options: LoadOptions) => V | Promise<V>) {
    this.#load = load;
  }

  async load(key: K, options: LoadOptions): Promise<V> {
    return this.#load(key, options);
  }
}

/**
 * Loads many keys by one call. What a batch has loaded serves one `load` of each of its keys; a key that no batch
 * has loaded is loaded alone.
 */
export class BatchValueLoader<K, V> implements ValueLoader<K, V> {
  readonly #load: (
    keys: readonly K[],
    options: LoadOptions,
  ) => ReadonlyMap<K, V> | Promise<ReadonlyMap<K, V>>;
  readonly #loaded = new Map<K, V>();

  constructor(
    load: (keys: readonly K[], options: LoadOptions) => ReadonlyMap<K, V> | Promise<ReadonlyMap<K, V>>,
  ) {
    this.#load = load;
  }

  async loadBatch(keys: readonly K[], options: LoadOptions): Promise<ReadonlyMap<K, V>> {
    const values = await this.#load(keys, options);
    // What came too late is not kept: it would be taken for news by the next load.
    if (!options.signal.aborted) for (const [key, value] of values) this.#loaded.set(key, value);
    return values;
  }

  async load(key: K, options: LoadOptions): Promise<V> {
    if (this.#loaded.has(key)) {
      const value = this.#loaded.get(key) as V;
      this.#loaded.delete(key);
      return value;
    }
    const values = await this.#load([key], options);
    if (!values.has(key)) throw new Error("the loader gave no value for it");
    return values.get(key) as V;
  }

  /** Forgets what batches have loaded and nobody has asked for. */
  clear(): void {
    this.#loaded.clear();
  }
}
