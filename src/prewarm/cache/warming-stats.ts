/** What warming came to. */

/** A key that could not be warmed. */
export interface WarmingError {
  /** The key as text; null where it was not a key's doing: its provider failed. */
  readonly key: string | null;
  readonly message: string;
}

/** What a {@link WarmingStats} counts. */
export interface WarmingCounts {
  readonly keysWarmed: number;
  readonly keysFailed: number;
  /** They were in the cache already. */
  readonly keysSkipped: number;
  /** Called off before they were loaded. */
  readonly keysCancelled: number;
  /** How long the runs took, in ms. */
  readonly totalMs: number;
  /** Epoch ms at which the last run ended; null before there was one. */
  readonly lastWarmingAt: number | null;
  /** The last hundred, the oldest first. */
  readonly errors: readonly WarmingError[];
}

const MOST_ERRORS = 100;

/** Of one run, or of all runs of a warmer. A value: it never changes. */
export class WarmingStats implements WarmingCounts {
  readonly keysWarmed: number;
  readonly keysFailed: number;
  readonly keysSkipped: number;
  readonly keysCancelled: number;
  readonly totalMs: number;
  readonly lastWarmingAt: number | null;
  readonly errors: readonly WarmingError[];

  constructor(counts: Partial<WarmingCounts> = {}) {
    this.keysWarmed = counts.keysWarmed ?? 0;
    this.keysFailed = counts.keysFailed ?? 0;
    this.keysSkipped = counts.keysSkipped ?? 0;
    this.keysCancelled = counts.keysCancelled ?? 0;
    this.totalMs = counts.totalMs ?? 0;
    this.lastWarmingAt = counts.lastWarmingAt ?? null;
    this.errors = (counts.errors ?? []).slice(-MOST_ERRORS);
  }

  /** Of the keys that were tried, the share that was warmed, 0 to 1; 1 when nothing was tried. */
  get successRate(): number {
    const tried = this.keysWarmed + this.keysFailed;
    return tried === 0 ? 1 : this.keysWarmed / tried;
  }

  /** The sum of two; the time of the last run is the later one. */
  plus(other: WarmingCounts): WarmingStats {
    const ends = [this.lastWarmingAt, other.lastWarmingAt].filter((at) => at !== null);
    return new WarmingStats({
      keysWarmed: this.keysWarmed + other.keysWarmed,
      keysFailed: this.keysFailed + other.keysFailed,
      keysSkipped: this.keysSkipped + other.keysSkipped,
      keysCancelled: this.keysCancelled + other.keysCancelled,
      totalMs: this.totalMs + other.totalMs,
      lastWarmingAt: ends.length === 0 ? null : Math.max(...ends),
      errors: [...this.errors, ...other.errors],
    });
  }

  /** With its rate, which JSON would leave out. */
  toJSON(): WarmingCounts & { readonly successRate: number } {
    return { ...this, successRate: this.successRate };
  }
}
