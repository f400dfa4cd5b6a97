/** Runs one after the other; who wants what a run under way, or one that waits, does anyhow gets its result. */
import type { WarmingStats } from "./warming-stats.ts";

export interface Wish<K> {
  /** Null: whatever the key provider says. */
  readonly wanted: ReadonlySet<K> | null;
  /** What is in the cache is loaded too. */
  readonly refresh: boolean;
  readonly signal: AbortSignal;
}

interface Run<K> extends Wish<K> {
  /** What it turned out to be; null until then. */
  keys: ReadonlySet<K> | null;
  result: Promise<WarmingStats>;
}

/** A wish that has its turn. */
export interface Turn<K> extends Wish<K> {
  /** Told once its keys are known. */
  readonly found: (keys: readonly K[]) => void;
}

export class WarmingRuns<K> {
  readonly #run: (turn: Turn<K>) => Promise<WarmingStats>;
  /** The one under way first. */
  readonly #runs: Run<K>[] = [];

  constructor(run: (turn: Turn<K>) => Promise<WarmingStats>) {
    this.#run = run;
  }

  join(wish: Wish<K>): Promise<WarmingStats> {
    const known = this.#runs.find((run) => covers(run, wish));
    if (known !== undefined) return known.result;
    const before = this.#runs.at(-1)?.result ?? Promise.resolve();
    const run: Run<K> = { ...wish, keys: wish.wanted, result: Promise.resolve(undefined as never) };
    const found = (keys: readonly K[]) => {
      run.keys = new Set(keys);
    };
    run.result = before
      .then(
        () => {},
        () => {},
      )
      .then(() => this.#run({ ...wish, found }))
      .finally(() => this.#runs.splice(this.#runs.indexOf(run), 1));
    this.#runs.push(run);
    return run.result;
  }

  /** Resolves once nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#runs.length > 0) await this.#runs.at(-1)?.result.catch(() => {});
  }
}

/** Whether a run does all of what is wished for. One that is called off does not. */
function covers<K>(run: Run<K>, { wanted, refresh }: Wish<K>): boolean {
  if (run.signal.aborted || (refresh && !run.refresh)) return false;
  if (wanted === null) return run.wanted === null;
  return run.keys !== null && [...wanted].every((key) => run.keys?.has(key));
}
