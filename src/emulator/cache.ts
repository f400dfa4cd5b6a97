import type { Breakpoint } from "./breakpoints.ts";
import type { Ttl } from "./markers.ts";
import type { Prefix } from "./prefix.ts";
import type { Readings } from "./readings.ts";

/** Positions checked per breakpoint, the breakpoint itself included (docs/prompt-caching.md row 1.9). */
export const LOOK_BACK_POSITIONS = 20;

/** Writes between two sweeps for entries that nobody asked for again. */
const WRITES_PER_SWEEP = 256;

export interface CacheEntry {
  readonly hash: string;
  /** Tokens of the prefix it holds. */
  readonly tokens: number;
  readonly model: string;
  readonly ttl: Ttl;
  /** Start of the last request that wrote or read it, milliseconds since the epoch. */
  readonly usedAt: number;
  /** Last millisecond at which a request that starts then still finds it. */
  readonly expiresAt: number;
}

/** Where a request meets the cache. */
export interface Hit {
  /** Index of the block whose prefix was found. */
  readonly index: number;
  readonly tokens: number;
  /** The breakpoint whose look-back found it. */
  readonly through: Breakpoint;
}

interface Stored {
  ttl: Ttl;
  usedAt: number;
  readonly tokens: number;
  readonly model: string;
}

/** The entries of all workspaces: the scope is part of every hash, so they cannot meet. */
export class PromptCache {
  readonly #entries = new Map<string, Stored>();
  readonly #ttlMs: Readonly<Record<Ttl, number>>;
  readonly #readings: Readings;
  #writes = 0;

  constructor(ttlMs: Readonly<Record<Ttl, number>>, readings: Readings) {
    this.#ttlMs = ttlMs;
    this.#readings = readings;
  }

  /**
   * The highest prefix that an earlier request wrote: from each breakpoint, last one first, walk back at
   * most 20 positions, then resume from the breakpoint before it (docs/prompt-caching.md row 1.9).
   * Looks only; `refresh` makes it a read.
   */
  find(prefixes: readonly Prefix[], breakpoints: readonly Breakpoint[], startedAt: number): Hit | null {
    for (const through of breakpoints.toReversed()) {
      const from = prefixes[through.index]?.step ?? 0;
      for (let index = through.index; index >= 0; index -= 1) {
        const prefix = prefixes[index];
        if (prefix === undefined || from - prefix.step >= LOOK_BACK_POSITIONS) break;
        if (this.#live(prefix.hash, startedAt) !== undefined)
          return { index, tokens: prefix.tokens, through };
      }
    }
    return null;
  }

  /** Restarts the lifetime of what was hit, from the start of the request that reads it. */
  refresh(prefixes: readonly Prefix[], hit: Hit, startedAt: number): void {
    const first = this.#readings.refreshes === "prefix" ? 0 : hit.index;
    for (const prefix of prefixes.slice(first, hit.index + 1)) {
      const entry = this.#live(prefix.hash, startedAt);
      if (entry === undefined) continue;
      entry.usedAt = Math.max(entry.usedAt, startedAt);
      if (this.#readings.refreshTtl === "breakpoint") entry.ttl = hit.through.ttl;
    }
  }

  /**
   * Writes exactly one entry, the prefix that ends at a breakpoint. To be called when the response begins,
   * which is when the entry becomes readable; its lifetime counts from the request's start all the same.
   */
  write(prefix: Prefix, ttl: Ttl, model: string, startedAt: number): void {
    const entry: Stored = { ttl, usedAt: startedAt, tokens: prefix.tokens, model };
    const present = this.#entries.get(prefix.hash);
    // Parallel requests write the same prefix; the one that lives longest stays.
    if (present === undefined || this.#expiry(present) <= this.#expiry(entry)) {
      this.#entries.set(prefix.hash, entry);
    }
    this.#writes += 1;
    if (this.#writes % WRITES_PER_SWEEP === 0) this.#sweep(startedAt);
  }

  /** What a request that starts at `at` could find. */
  entries(at: number): readonly CacheEntry[] {
    this.#sweep(at);
    return [...this.#entries].map(([hash, entry]) => ({ hash, ...entry, expiresAt: this.#expiry(entry) }));
  }

  clear(): void {
    this.#entries.clear();
  }

  #live(hash: string, at: number): Stored | undefined {
    const entry = this.#entries.get(hash);
    return entry !== undefined && at <= this.#expiry(entry) ? entry : undefined;
  }

  #expiry(entry: Stored): number {
    return entry.usedAt + this.#ttlMs[entry.ttl] + this.#readings.lingerMs;
  }

  #sweep(at: number): void {
    for (const [hash, entry] of this.#entries) {
      if (at > this.#expiry(entry)) this.#entries.delete(hash);
    }
  }
}
