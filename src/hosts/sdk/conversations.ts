/** The conversations of a program: which one a request belongs to, and the last request of each. */
import { randomUUID } from "node:crypto";
import {
  type CapturedRequest,
  continues,
  type Fetch,
  isMain,
  type MessageUsage,
  type RequestFacts,
  type Thread,
  type ThreadPrint,
  threadOf,
} from "../../anthropic/index.ts";
import { ASSUMED_TTL_MS } from "../../pure.ts";

/** A main-thread request whose response began: what a warm repeats. */
export interface LastRequest {
  readonly request: CapturedRequest;
  /** Sends as the program sent the request: by the same `fetch`, through the same proxy. */
  readonly send: Fetch;
  readonly facts: RequestFacts;
  /** Epoch ms at which it went out. */
  readonly startedAt: number;
  readonly usage: MessageUsage | null;
  readonly stopReason: string | null;
}

export interface SdkConversation {
  readonly id: string;
  /** Whether its program named it; otherwise it is known by its thread. */
  readonly named: boolean;
  /** The main thread, as of its last request whose response began. */
  thread: Thread;
  last: LastRequest | null;
  /** Epoch ms at which the prefix was last used, by a turn or a warm. */
  lastUsedAt: number;
  /** The newest request of the main thread that has not settled: only its end settles the turn. */
  current: symbol | null;
}

/** Which conversation a request belongs to, or that it is none of its main thread's. */
export type Place =
  | { readonly kind: "main"; readonly conversation: SdkConversation; readonly isNew: boolean }
  | { readonly kind: "side"; readonly conversation: SdkConversation };

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

  /** Finds the request's conversation, or begins one. */
  place(conversationId: string | null, print: ThreadPrint): Place {
    const known =
      conversationId === null ? this.#continuedBy(print) : this.#conversations.get(conversationId);
    if (known && !isMain(known.thread, print)) return { kind: "side", conversation: known };
    const conversation = known ?? begin(conversationId, print);
    // Used last, so it moves to the end.
    this.#conversations.delete(conversation.id);
    this.#conversations.set(conversation.id, conversation);
    return { kind: "main", conversation, isNew: known === undefined };
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
    return [...this.#conversations.values()].filter(({ current }) => current === null).slice(0, surplus);
  }

  /** Forgets bodies and credentials whose cache entries have lapsed: nothing may be sent with them any more. */
  dropLapsed(nowMs: number): void {
    for (const conversation of this.#conversations.values()) {
      if (conversation.current === null && lapsesAt(conversation) <= nowMs) conversation.last = null;
    }
  }

  /** Epoch ms at which the next held body lapses; infinite when none is held. */
  get nextLapseAt(): number {
    return Math.min(...[...this.#conversations.values()].map(lapsesAt));
  }

  /** The unnamed conversation that a request continues; the longest, where several could be meant. */
  #continuedBy(print: ThreadPrint): SdkConversation | undefined {
    let longest: SdkConversation | undefined;
    for (const conversation of this.#conversations.values()) {
      const { thread, named } = conversation;
      if (named || !continues(thread, print)) continue;
      if (thread.messages >= (longest?.thread.messages ?? 0)) longest = conversation;
    }
    return longest;
  }
}

function lapsesAt({ last, lastUsedAt }: SdkConversation): number {
  return last === null ? Number.POSITIVE_INFINITY : lastUsedAt + (last.facts.ttlMs ?? ASSUMED_TTL_MS);
}

function begin(conversationId: string | null, print: ThreadPrint): SdkConversation {
  return {
    id: conversationId ?? randomUUID(),
    named: conversationId !== null,
    thread: threadOf(print),
    last: null,
    lastUsedAt: 0,
    current: null,
  };
}
