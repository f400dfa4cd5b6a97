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
import { ASSUMED_TTL_MS, elapsedMs, type Instant } from "../../pure.ts";

/** A main-thread request that was answered: what a warm repeats. */
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
  readonly order: number;
  readonly startedAt: Instant;
  readonly print: ThreadPrint;
  readonly facts: RequestFacts;
  /** Let go of when its entry has lapsed, though its response is not over. */
  request: CapturedRequest | null;
}

export interface SdkConversation {
  readonly id: string;
  /** Whether its program named it; otherwise it is known by its thread. */
  readonly named: boolean;
  /** The main thread, as of its last request; until one was `answered`, as of the one that began it. */
  thread: ThreadPrint;
  answered: boolean;
  /** The main thread before another, on another base, took its place: it may come back. */
  displaced: ThreadPrint | null;
  last: LastRequest | null;
  /** When the prefix was last used, by a turn or a warm. */
  lastUsedAt: Instant;
  readonly turns: Set<OpenTurn>;
  /** Its last real request was turned away until then, and so are its warms. */
  waitUntil: Instant | null;
  /** A warm is on its way with the last request. */
  warming: boolean;
}

/** A response that nobody has read to its end by then is not being read, in ms. */
const LONGEST_TURN_MS = 3_600_000;

/** How the ids of unnamed conversations begin. */
const UNNAMED = "keepwarm-thread-";

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
  place(conversationId: string | null, print: ThreadPrint, now: Instant): SdkConversation | null {
    const known = conversationId === null ? this.#meantBy(print) : this.#conversations.get(conversationId);
    if (known && hasMain(known) && !isMain(known.thread, print) && !returnsTo(known, print)) return null;
    const conversation = known ?? begin(conversationId, print, now);
    // Used last, so it moves to the end.
    this.#conversations.delete(conversation.id);
    this.#conversations.set(conversation.id, conversation);
    return conversation;
  }

  forget(id: string): void {
    const conversation = this.#conversations.get(id);
    if (conversation) letGo(conversation);
    this.#conversations.delete(id);
  }

  clear(): void {
    for (const conversation of this.#conversations.values()) letGo(conversation);
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
  sweep(now: Instant): SdkConversation[] {
    return [...this.#conversations.values()].filter((conversation) => {
      const { turns, warming } = conversation;
      // A warm in the air may come back with a longer life.
      if (!warming && lifeLeftMs(conversation, now) <= 0) conversation.last = null;
      const wasOpen = turns.size > 0;
      for (const turn of turns) {
        const ageMs = elapsedMs(turn.startedAt, now);
        if (ageMs >= ttlOf(turn.facts)) turn.request = null;
        if (ageMs >= LONGEST_TURN_MS) turns.delete(turn);
      }
      return wasOpen && turns.size === 0;
    });
  }

  /** Ms until there is something to sweep; infinite when nothing is held. */
  nextSweepMs(now: Instant): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const conversation of this.#conversations.values()) {
      nextMs = Math.min(nextMs, lifeLeftMs(conversation, now));
      for (const { startedAt, request, facts } of conversation.turns) {
        const lifeMs = request === null ? LONGEST_TURN_MS : Math.min(ttlOf(facts), LONGEST_TURN_MS);
        nextMs = Math.min(nextMs, lifeMs - elapsedMs(startedAt, now));
      }
    }
    return nextMs;
  }

  /**
   * The unnamed conversation that a request continues, or whose last exchange it asks again: an edit, a
   * regenerated answer, another model. What has less in common may be another conversation that began alike,
   * and what is sent with another key or elsewhere is another's.
   */
  #meantBy(print: ThreadPrint): SdkConversation | undefined {
    let closest: SdkConversation | undefined;
    let most = 0;
    for (const conversation of this.#conversations.values()) {
      const { thread, named } = conversation;
      if (named || thread.realm !== print.realm) continue;
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

export function isUnnamed(conversationId: string): boolean {
  return conversationId.startsWith(UNNAMED);
}

/** Ms for which the conversation's last request may still be sent; infinite without one. */
export function lifeLeftMs({ last, lastUsedAt }: SdkConversation, now: Instant): number {
  return last === null ? Number.POSITIVE_INFINITY : ttlOf(last.facts) - elapsedMs(lastUsedAt, now);
}

/** Makes an answered request the main thread's last one. */
export function capture(
  conversation: SdkConversation,
  last: LastRequest,
  { print, startedAt }: OpenTurn,
): void {
  // One that went out later was answered before: this one is not the last.
  if (conversation.last !== null && conversation.last.order > last.order) return;
  if (conversation.answered && conversation.thread.base !== print.base) {
    conversation.displaced = conversation.thread;
  }
  conversation.answered = true;
  conversation.thread = print;
  conversation.last = last;
  conversation.lastUsedAt = startedAt;
}

function ttlOf(facts: RequestFacts): number {
  return facts.ttlMs ?? ASSUMED_TTL_MS;
}

/** Somebody may still hold the record: a response on its way, a warm. */
function letGo(conversation: SdkConversation): void {
  conversation.last = null;
  for (const turn of conversation.turns) turn.request = null;
}

/** A first request that failed, and is not under way any more, was nobody's main thread. */
function hasMain({ answered, turns }: SdkConversation): boolean {
  return answered || turns.size > 0;
}

function returnsTo({ displaced }: SdkConversation, print: ThreadPrint): boolean {
  return displaced !== null && continues(displaced, print);
}

function begin(conversationId: string | null, print: ThreadPrint, now: Instant): SdkConversation {
  return {
    id: conversationId ?? `${UNNAMED}${randomUUID()}`,
    named: conversationId !== null,
    thread: print,
    answered: false,
    displaced: null,
    last: null,
    lastUsedAt: now,
    turns: new Set(),
    waitUntil: null,
    warming: false,
  };
}
