/** What happened in each conversation: turns and how they found the cache, warms and what they cost, ends and why. */
import type { Keeper } from "../../capture/index.ts";
import type { Logger, StorageNamespace, Timers } from "../../host.ts";
import { type HistoryAnswer, type HistoryEntry, noteHappenings } from "../../hub/index.ts";
import { UNNAMED_PREFIX } from "../../pure.ts";
import { createHistoryShelf } from "./shelf.ts";

export interface HistoryOptions {
  readonly keeper: Pick<Keeper, "events" | "ledger" | "surface" | "warmer" | "conversation">;
  readonly storage: StorageNamespace;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
}

export interface History {
  /** Null: nothing is known of it. Rejects when the storage does. */
  of(conversationId: string): Promise<HistoryAnswer | null>;
  /** What a program tells that has the conversation. */
  add(conversationId: string, entry: HistoryEntry): void;
  /** Its person has switched it. */
  switched(conversationId: string, enabled: boolean): void;
  /** Resolves with whether anything was known of it. Rejects when the storage does. */
  forget(conversationId: string): Promise<boolean>;
  /** Tells of each entry. Returns the way to end it. */
  subscribe(listener: (conversationId: string, entry: HistoryEntry) => void): () => void;
  /** Resolves once all of it is stored; nothing is recorded any more. */
  close(): Promise<void>;
}

export function createHistory({ keeper, storage, timers, logger, now }: HistoryOptions): History {
  const shelf = createHistoryShelf({ storage, timers, logger, now });
  const listeners = new Set<(conversationId: string, entry: HistoryEntry) => void>();

  function add(conversationId: string, entry: HistoryEntry): void {
    shelf.add(conversationId, entry);
    for (const listener of listeners) listener(conversationId, entry);
  }

  const happenings = noteHappenings({
    keeper,
    logger,
    now,
    tell: add,
    gone(conversationId) {
      // Nobody can ask for it any more.
      if (conversationId.startsWith(UNNAMED_PREFIX)) void shelf.remove(conversationId).catch(() => {});
    },
  });

  return {
    async of(conversationId) {
      const { entries, truncated } = await shelf.read(conversationId);
      const isKnown = entries.length > 0 || keeper.conversation(conversationId) !== null;
      return isKnown ? { conversationId, entries, truncated } : null;
    },
    add,
    switched: happenings.switched,
    forget(conversationId) {
      happenings.forget(conversationId);
      return shelf.remove(conversationId);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      happenings.end();
      await shelf.flush();
      shelf.dispose();
    },
  };
}
