/** Keeps a conversation's settings in memory and in storage the same, whatever the order of answers. */

import type { Logger, StorageNamespace } from "../host.ts";
import { type ConversationSettings, conversationOfKey, DEFAULT_INTERVAL_MS } from "../pure.ts";
import type { Conversation } from "./conversation.ts";
import { createSettingsStore } from "./settings-store.ts";
import { failureFrom } from "./warm-failure.ts";

export interface SettingsSyncContext {
  readonly logger: Logger;
  notify(conversation: Conversation): void;
  holds(conversation: Conversation): boolean;
}

export interface SettingsSync {
  /** Reads what is stored, once; `took` runs when that has changed the conversation's settings. Never rejects. */
  load(conversation: Conversation, took: (changed: boolean) => void): Promise<void>;
  /** What is stored of a conversation that is not in memory; null when it cannot be read. Never rejects. */
  peek(conversationId: string): Promise<ConversationSettings | null>;
  /** Ids of all conversations that have settings stored. Never rejects. */
  storedIds(): Promise<string[]>;
  /** Stores `enabled` and takes over the rest of what is stored. Rejects when the storage does. */
  storeEnabled(conversation: Conversation, enabled: boolean): Promise<ConversationSettings>;
  /** Stores another change of the person's, which leaves `enabled` alone. Rejects when the storage does. */
  storeChange(
    conversation: Conversation,
    change: (settings: ConversationSettings) => ConversationSettings,
  ): Promise<ConversationSettings>;
  /** Stores a conversation of which nothing is stored as on. Rejects when the storage does. */
  storeFirst(conversation: Conversation): Promise<FirstSettings>;
  /** Forgets what is stored of a conversation. Rejects when the storage does. */
  remove(conversationId: string): Promise<void>;
}

export interface FirstSettings {
  readonly settings: ConversationSettings;
  /** Nothing had been stored. */
  readonly isNew: boolean;
  /** The settings in memory are others than before. */
  readonly changed: boolean;
}

/** @param deps read at each use */
export function createSettingsSync(
  deps: { readonly storage: StorageNamespace },
  context: SettingsSyncContext,
): SettingsSync {
  const store = createSettingsStore(() => deps.storage);
  // Off acts before it is stored, so what is read before that must not switch on again. Both are kept by
  // id, not in the conversation's record, because they outlive a conversation that is let go of.
  const offsUnderWay = new Map<string, number>();
  const offsUnsaved = new Set<string>();

  function offLanded(conversationId: string): void {
    const left = (offsUnderWay.get(conversationId) ?? 0) - 1;
    if (left > 0) offsUnderWay.set(conversationId, left);
    else offsUnderWay.delete(conversationId);
  }

  /** What is stored, as far as it holds. Answers come in the order of commands, so the last one wins. */
  function inForce(conversationId: string, stored: ConversationSettings): ConversationSettings {
    const mustStayOff = offsUnderWay.has(conversationId) || offsUnsaved.has(conversationId);
    return mustStayOff ? { ...stored, enabled: false } : stored;
  }

  /** Takes over stored settings; true when that changed anything that shows. */
  function take(conversation: Conversation, stored: ConversationSettings): boolean {
    const before = conversation.settings;
    const after = inForce(conversation.id, stored);
    conversation.settings = after;
    conversation.loaded = true;
    if (!offsUnsaved.has(conversation.id)) conversation.storageTrouble = null;
    return (
      after.enabled !== before.enabled ||
      after.intervalMs !== before.intervalMs ||
      after.keepWarm !== before.keepWarm
    );
  }

  function report(conversation: Conversation, verb: "read" | "stored", error: unknown): void {
    const message = log(conversation.id, verb, error);
    conversation.storageTrouble = offsUnsaved.has(conversation.id)
      ? `Off holds until keepwarm restarts, but could not be stored (${message}).`
      : `The settings could not be ${verb} (${message}).`;
    if (context.holds(conversation)) context.notify(conversation);
  }

  function log(conversationId: string, verb: "read" | "stored", error: unknown): string {
    const { error: message } = failureFrom(error);
    context.logger.error(`keepwarm: settings could not be ${verb}`, { conversationId, error: message });
    return message;
  }

  return {
    remove: store.remove,

    load(conversation, took) {
      if (conversation.loaded) return Promise.resolve();
      conversation.loading ??= store
        .load(conversation.id)
        .then(
          (stored) => {
            if (!context.holds(conversation) || conversation.loaded) return;
            took(take(conversation, stored));
          },
          (error: unknown) => report(conversation, "read", error),
        )
        .finally(() => {
          conversation.loading = null;
        });
      return conversation.loading;
    },

    async peek(conversationId) {
      try {
        return inForce(conversationId, await store.load(conversationId));
      } catch (error) {
        log(conversationId, "read", error);
        return null;
      }
    },

    async storedIds() {
      try {
        const keys = await deps.storage.keys("settings:");
        return keys.map(conversationOfKey).filter((id) => id !== null);
      } catch (error) {
        context.logger.error("keepwarm: stored settings could not be listed", {
          error: failureFrom(error).error,
        });
        return [];
      }
    },

    async storeEnabled(conversation, enabled) {
      const { id } = conversation;
      if (!enabled) offsUnderWay.set(id, (offsUnderWay.get(id) ?? 0) + 1);
      try {
        const stored = await store.update(id, (settings) => ({ ...settings, enabled }));
        if (!enabled) offLanded(id);
        offsUnsaved.delete(id);
        take(conversation, stored);
        return stored;
      } catch (error) {
        if (!enabled) {
          offLanded(id);
          // The storage may still say on: forgetting this off would bring it back.
          offsUnsaved.add(id);
        }
        report(conversation, "stored", error);
        throw error;
      }
    },

    async storeChange(conversation, change) {
      const { id } = conversation;
      try {
        // An off that could not be stored goes along.
        const stored = await store.update(id, (settings) => change(inForce(id, settings)));
        take(conversation, stored);
        return stored;
      } catch (error) {
        report(conversation, "stored", error);
        throw error;
      }
    },

    async storeFirst(conversation) {
      const { id } = conversation;
      const on = { enabled: true, intervalMs: DEFAULT_INTERVAL_MS };
      try {
        // An off that is still to be stored, or could not be, was the person's word all the same.
        const first = await store.create(id, () => inForce(id, on));
        return { ...first, changed: take(conversation, first.settings) };
      } catch (error) {
        report(conversation, "stored", error);
        throw error;
      }
    },
  };
}
