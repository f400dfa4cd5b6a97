/** After a restart: conversations as the host remembers them and as they are stored. */
import type { Logger, RememberedTurn } from "../host.ts";
import { type Instant, instantAt } from "../pure.ts";
import type { Conversation } from "./conversation.ts";
import type { SettingsSync } from "./settings-sync.ts";
import { isRememberedTurn, takeTurn } from "./turn.ts";
import type { Warming } from "./warming.ts";

/** What restoring needs of the warmer it belongs to. */
export interface RestoreContext {
  readonly logger: Logger;
  readonly conversations: ReadonlyMap<string, Conversation>;
  now(): Instant;
  notify(conversation: Conversation): void;
  open(conversationId: string): Conversation;
  load(conversation: Conversation): Promise<void>;
}

export function createRestore(
  warming: Pick<Warming, "arm">,
  settings: Pick<SettingsSync, "storedIds" | "peek">,
  { logger, conversations, now, notify, open, load }: RestoreContext,
): (turns: Iterable<RememberedTurn>) => Promise<void> {
  function remember({ conversationId, settledAt, ...turn }: RememberedTurn, at: Instant): void {
    const known = conversations.get(conversationId);
    const atMs = [settledAt, turn.requestStartedAt].find(Number.isFinite);
    // What happens live is newer than what was remembered; what has no time may have lapsed.
    if (known?.prefix || known?.active || atMs === undefined) return;
    const conversation = open(conversationId);
    takeTurn(conversation, turn, instantAt(atMs, at));
    // One that is not loaded yet is armed when it is.
    if (!conversation.loaded) return;
    warming.arm(conversation, conversation.idleSinceMs);
    notify(conversation);
  }

  return async (turns) => {
    const at = now();
    for (const turn of turns) {
      if (isRememberedTurn(turn)) remember(turn, at);
      else logger.warn("keepwarm: skipped a remembered turn without a conversationId");
    }
    const ids = new Set([...conversations.keys(), ...(await settings.storedIds())]);
    await Promise.all(
      [...ids].map(async (conversationId) => {
        // What is off and unknown to the host is not worth its memory.
        const isWanted = conversations.has(conversationId) || (await settings.peek(conversationId))?.enabled;
        if (isWanted) await load(open(conversationId));
      }),
    );
  };
}
