/** Conversations' settings in the host's storage, one change after the other. */
import type { StorageNamespace } from "../host.ts";
import { type ConversationSettings, parseSettings, serializeSettings, settingsKey } from "../pure.ts";

export interface SettingsStore {
  /** What is stored, after every change that was asked for before. Rejects when storage does. */
  load(conversationId: string): Promise<ConversationSettings>;
  /** Applies `change` to what is stored and stores the result. Rejects when storage does. */
  update(
    conversationId: string,
    change: (settings: ConversationSettings) => ConversationSettings,
  ): Promise<ConversationSettings>;
  /**
   * What is stored; where that is nothing at all, stores what `first` gives. Read and written as one task,
   * so that whatever is asked for before or after wins. Rejects when storage does.
   */
  create(
    conversationId: string,
    first: () => ConversationSettings,
  ): Promise<{ readonly settings: ConversationSettings; readonly isNew: boolean }>;
  /** Removes what is stored, after every change that was asked for before. Rejects when storage does. */
  remove(conversationId: string): Promise<void>;
}

/** @param storage asked at every use, so that a host may replace it */
export function createSettingsStore(storage: () => StorageNamespace): SettingsStore {
  // The last task of each conversation. Each waits for the one before, so that no change is lost
  // between another's read and its write.
  const tails = new Map<string, Promise<unknown>>();

  function enqueue<T>(conversationId: string, task: () => Promise<T>): Promise<T> {
    const run = (tails.get(conversationId) ?? Promise.resolve()).then(task, task);
    tails.set(conversationId, run);
    const leave = () => {
      if (tails.get(conversationId) === run) tails.delete(conversationId);
    };
    run.then(leave, leave);
    return run;
  }

  async function read(conversationId: string): Promise<ConversationSettings> {
    return parseSettings(await storage().get(settingsKey(conversationId)));
  }

  return {
    load: (conversationId) => enqueue(conversationId, () => read(conversationId)),
    update: (conversationId, change) =>
      enqueue(conversationId, async () => {
        const settings = change(await read(conversationId));
        await storage().set(settingsKey(conversationId), serializeSettings(settings));
        return settings;
      }),
    create: (conversationId, first) =>
      enqueue(conversationId, async () => {
        const key = settingsKey(conversationId);
        // Not every storage is typed: one may know "nothing" as undefined.
        const raw = (await storage().get(key)) ?? null;
        if (raw !== null) return { settings: parseSettings(raw), isNew: false };
        const settings = first();
        await storage().set(key, serializeSettings(settings));
        return { settings, isNew: true };
      }),
    remove: (conversationId) =>
      enqueue(conversationId, async () => storage().delete(settingsKey(conversationId))),
  };
}
