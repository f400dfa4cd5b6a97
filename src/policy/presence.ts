/**
 * What a person's conversations do, seen side by side: the activity that policies are told of. Fed by whoever
 * sees the turns, live or replayed; own warms are no turns and are not told to it.
 */
import type { Activity, StopKind } from "./facts.ts";
import { GapHistory } from "./gap-history.ts";

/** Idle for longer, in ms, and a conversation counts as ended. */
export const ENDED_AFTER_MS = 12 * 3_600_000;

interface Seen {
  readonly gaps: GapHistory;
  begunAt: number;
  /** When any of its threads last spoke. */
  activeAt: number;
  /** Start of the last main-thread request, and what its answer ended with; null before the first. */
  lastAt: number | null;
  stop: StopKind;
  /** Prompt of the request that answered the person last. */
  spokenTokens: number;
  promptTokens: number;
  hasEnded: boolean;
}

export interface Settled {
  readonly stop: StopKind;
  /** The whole prompt of the turn's last request. */
  readonly promptTokens: number;
}

export class Presence {
  readonly #person: GapHistory;
  readonly #gapsOf: (conversationId: string) => GapHistory;
  readonly #seen = new Map<string, Seen>();

  /**
   * @param person the person's gap history, which is added to
   * @param gapsOf what is known of a conversation's gaps when it speaks first, which is added to
   */
  constructor(
    person: GapHistory = new GapHistory(),
    gapsOf: (conversationId: string) => GapHistory = () => new GapHistory(),
  ) {
    this.#person = person;
    this.#gapsOf = gapsOf;
  }

  get person(): GapHistory {
    return this.#person;
  }

  /** A main-thread request went out. Returns the conversation's gaps until then. */
  started(conversationId: string, at: number): GapHistory {
    const seen = this.#of(conversationId, at);
    if (seen.lastAt !== null) {
      const gapMs = Math.max(0, at - seen.lastAt);
      // Counted as ended already: it was not.
      if (!seen.hasEnded) this.#person.returned(seen.stop, gapMs);
      seen.gaps.returned(seen.stop, gapMs);
    }
    seen.hasEnded = false;
    seen.lastAt = at;
    return seen.gaps;
  }

  /** Its answer is complete. */
  settled(conversationId: string, at: number, { stop, promptTokens }: Settled): void {
    const seen = this.#of(conversationId, at);
    // After a tool's result the same turn goes on; after anything else the person has spoken.
    if (seen.stop !== "tool_use") seen.spokenTokens = promptTokens;
    seen.promptTokens = promptTokens;
    seen.stop = stop;
  }

  /** A thread beside the main one spoke. */
  stirred(conversationId: string, at: number): void {
    this.#of(conversationId, at);
  }

  /** The person closed it. */
  closed(conversationId: string): void {
    const seen = this.#seen.get(conversationId);
    if (seen === undefined) return;
    this.#end(seen);
    this.#seen.delete(conversationId);
  }

  /** As if it had never been. */
  forget(conversationId: string): void {
    this.#seen.delete(conversationId);
  }

  /** What is known at `now` of this conversation and its person. */
  activityOf(conversationId: string, now: number): Activity {
    this.#expire(now);
    const seen = this.#seen.get(conversationId);
    const person = this.#person.summary();
    if (seen === undefined || seen.lastAt === null) return { person };
    const since = seen.lastAt;
    let othersActive = 0;
    let othersBegun = 0;
    for (const other of this.#seen.values()) {
      if (other === seen || other.activeAt <= since) continue;
      othersActive += 1;
      if (other.begunAt > since) othersBegun += 1;
    }
    return {
      person,
      conversation: seen.gaps.summary(),
      grownTokens: Math.max(0, seen.promptTokens - seen.spokenTokens),
      othersActive,
      othersBegun,
    };
  }

  /** Those that were idle for too long have ended, and those idle for a week are forgotten. */
  #expire(now: number): void {
    for (const [id, seen] of this.#seen) {
      const idleMs = now - seen.activeAt;
      // In order of activity: all that follow were active later.
      if (idleMs < ENDED_AFTER_MS) break;
      if (!seen.hasEnded) this.#end(seen);
      if (idleMs > FORGOTTEN_AFTER_MS) this.#seen.delete(id);
    }
  }

  #end(seen: Seen): void {
    if (seen.lastAt !== null && !seen.hasEnded) this.#person.ended(seen.stop);
    seen.hasEnded = true;
  }

  #of(conversationId: string, at: number): Seen {
    const known = this.#seen.get(conversationId);
    const seen = known ?? {
      gaps: this.#gapsOf(conversationId),
      begunAt: at,
      activeAt: at,
      lastAt: null,
      stop: "other",
      spokenTokens: 0,
      promptTokens: 0,
      hasEnded: false,
    };
    seen.activeAt = Math.max(seen.activeAt, at);
    // The one that was active last comes last.
    if (known !== undefined) this.#seen.delete(conversationId);
    this.#seen.set(conversationId, seen);
    return seen;
  }
}

const FORGOTTEN_AFTER_MS = 7 * 86_400_000;
