/** The conversations that pass by: which one a request belongs to, and the last request of each. */
import { randomUUID } from "node:crypto";
import {
  continues,
  type Fetch,
  type MessageUsage,
  type RequestFacts,
  sharedMessages,
  type ThreadPrint,
  type Ttl,
} from "../anthropic/index.ts";
import { ASSUMED_TTL_MS, elapsedMs, type Instant, UNNAMED_PREFIX } from "../pure.ts";
import type { HeldRequest } from "./held-request.ts";
import { type Role, Threads } from "./threads.ts";

/** A main-thread request that was answered: what a warm repeats. */
export interface LastRequest {
  /** Rises with every request that passes. */
  readonly order: number;
  readonly request: HeldRequest;
  /** Sends as the client sent the request: by the same way, through the same proxy. */
  readonly send: Fetch;
  readonly facts: RequestFacts;
  readonly print: ThreadPrint;
  readonly usage: MessageUsage | null;
  readonly stopReason: string | null;
  /** What it came with. */
  readonly tag: string | null;
  /** Why it cannot be warmed, as a sentence; null when it can. */
  readonly notWarmable: string | null;
}

/** A request of the main thread that has not settled. */
export interface OpenTurn {
  readonly order: number;
  readonly startedAt: Instant;
  readonly print: ThreadPrint;
  /** Of what was sent, as is the request. */
  facts: RequestFacts;
  readonly tag: string | null;
  /** Let go of when its entry has lapsed, though its response is not over. */
  request: HeldRequest | null;
}

export interface CapturedConversation {
  readonly id: string;
  /** Whether its client named it; otherwise it is known by its threads. */
  readonly named: boolean;
  /**
   * What its person's last request came with: the run of a command, say. Nameless conversations of different tags
   * have nothing in common.
   */
  tag: string | null;
  threads: Threads;
  /** How the answers to its first message began, as prints, the last one first. */
  openings: readonly string[];
  modelName: string;
  last: LastRequest | null;
  /** When the prefix was last used, by a turn or a warm. */
  lastUsedAt: Instant;
  /** How long its entries live from then, in ms. */
  ttlMs: number;
  /** The lifetime that keepwarm asks for in its requests; null: they are sent as they come. */
  tier: Ttl | null;
  /** Epoch ms at which its last request went out. */
  lastTurnAt: number;
  readonly turns: Set<OpenTurn>;
  /** Its last real request was turned away until then, and so are its warms. */
  waitUntil: Instant | null;
  /** A warm is on its way with the last request. */
  warming: boolean;
}

/** A request to be placed. */
export interface Arrival {
  /** The id that its client gave; null when it gave none. */
  readonly conversationId: string | null;
  readonly tag: string | null;
  /** Its client said that it is not the person's own thread. */
  readonly aside: boolean;
  readonly print: ThreadPrint;
  readonly modelName: string;
  readonly now: Instant;
}

export interface Place {
  readonly conversation: CapturedConversation;
  readonly role: Role;
}

/** A response that nobody has read to its end by then is not being read, in ms. */
const LONGEST_TURN_MS = 3_600_000;

export interface ConversationsOptions {
  /** How many are kept; beyond it the one used longest ago is forgotten. */
  readonly limit: number;
  /**
   * Whether a thread without a name that begins while another is busy is taken for that one's own (a title, a
   * sub-agent) until its person goes on in it. Several agents share a gateway; a program knows its own.
   */
  readonly sideThreadsBegin: boolean;
}

export class Conversations {
  /** In the order of their last use, the oldest first. */
  readonly #conversations = new Map<string, CapturedConversation>();
  readonly #options: ConversationsOptions;

  constructor(options: ConversationsOptions) {
    this.#options = options;
  }

  get(id: string): CapturedConversation | undefined {
    return this.#conversations.get(id);
  }

  holds(conversation: CapturedConversation): boolean {
    return this.#conversations.get(conversation.id) === conversation;
  }

