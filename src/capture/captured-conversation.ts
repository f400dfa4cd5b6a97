/** A conversation that passes by, as far as it is remembered: its threads, its turns, its last request. */
import type { Fetch, MessageUsage, RequestFacts, ThreadPrint, Ttl } from "../anthropic/index.ts";
import { ASSUMED_TTL_MS, elapsedMs, type Instant } from "../pure.ts";
import type { Call } from "./call.ts";
import type { HeldRequest } from "./held-request.ts";
import type { Role, Threads } from "./threads.ts";

/** A main-thread request that was answered: what a warm repeats. */
export interface LastRequest {
  /** Rises with every request that passes. */
  readonly order: number;
  readonly request: HeldRequest;
  /** Sends as the client sent the request: by the same way, through the same proxy. */
  readonly send: Fetch;
  readonly refresh?: Call["refresh"];
  readonly facts: RequestFacts;
  readonly print: ThreadPrint;
  readonly usage: MessageUsage | null;
  readonly stopReason: string | null;
  /** It stopped for a tool that asks the person something. */
  readonly asksPerson: boolean;
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
  /** Why what has been sent is not what the next request begins with, as a phrase; null once that has come. */
  invalidated: string | null;
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

/** How long the entries of a request live, in ms. */
export function ttlOf(facts: RequestFacts): number {
  return facts.ttlMs ?? ASSUMED_TTL_MS;
}

/** Forgets its bodies, because somebody may still hold the record: a response on its way, a warm. */
export function letGo(conversation: CapturedConversation): void {
  conversation.last = null;
  for (const turn of conversation.turns) turn.request = null;
}

/** Whether it has a main thread: a first request that failed, and is not under way any more, was nobody's. */
export function hasMain({ threads, turns }: CapturedConversation): boolean {
  return threads.answered || turns.size > 0;
}

/** The part that a request has in a conversation that it belongs to. */
export function roleIn(conversation: CapturedConversation, print: ThreadPrint, now: Instant): Role {
  const { threads, turns } = conversation;
  const open = [...turns].map((turn) => turn.print);
  return threads.roleOf(print, { open, lapsed: isLapsed(conversation, now) });
}

/** Whether nothing of its main thread can be in the cache any more, held or not. */
export function isLapsed({ threads, lastUsedAt, ttlMs }: CapturedConversation, now: Instant): boolean {
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
