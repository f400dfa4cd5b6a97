/** What the person's conversations do, remembered over restarts as decayed counts: never times, never content. */
import type { Disposable, StorageNamespace, TurnContext } from "../host.ts";
import { createConversationGaps, type KeptGaps } from "./conversation-gaps.ts";
import type { Activity, StopKind } from "./facts.ts";
import { GapHistory } from "./gap-history.ts";
import { Presence, type Settled } from "./presence.ts";

export interface History extends Disposable {
  /** A request of the person's own thread went out. Times are epoch ms. */
  started(conversationId: string, at: number): void;
  settled(conversationId: string, at: number, turn: Settled): void;
  /** A thread beside it spoke. */
  stirred(conversationId: string, at: number): void;
  /** The conversation is over. */
  closed(conversationId: string): void;
  activityOf(conversationId: string, now: number): Activity;
  /** Forgets how the person pauses, here and in storage. Rejects when the storage does. */
  forget(): Promise<void>;
  /** The same in one conversation, which ends; false: nothing was known of it. Rejects when the storage does. */
  forgetConversation(conversationId: string): Promise<boolean>;
}

/** The name under which a store keeps what policies learn. */
export const POLICY_NAMESPACE = "policy";

/** Where the counts are kept; whoever removes it makes keepwarm forget how its person pauses. */
export const GAPS_KEY = "gaps";

/** @param kept where it is kept; left out, it lasts as long as the process */
export function createHistory(kept?: KeptGaps): History {
  const storage = kept?.storage;
  const own = createConversationGaps(kept);
  let presence = new Presence(new GapHistory(), own.of);
  let isRead = storage === undefined;
  let writing = Promise.resolve();
  /** What was stored when we last looked. */
  let stored: string | null = null;

  storage?.get(GAPS_KEY).then(
    (text) => {
      if (isRead) return;
      stored = text;
      // What happened meanwhile is already counted.
      presence.person.merge(GapHistory.parse(text));
      isRead = true;
    },
    // Without the past it decides by what all people do.
    () => {},
  );

  function remember(): void {
    if (storage === undefined) return;
    writing = writing
      .then(() => (isRead ? write(storage) : undefined))
      // Nothing is lost but what was learned: who owns the storage hears of its failures elsewhere.
      .catch(() => {});
  }

  async function write(storage: StorageNamespace): Promise<void> {
    const text = await storage.get(GAPS_KEY);
    // Somebody had it forgotten, in another process: what is still in memory is not to bring it back.
    if (text === null && stored !== null) return forget();
    // An audit has taught it something since, or another process has: writing over that would lose it.
    if (text !== stored) presence.person.include(GapHistory.parse(text));
    stored = presence.person.toString();
    await storage.set(GAPS_KEY, stored);
  }

  /** Rejects when the storage does. */
  async function forget(): Promise<void> {
    presence = new Presence(new GapHistory(), own.of);
    // What is still being read is forgotten too.
    isRead = true;
    stored = null;
    await Promise.all([own.forgetAll(), storage?.delete(GAPS_KEY)]);
  }

  return {
    started(conversationId, at) {
      own.used(conversationId, presence.started(conversationId, at));
      remember();
    },
    settled: (conversationId, at, turn) => presence.settled(conversationId, at, turn),
    stirred: (conversationId, at) => presence.stirred(conversationId, at),
    closed(conversationId) {
      presence.closed(conversationId);
      remember();
    },
    async forget() {
      presence = new Presence(new GapHistory(), own.of);
      isRead = true;
      await writing;
      await forget();
    },
    forgetConversation(conversationId) {
      presence.forget(conversationId);
      return own.forget(conversationId);
    },
    dispose: own.dispose,
    activityOf: (conversationId, now) => presence.activityOf(conversationId, now),
  };
}

/** What a turn ended with, as far as it says who is to act next. */
export function stopKindOf({
  stopReason,
  asksPerson,
}: Pick<TurnContext, "stopReason" | "asksPerson">): StopKind {
  if (stopReason === "end_turn" || stopReason === "stop_sequence") return "end_turn";
  if (stopReason === "tool_use" && asksPerson === true) return "question";
  if (stopReason === "tool_use" || stopReason === "pause_turn") return "tool_use";
  return "other";
}
