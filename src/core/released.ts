/** Which conversations were let go of lately, so that what still arrives of them does not bring them back. */
import type { ConversationSettings } from "../pure.ts";

export interface Released {
  add(conversationId: string): void;
  has(conversationId: string): boolean;
  /** It is heard of again, in a way that counts. */
  delete(conversationId: string): void;
  /** Its settings as they are stored, for a surface that still shows it; undefined until they were read. */
  settingsOf(conversationId: string): ConversationSettings | undefined;
  /** Takes note of its stored settings, if it is still let go of. */
  note(conversationId: string, settings: ConversationSettings): void;
}

/** How many are remembered, so that a process may live for months: what is late is seconds late, not hours. */
const REMEMBERED = 1_000;

export function createReleased(): Released {
  // Oldest first, as a Map keeps them.
  const known = new Map<string, ConversationSettings | undefined>();
  return {
    add(conversationId) {
      known.set(conversationId, undefined);
      const [oldest] = known.keys();
      if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    },
    has: (conversationId) => known.has(conversationId),
    delete: (conversationId) => void known.delete(conversationId),
    settingsOf: (conversationId) => known.get(conversationId),
    note(conversationId, settings) {
      if (known.has(conversationId)) known.set(conversationId, settings);
    },
  };
}
