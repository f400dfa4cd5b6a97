/**
 * Where history is kept: the last entries of each conversation, beside its settings. What is new waits in memory for
 * some seconds and is written with what comes after it, some conversations at a time, so that no turn waits for it.
 */
import type { Logger, StorageNamespace, Timers } from "../../host.ts";
import type { HistoryEntry } from "../../hub/index.ts";
import { UNNAMED_PREFIX } from "../../pure.ts";
import { type Packed, pack, unpack } from "./packing.ts";

export interface ShelfDeps {
  readonly storage: StorageNamespace;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
}

export interface HistoryShelf {
  add(conversationId: string, entry: HistoryEntry): void;
  /** Rejects when the storage does. */
  read(conversationId: string): Promise<Packed>;
  /** Resolves with whether there was any. Rejects when the storage does. */
  remove(conversationId: string): Promise<boolean>;
  /** Writes what is not written yet. Never rejects. */
  flush(): Promise<void>;
  dispose(): void;
}

/** Kept of each conversation. */
const MOST_ENTRIES = 200;
/** How long new entries wait to be written, in ms. */
const WRITE_AFTER_MS = 5_000;
/** How long after its start a gateway looks for what is too old, in ms. */
const TIDY_AFTER_MS = 60_000;
const KEPT_MS = 30 * 86_400_000;
/** More are of conversations that nobody looks at. */
const MOST_CONVERSATIONS = 10_000;
/** Written, or looked at, without letting anything else have its turn. */
const AT_ONCE = 10;

export function createHistoryShelf({ storage, timers, logger, now }: ShelfDeps): HistoryShelf {
  /** Not written yet. */
  const fresh = new Map<string, HistoryEntry[]>();
  let writing: Promise<void> = Promise.resolve();
  let timer: number | null = null;
  let tidying: number | null = timers.setTimer(() => {
    tidying = null;
    void tidy().catch(trouble("tidied up"));
  }, TIDY_AFTER_MS);

  function trouble(verb: string): (error: unknown) => void {
    return (error) =>
      logger.warn(`keepwarm: the history of conversations could not be ${verb}`, {
        error: error instanceof Error ? error.message : String(error),
      });
  }

  async function stored(conversationId: string): Promise<Packed> {
    return unpack(await storage.get(conversationId));
  }

  async function write(conversationId: string): Promise<void> {
    const before = await stored(conversationId);
    // Only now: what has come meanwhile goes along, and what was removed meanwhile does not come back.
    const news = fresh.get(conversationId);
    if (news === undefined) return;
    fresh.delete(conversationId);
    await storage.set(conversationId, pack(joined(before, news)));
  }

  async function writeAll(): Promise<void> {
    for (const [written, conversationId] of [...fresh.keys()].entries()) {
      if (written % AT_ONCE === AT_ONCE - 1) await othersTurn();
      try {
        await write(conversationId);
      } catch (error) {
        // What cannot be written is let go of: it must not pile up.
        fresh.delete(conversationId);
        trouble("written")(error);
      }
    }
  }

  /** One after the other, so that none reads what another is about to replace. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = writing.then(act);
    writing = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  function flush(): Promise<void> {
    if (timer !== null) timers.clearTimer(timer);
    timer = null;
    return inTurn(writeAll);
  }

  async function tidy(): Promise<void> {
    const lastAt = new Map<string, number>();
    for (const [seen, conversationId] of (await storage.keys()).entries()) {
      if (seen % AT_ONCE === AT_ONCE - 1) await othersTurn();
      const { entries } = await stored(conversationId);
      lastAt.set(conversationId, entries.at(-1)?.at ?? 0);
    }
    const newestFirst = [...lastAt].toSorted(([, a], [, b]) => b - a);
    for (const [place, [conversationId, at]] of newestFirst.entries()) {
      if (place % AT_ONCE === AT_ONCE - 1) await othersTurn();
      // Of a process before this one, whose names nobody knows any more.
      const isLost = conversationId.startsWith(UNNAMED_PREFIX) && at < startedAt;
      if (isLost || place >= MOST_CONVERSATIONS || now() - at > KEPT_MS) {
        await inTurn(() => storage.delete(conversationId));
      }
    }
  }

  const startedAt = now();

  return {
    add(conversationId, entry) {
      const waiting = fresh.get(conversationId);
      if (waiting === undefined) fresh.set(conversationId, [entry]);
      else {
        waiting.push(entry);
        if (waiting.length > MOST_ENTRIES) waiting.shift();
      }
      timer ??= timers.setTimer(() => void flush(), WRITE_AFTER_MS);
    },
    async read(conversationId) {
      return inTurn(async () => {
        const before = await stored(conversationId);
        return joined(before, fresh.get(conversationId) ?? []);
      });
    },
    remove(conversationId) {
      const wasFresh = fresh.delete(conversationId);
      return inTurn(async () => {
        const wasStored = await storage.has(conversationId);
        if (wasStored) await storage.delete(conversationId);
        return wasFresh || wasStored;
      });
    },
    flush,
    dispose() {
      if (timer !== null) timers.clearTimer(timer);
      if (tidying !== null) timers.clearTimer(tidying);
    },
  };
}

function joined({ entries, truncated }: Packed, news: readonly HistoryEntry[]): Packed {
  const all = [...entries, ...news];
  return { entries: all.slice(-MOST_ENTRIES), truncated: truncated || all.length > MOST_ENTRIES };
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
