/** How each conversation paused, remembered over restarts as decayed counts: never times, never content. */
import * as z from "zod/mini";
import type { Disposable, StorageNamespace, Timers } from "../host.ts";
import { UNNAMED_PREFIX } from "../pure.ts";
import { GapHistory } from "./gap-history.ts";

export interface ConversationGaps extends Disposable {
  /** A conversation's gaps so far, to be added to. */
  of(conversationId: string): GapHistory;
  /** It has spoken again, and these are its gaps now. */
  used(conversationId: string, gaps: GapHistory): void;
  /** Forgets one conversation's, here and in storage; false: there was nothing. Rejects when the storage does. */
  forget(conversationId: string): Promise<boolean>;
  /** Forgets those of all. Rejects when the storage does. */
  forgetAll(): Promise<void>;
}

/** Where they are kept, and what makes it a moment later than the turn that is being counted. */
export interface KeptGaps {
  readonly storage: StorageNamespace;
  readonly timers: Timers;
}

/** One line for all of them, the conversation used longest ago first: that order is all that is told of when. */
export const CONVERSATION_GAPS_KEY = "gaps-of-conversations";

/** Beyond it, what is known of the one used longest ago goes. */
export const MOST_CONVERSATIONS = 500;

/** How long what was counted may wait to be written, in ms: no turn waits for it, and many are written at once. */
const WRITE_AFTER_MS = 10_000;

const NOTHING = new GapHistory();
const EMPTY = NOTHING.toString();
const storedGaps = z.catch(z.array(z.array(z.string()).check(z.length(2))), []);

/** @param kept left out, they last as long as the process */
export function createConversationGaps(kept?: KeptGaps): ConversationGaps {
  /** In the order of their use, the oldest first. */
  let known = new Map<string, GapHistory>();
  let isRead = kept === undefined;
  let timer: number | null = null;
  let writing = Promise.resolve();

  async function read({ storage }: KeptGaps): Promise<void> {
    const past = parse(await storage.get(CONVERSATION_GAPS_KEY));
    if (isRead) return;
    isRead = true;
    const live = known;
    known = past;
    for (const [id, gaps] of live) {
      // What happened meanwhile is already counted.
      const before = past.get(id);
      if (before !== undefined) gaps.merge(before);
      remember(id, gaps);
    }
    if (live.size > 0) writeLater();
  }

  // Without the past it decides by what the person does elsewhere, and does not write over what could not be read.
  if (kept !== undefined) read(kept).catch(() => {});

  function remember(conversationId: string, gaps: GapHistory): void {
    known.delete(conversationId);
    known.set(conversationId, gaps);
    const [oldest] = known.keys();
    if (known.size > MOST_CONVERSATIONS && oldest !== undefined) known.delete(oldest);
  }

  function writeLater(): void {
    if (kept === undefined || !isRead || timer !== null) return;
    timer = kept.timers.setTimer(() => {
      timer = null;
      writing = writing
        .then(() => write(kept))
        // Nothing is lost but what was learned: who owns the storage hears of its failures elsewhere.
        .catch(() => {});
    }, WRITE_AFTER_MS);
  }

  async function write({ storage }: KeptGaps, forgotten?: string): Promise<void> {
    const rows = [...known].map(([id, gaps]) => [id, gaps.toString()]);
    const worth = rows.filter(([id, text]) => text !== EMPTY && id !== forgotten);
    await storage.set(CONVERSATION_GAPS_KEY, JSON.stringify(worth));
  }

  /** Whether something was waiting to be written. */
  function stopWaiting(): boolean {
    const wasWaiting = timer !== null;
    if (timer !== null) kept?.timers.clearTimer(timer);
    timer = null;
    return wasWaiting;
  }

  return {
    of(conversationId) {
      const gaps = known.get(conversationId) ?? new GapHistory();
      // What nobody named ends with the process, and nobody could ever ask for it again.
      if (!conversationId.startsWith(UNNAMED_PREFIX)) remember(conversationId, gaps);
      return gaps;
    },
    used(conversationId, gaps) {
      if (conversationId.startsWith(UNNAMED_PREFIX)) return;
      remember(conversationId, gaps);
      writeLater();
    },
    async forget(conversationId) {
      if (kept !== undefined && !isRead) await read(kept);
      const wasKnown = (known.get(conversationId) ?? NOTHING).toString() !== EMPTY;
      if (kept !== undefined && wasKnown) {
        stopWaiting();
        await writing;
        await write(kept, conversationId);
      }
      known.delete(conversationId);
      return wasKnown;
    },
    async forgetAll() {
      known.clear();
      // What is still being read is forgotten too.
      isRead = true;
      stopWaiting();
      await writing;
      await kept?.storage.delete(CONVERSATION_GAPS_KEY);
    },
    dispose() {
      // At once: whoever ends us may close the storage next.
      if (stopWaiting() && kept !== undefined) write(kept).catch(() => {});
    },
  };
}

/** Never throws: what makes no sense is nothing learned. */
function parse(text: string | null): Map<string, GapHistory> {
  try {
    const rows = storedGaps.parse(JSON.parse(text ?? "[]"));
    return new Map(rows.map(([id = "", gaps = ""]) => [id, GapHistory.parse(gaps)]));
  } catch {
    return new Map();
  }
}
