/** The conversations of a program: which one a request belongs to, and the last request of each. */
import { randomUUID } from "node:crypto";
import {
  type CapturedRequest,
  continues,
  type Fetch,
  isMain,
  type MessageUsage,
  type RequestFacts,
  sharedMessages,
  type ThreadPrint,
} from "../../anthropic/index.ts";
import { ASSUMED_TTL_MS } from "../../pure.ts";

/** A main-thread request whose response began: what a warm repeats. */
export interface LastRequest {
  /** Rises with every request of the program. */
  readonly order: number;
  readonly request: CapturedRequest;
  /** Sends as the program sent the request: by the same `fetch`, through the same proxy. */
  readonly send: Fetch;
  readonly facts: RequestFacts;
  readonly usage: MessageUsage | null;
  readonly stopReason: string | null;
}

/** A request of the main thread that has not settled. */
export interface OpenTurn {
  /** Epoch ms. */
  readonly startedAt: number;
  readonly print: ThreadPrint;
}

export interface SdkConversation {
  readonly id: string;
  /** Whether its program named it; otherwise it is known by its thread. */
  readonly named: boolean;
  /** The main thread, as of its last request whose response began. */
  thread: ThreadPrint;
  /** The main thread before another, on another base, took its place: it may come back. */
  displaced: ThreadPrint | null;
  last: LastRequest | null;
  /** Epoch ms at which the prefix was last used, by a turn or a warm. */
  lastUsedAt: number;
  readonly turns: Set<OpenTurn>;
  /** A warm is on its way with the last request. */
  warming: boolean;
}

/** A response that nobody has read to its end by then is not being read, in ms. */
const LONGEST_TURN_MS = 3_600_000;

export class Conversations {
  /** In the order of their last use, the oldest first. */
  readonly #conversations = new Map<string, SdkConversation>();
  readonly #limit: number;

  /** @param limit how many are kept; beyond it the one used longest ago is forgotten */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(id: string): SdkConversation | undefined {
    return this.#conversations.get(id);
  }

  holds(conversation: SdkConversation): boolean {
    return this.#conversations.get(conversation.id) === conversation;
  }

  /** The conversation whose main thread a request belongs to, begun if there is none; null for a side thread's. */
  place(conversationId: string | null, print: ThreadPrint): SdkConversation | null {
    const known = conversationId === null ? this.#meantBy(print) : this.#conversations.get(conversationId);
    if (known && !isMain(known.thread, print) && !returnsTo(known, print)) return null;
    const conversation = known ?? begin(conversationId, print);
    // Used last, so it moves to the end.
    this.#conversations.delete(conversation.id);
    this.#conversations.set(conversation.id, conversation);
    return conversation;
  }

  forget(id: string): void {
    this.#conversations.delete(id);
  }

  clear(): void {
    this.#conversations.clear();
  }

  /** Conversations over the limit, used longest ago; those with a turn under way are left alone. */
  overLimit(): SdkConversation[] {
    const surplus = this.#conversations.size - this.#limit;
    if (surplus <= 0) return [];
    return [...this.#conversations.values()].filter(({ turns }) => turns.size === 0).slice(0, surplus);
  }

  /**
   * Forgets bodies and credentials whose cache entries have lapsed, because nothing may be sent with them any
   * more. Returns the conversations whose last turn is over because nobody reads its response.
   */
  sweep(nowMs: number): SdkConversation[] {
    return [...this.#conversations.values()].filter((conversation) => {
      const { turns, warming } = conversation;
      // A warm in the air may come back with a longer life.
      if (!warming && lapsesAt(conversation) <= nowMs) conversation.last = null;
      const wasOpen = turns.size > 0;
      for (const turn of turns) if (turn.startedAt + LONGEST_TURN_MS <= nowMs) turns.delete(turn);
      return wasOpen && turns.size === 0;
    });
  }

  /** Epoch ms at which there is something to sweep; infinite when nothing is held. */
  get nextSweepAt(): number {
    return Math.min(
      ...[...this.#conversations.values()].flatMap((conversation) => [
        lapsesAt(conversation),
        ...[...conversation.turns].map(({ startedAt }) => startedAt + LONGEST_TURN_MS),
      ]),
    );
  }

  /**
   * The unnamed conversation that a request continues, or whose last exchange it asks again: an edit, a
   * regenerated answer, another model. What has less in common may be another conversation that began alike.
   */
  #meantBy(print: ThreadPrint): SdkConversation | undefined {
    let closest: SdkConversation | undefined;
    let most = 0;
    for (const conversation of this.#conversations.values()) {
      const { thread, named } = conversation;
      if (named) continue;
      const shared = sharedMessages(thread, print);
      const asksAgain = shared >= 2 && shared >= thread.chain.length - 2;
      if ((asksAgain || continues(thread, print)) && shared >= most) {
        closest = conversation;
        most = shared;
      }
    }
    return closest;
  }
}

/** Epoch ms at which nothing may be sent with the conversation's last request any more. */
export function lapsesAt({ last, lastUsedAt }: SdkConversation): number {
  return last === null ? Number.POSITIVE_INFINITY : lastUsedAt + (last.facts.ttlMs ?? ASSUMED_TTL_MS);
}

/** Makes a request whose response has begun the main thread's last one. */
export function capture(
  conversation: SdkConversation,
  last: LastRequest,
  { print, startedAt }: OpenTurn,
): void {
  // A request that went out later has begun before: this one is not the last.
  if (conversation.last !== null && conversation.last.order > last.order) return;
  if (conversation.thread.base !== print.base) conversation.displaced = conversation.thread;
  conversation.thread = print;
  conversation.last = last;
  conversation.lastUsedAt = startedAt;
}

function returnsTo({ displaced }: SdkConversation, print: ThreadPrint): boolean {
  return displaced !== null && continues(displaced, print);
}

function begin(conversationId: string | null, print: ThreadPrint): SdkConversation {
  return {
    id: conversationId ?? randomUUID(),
    named: conversationId !== null,
    thread: print,
    displaced: null,
    last: null,
    lastUsedAt: 0,
    turns: new Set(),
    warming: false,
  };
}
