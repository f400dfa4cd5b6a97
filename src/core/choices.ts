/** What a conversation's person chooses: stored, and in force at once. */
import { formatKeepWarm, KEEP_WARM_FORMS, parseKeepWarm } from "../policy/index.ts";
import { withInterval } from "../pure.ts";
import type { CacheWarmer } from "./cache-warmer.ts";
import type { Conversation } from "./conversation.ts";
import type { SettingsSync } from "./settings-sync.ts";
import type { Warming } from "./warming.ts";

/** What choosing needs of the warmer it belongs to. */
export interface ChoicesContext {
  /** Wall clock, epoch ms. */
  now(): number;
  holds(conversation: Conversation): boolean;
  notify(conversation: Conversation): void;
  open(conversationId: string): Conversation;
  /** Stops at once, in memory. */
  switchOff(conversation: Conversation, options: { superseded: boolean }): void;
}

export function createChoices(
  warming: Pick<Warming, "arm">,
  settings: Pick<SettingsSync, "storeEnabled" | "storeFirst" | "storeChange">,
  { now, holds, notify, open, switchOff }: ChoicesContext,
): Pick<CacheWarmer, "setEnabled" | "enableIfNew" | "setIntervalMs" | "setKeepWarm"> {
  return {
    async setEnabled(conversationId, wanted) {
      // Not every caller is typed: what is not plainly on is off.
      const enabled = wanted === true;
      const conversation = open(conversationId);
      conversation.closing = false;
      // Off acts before the first await. Where the settings are not loaded yet, nothing was armed, and
      // the one notice waits for them.
      const noticed = !enabled && conversation.loaded;
      if (!enabled) switchOff(conversation, { superseded: false });
      if (noticed) notify(conversation);
      const stored = await settings.storeEnabled(conversation, enabled);
      if (!holds(conversation)) return stored;
      // Turned on now, not when the turn settled: the interval begins here.
      if (conversation.settings.enabled && conversation.timer === null) {
        warming.arm(conversation, now());
      }
      if (!noticed) notify(conversation);
      return stored;
    },

    async enableIfNew(conversationId) {
      const conversation = open(conversationId);
      const { settings: stored, isNew, changed } = await settings.storeFirst(conversation);
      if (!holds(conversation) || !changed) return stored;
      // Turned on now; or else what was stored has only now been read.
      warming.arm(conversation, isNew ? now() : conversation.idleSinceMs);
      notify(conversation);
      return stored;
    },

    async setIntervalMs(conversationId, intervalMs) {
      const conversation = open(conversationId);
      const wasOn = conversation.settings.enabled;
      const stored = await settings.storeChange(conversation, (before) => withInterval(before, intervalMs));
      if (!holds(conversation)) return stored;
      // What is stored may have told only now that it is on.
      const learnedOn = !wasOn && conversation.settings.enabled;
      if (conversation.timer !== null || learnedOn) warming.arm(conversation, now());
      notify(conversation);
      return stored;
    },

    async setKeepWarm(conversationId, keepWarm) {
      const choice = keepWarm === null ? null : parseKeepWarm(keepWarm);
      if (keepWarm !== null && choice === null) throw new TypeError(`keep warm is ${KEEP_WARM_FORMS}`);
      const conversation = open(conversationId);
      const stored = await settings.storeChange(conversation, ({ keepWarm: _, ...others }) =>
        choice === null ? others : { ...others, keepWarm: formatKeepWarm(choice) },
      );
      if (!holds(conversation)) return stored;
      warming.arm(conversation, conversation.idleSinceMs);
      notify(conversation);
      return stored;
    },
  };
}
