/** Keeps a conversation's settings in memory and in storage the same, whatever the order of answers. */
import type { Conversation } from "./conversation.ts";
import type { Logger, StorageNamespace } from "./host.ts";
import { type ConversationSettings, withInterval } from "./pure.ts";
import { createSettingsStore } from "./settings-store.ts";
import { failureFrom } from "./warm-failure.ts";

export interface SettingsSyncContext {
  notify(conversation: Conversation): void;
  holds(conversation: Conversation): boolean;
}

export interface SettingsSync {
  /** Reads what is stored, once; `took` runs when that has changed the conversation's settings. Never rejects. */
  load(conversation: Conversation, took: (changed: boolean) => void): Promise<void>;
  /** Stores `enabled` and takes over the rest of what is stored. Rejects when the storage does. */
  storeEnabled(conversation: Conversation, enabled: boolean): Promise<ConversationSettings>;
  storeInterval(conversation: Conversation, intervalMs: number): Promise<ConversationSettings>;
}

/** @param deps read at each use */
export function createSettingsSync(
  deps: { readonly storage: StorageNamespace; readonly logger: Logger },
  context: SettingsSyncContext,
): SettingsSync {
  const store = createSettingsStore(() => deps.storage);

  const versionsOf = ({ enabledVersion, intervalVersion }: Conversation) => ({
    enabledVersion,
    intervalVersion,
  });

  /** Takes over stored settings, except a field on which a newer command is on its way. */
  function merge(
    conversation: Conversation,
    stored: ConversationSettings,
    asked: ReturnType<typeof versionsOf>,
  ): boolean {
    const before = conversation.settings;
    const enabledIsOld = asked.enabledVersion !== conversation.enabledVersion || conversation.offUnsaved;
    const intervalIsOld = asked.intervalVersion !== conversation.intervalVersion;
    conversation.settings = {
      ...stored,
      ...(enabledIsOld ? { enabled: before.enabled } : {}),
      ...(intervalIsOld ? { intervalMs: before.intervalMs } : {}),
    };
    conversation.loaded = true;
    const { enabled, intervalMs } = conversation.settings;
    return enabled !== before.enabled || intervalMs !== before.intervalMs;
  }

  function report(conversation: Conversation, verb: "read" | "stored", error: unknown): void {
    const { error: message } = failureFrom(error);
    conversation.trouble = conversation.offUnsaved
      ? `Off holds until keepwarm restarts, but could not be stored (${message}).`
      : `The settings could not be ${verb} (${message}).`;
    deps.logger.error(`keepwarm: settings could not be ${verb}`, {
      conversationId: conversation.id,
      error: message,
    });
    if (context.holds(conversation)) context.notify(conversation);
  }

  return {
    load(conversation, took) {
      if (conversation.loaded) return Promise.resolve();
      const asked = versionsOf(conversation);
      conversation.loading ??= store
        .load(conversation.id)
        .then(
          (stored) => {
            if (!context.holds(conversation) || conversation.loaded) return;
            took(merge(conversation, stored, asked));
          },
          (error: unknown) => report(conversation, "read", error),
        )
        .finally(() => {
          conversation.loading = null;
        });
      return conversation.loading;
    },

    async storeEnabled(conversation, enabled) {
      conversation.enabledVersion++;
      const asked = versionsOf(conversation);
      const isNewest = () => asked.enabledVersion === conversation.enabledVersion;
      try {
        const stored = await store.update(conversation.id, (settings) => ({ ...settings, enabled }));
        if (isNewest()) conversation.offUnsaved = false;
        merge(conversation, stored, asked);
        return stored;
      } catch (error) {
        // The storage may still say on: forgetting this off would bring it back.
        if (!enabled && isNewest()) conversation.offUnsaved = true;
        report(conversation, "stored", error);
        throw error;
      }
    },

    async storeInterval(conversation, intervalMs) {
      conversation.intervalVersion++;
      const asked = versionsOf(conversation);
      try {
        const stored = await store.update(conversation.id, (settings) => withInterval(settings, intervalMs));
        merge(conversation, stored, asked);
        return stored;
      } catch (error) {
        report(conversation, "stored", error);
        throw error;
      }
    },
  };
}
