/** What is wanted of each conversation, brought about one step after the other, the newest wish last. */
import type { Logger } from "../host.ts";

export type Desire = object;

export interface DesiresOptions<Wish extends Desire> {
  readonly logger: Logger;
  /** Brings it about; null: nothing of it is wanted. A rejection is tried again. */
  readonly apply: (key: string, wish: Wish | null) => Promise<void>;
  /** Told why the last try failed, and null once one has succeeded. */
  readonly reachable: (why: string | null) => void;
}

export interface Desires<Wish extends Desire> {
  /** @param quietMs how long nothing else may be wanted before it is brought about */
  want(key: string, wish: Wish | null, quietMs: number): void;
  dispose(): void;
}

interface Entry<Wish> {
  wish: Wish | null;
  /** Brought about last; undefined: not known, of a time before this process. */
  done: Wish | null | undefined;
  running: boolean;
  timer: NodeJS.Timeout | null;
}

const AGAIN_MS = 1_000;

/** Most remembered of which nothing is wanted, so that the next word of it costs no question. */
const MOST = 20_000;

export function createDesires<Wish extends Desire>(options: DesiresOptions<Wish>): Desires<Wish> {
  const { logger, apply, reachable } = options;
  const entries = new Map<string, Entry<Wish>>();
  let disposed = false;
  let isInTrouble = false;

  function later(key: string, entry: Entry<Wish>, ms: number): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = setTimeout(() => {
      entry.timer = null;
      void bringAbout(key, entry);
    }, ms).unref();
  }

  async function bringAbout(key: string, entry: Entry<Wish>): Promise<void> {
    // Whatever runs looks again when it is done.
    if (entry.running || disposed) return;
    const { wish } = entry;
    // It is as it should be: nobody has it, or nothing new is wanted.
    if (entry.done === wish) return;
    entry.running = true;
    try {
      await apply(key, wish);
      entry.done = wish;
      if (isInTrouble) reachable(null);
      isInTrouble = false;
    } catch (error) {
      // What the database has now is not known.
      entry.done = undefined;
      const message = error instanceof Error ? error.message : String(error);
      if (!isInTrouble)
        logger.error("keepwarm: the fleet's database did not take a plan", { error: message });
      isInTrouble = true;
      reachable(message);
    }
    entry.running = false;
    if (entry.done === undefined) later(key, entry, AGAIN_MS);
    else if (entry.wish !== wish && entry.timer === null) later(key, entry, 0);
  }

  function forgetOldest(): void {
    for (const [key, { done, wish, running, timer }] of entries) {
      if (done !== null || wish !== null || running || timer !== null) continue;
      entries.delete(key);
      return;
    }
  }

  return {
    want(key, wish, quietMs) {
      if (disposed) return;
      if (entries.size > MOST) forgetOldest();
      const entry = entries.get(key) ?? { wish: null, done: undefined, running: false, timer: null };
      entries.set(key, entry);
      entry.wish = wish;
      // Not in this very moment: a plan follows the end of the one before at once.
      later(key, entry, quietMs);
    },
    dispose() {
      disposed = true;
      for (const { timer } of entries.values()) if (timer !== null) clearTimeout(timer);
      entries.clear();
    },
  };
}