  /** The one used longest ago first. */
  all(): CapturedConversation[] {
    return [...this.#conversations.values()];
  }

  /**
   * The conversation that a request belongs to, begun if there is none, and the part it has there. Null for a
   * side thread whose conversation is not known.
   */
  place(arrival: Arrival): Place | null {
    const { conversationId, print, now } = arrival;
    const known = conversationId === null ? this.#meantBy(arrival) : this.#conversations.get(conversationId);
    if (arrival.aside) return known ? { conversation: known, role: "side" } : null;
    if (known && !hasMain(known)) {
      known.threads = new Threads(print);
      return { conversation: this.#used(known), role: "main" };
    }
    if (known) {
      // Its person goes on in a side thread: without a name it is a conversation of its own.
      if (!known.named && known.threads.isSpokenIn(print)) return this.#begin(arrival);
      return { conversation: this.#used(known), role: roleIn(known, print, now) };
    }
    const busy = this.#busyBeside(arrival);
    return busy ? { conversation: this.#used(busy), role: "side" } : this.#begin(arrival);
  }

  #begin({ conversationId, tag, print, modelName, now }: Arrival): Place {
    const conversation: CapturedConversation = {
      id: conversationId ?? `${UNNAMED_PREFIX}${randomUUID()}`,
      named: conversationId !== null,
      tag,
      threads: new Threads(print),
      openings: [],
      modelName,
      last: null,
      lastUsedAt: now,
      ttlMs: ASSUMED_TTL_MS,
      tier: null,
      lastTurnAt: now.wallMs,
      turns: new Set(),
      waitUntil: null,
      warming: false,
    };
    return { conversation: this.#used(conversation), role: "main" };
  }

  /** Used last, so it moves to the end. */
  #used(conversation: CapturedConversation): CapturedConversation {
    this.#conversations.delete(conversation.id);
    this.#conversations.set(conversation.id, conversation);
    return conversation;
  }

  /** The conversation whose last request this one repeats, but for what it asks to be answered with. */
  repeatedBy(arrival: Arrival): CapturedConversation | null {
    const { conversationId, print } = arrival;
    const known = conversationId === null ? this.#meantBy(arrival) : this.#conversations.get(conversationId);
    const isLast = known?.last && known.threads.main.chain.length === print.chain.length;
    return isLast && continues(known.threads.main, print) && known.threads.main.realm === print.realm
      ? known
      : null;
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
  overLimit(): CapturedConversation[] {
    const surplus = this.#conversations.size - this.#options.limit;
    if (surplus <= 0) return [];
    return this.all()
      .filter(({ turns }) => turns.size === 0)
      .slice(0, surplus);
  }

  /**
   * Forgets bodies and credentials whose cache entries have lapsed, because nothing may be sent with them any
   * more. Returns the conversations whose last turn is over because nobody reads its response.
   */
  sweep(now: Instant): CapturedConversation[] {
    return this.all().filter((conversation) => {
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
  #meantBy(arrival: Arrival): CapturedConversation | undefined {
    const { print } = arrival;
    let closest: CapturedConversation | undefined;
    let most = 1;
    for (const conversation of this.#conversations.values()) {
      if (!isBeside(conversation, arrival)) continue;
      const shared = Math.max(conversation.threads.continuedBy(print), takesUp(conversation, print));
      if (shared >= most && !isAnother(conversation, print)) {
        closest = conversation;
        most = shared;
      }
    }
    return closest;
  }

  /** The conversation used last that is at work while a thread without a name begins. */
  #busyBeside(arrival: Arrival): CapturedConversation | undefined {
    if (arrival.conversationId !== null || !this.#options.sideThreadsBegin) return undefined;
    return this.all().findLast(
      (conversation) =>
        isBeside(conversation, arrival) &&
        (conversation.turns.size > 0 ||
          (conversation.threads.awaitsTool && !isLapsed(conversation, arrival.now))),
    );
  }
}

export function isUnnamed(conversationId: string): boolean {
  return conversationId.startsWith(UNNAMED_PREFIX);
}

/** Ms for which the conversation's last request may still be sent; infinite without one. */
export function lifeLeftMs({ last, lastUsedAt, ttlMs }: CapturedConversation, now: Instant): number {
  return last === null ? Number.POSITIVE_INFINITY : ttlMs - elapsedMs(lastUsedAt, now);
}

/** Makes an answered request the main thread's last one. */
export function capture(
  conversation: CapturedConversation,
  last: LastRequest,
  { startedAt }: OpenTurn,
): void {
  // One that went out later was answered before: this one is not the last.
  if (conversation.last !== null && conversation.last.order > last.order) return;
  conversation.threads.answeredMain(last.print, last.stopReason);
  conversation.modelName = last.facts.model;
  conversation.last = last;
  conversation.lastUsedAt = startedAt;
  conversation.ttlMs = ttlOf(last.facts);
}

function ttlOf(facts: RequestFacts): number {
  return facts.ttlMs ?? ASSUMED_TTL_MS;
}

/** Somebody may still hold the record: a response on its way, a warm. */
function letGo(conversation: CapturedConversation): void {
  conversation.last = null;
  for (const turn of conversation.turns) turn.request = null;
}

/** A first request that failed, and is not under way any more, was nobody's main thread. */
function hasMain({ threads, turns }: CapturedConversation): boolean {
  return threads.answered || turns.size > 0;
}

function roleIn(conversation: CapturedConversation, print: ThreadPrint, now: Instant): Role {
  const { threads, turns } = conversation;
  const open = [...turns].map((turn) => turn.print);
  return threads.roleOf(print, { open, lapsed: isLapsed(conversation, now) });
}

/** Whether nothing of its main thread can be in the cache any more, held or not. */
function isLapsed({ threads, lastUsedAt, ttlMs }: CapturedConversation, now: Instant): boolean {
  return threads.answered && elapsedMs(lastUsedAt, now) >= ttlMs;
}

/**
 * Whether a request of the main thread, already placed, finds nothing of its conversation in the cache that it
 * could read to its end: the first one, one after a lapse, one that goes on from nothing that was there.
 */
export function isWrittenAnew(
  conversation: CapturedConversation,
  { print, startedAt }: Pick<OpenTurn, "print" | "startedAt">,
): boolean {
  const { threads, turns } = conversation;
  if (turns.size === 0 && (!threads.answered || isLapsed(conversation, startedAt))) return true;
  return threads.answered && threads.isReplacedBy(print) && threads.continuedBy(print) === 0;
}

/** First answers that are remembered: it may be asked again. */
const MOST_OPENINGS = 4;

/** Notes how the answer to a conversation's first message began: in this request, or else in its response. */
export function noteOpening(
  conversation: CapturedConversation,
  print: ThreadPrint,
  opening: string | null,
): void {
  // The one that it went on from is the one that stands.
  if (print.opening !== null) conversation.openings = [print.opening];
  else if (opening !== null) {
    const others = conversation.openings.filter((other) => other !== opening);
    conversation.openings = [opening, ...others].slice(0, MOST_OPENINGS);
  }
}

/**
 * Messages that a request has in common with an unnamed conversation whose last exchange it asks again, or whose
 * history its client has rewritten: it still has the first message, and the answer that was given here.
 */
function takesUp({ threads, openings }: CapturedConversation, print: ThreadPrint): number {
  const shared = sharedMessages(threads.main, print);
  const isRewritten = shared >= 1 && print.opening !== null && openings.includes(print.opening);
  return isRewritten || (shared >= 2 && shared >= threads.main.chain.length - 2) ? shared : 0;
}

/**
 * Whether a request that goes on from a first message is another conversation's, which began with the same one:
 * the answer in it is none that was given here.
 */
function isAnother({ threads, openings }: CapturedConversation, print: ThreadPrint): boolean {
  if (threads.main.chain.length > 1 || openings.length === 0 || print.opening === null) return false;
  return !openings.includes(print.opening);
}

/** Whether an unnamed conversation has the same client as a request without a name, as far as can be told. */
function isBeside({ named, threads, tag }: CapturedConversation, arrival: Arrival): boolean {
  return !named && tag === arrival.tag && threads.main.realm === arrival.print.realm;
}
