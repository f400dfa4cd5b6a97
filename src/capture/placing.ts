/** Reads a request that passes by, and finds its place: which conversation it belongs to, and as what. */
import {
  type CapturedRequest,
  decodeBody,
  type Fetch,
  headerPairs,
  headerValue,
  isProbe,
  type MessageUsage,
  type Printed,
  printThread,
  type RequestFacts,
  readRequest,
  sharedMessages,
  type ThreadPrint,
  type TtlOptions,
} from "../anthropic/index.ts";
import type { Instant } from "../pure.ts";
import type { Call } from "./call.ts";
import type { CapturedConversation, OpenTurn } from "./captured-conversation.ts";
import type { Conversations, Place } from "./conversations.ts";
import { HeldRequest } from "./held-request.ts";
import type { Edit, Tiers } from "./tiers.ts";

/** A request that has passed, for whoever looks at more than turns. */
export interface Noticed {
  readonly conversationId: string;
  readonly role: Place["role"];
  /** As it came, decoded. Not to be held on to. */
  readonly body: Uint8Array;
  readonly headers: CapturedRequest["headers"];
  readonly print: ThreadPrint;
  readonly facts: RequestFacts;
  readonly startedAt: Instant;
}

/** Told of each request; what it returns is told how the request was answered. */
export type Notice = (request: Noticed) => ((usage: MessageUsage) => void) | null;

/** A request in its place. */
export interface PlacedTurn extends Place {
  readonly kind: "turn";
  readonly turn: OpenTurn;
  readonly send: Fetch;
  readonly refresh?: Call["refresh"];
  readonly notWarmable?: Call["notWarmable"];
  readonly noticed: ReturnType<Notice>;
  readonly edit: Edit | null;
}

/** A probe that repeats a conversation's last request: another's warm. */
export interface Repetition {
  readonly kind: "repetition";
  readonly conversation: CapturedConversation;
  readonly startedAt: Instant;
  readonly edit: Edit | null;
}

/** What became of a call once its body was read. */
export type Followed =
  | PlacedTurn
  | Repetition
  | { readonly kind: "unreadable"; readonly conversationId: string };

/** What placing needs of whoever watches the turns. */
export interface PlacingContext extends TtlOptions {
  readonly conversations: Conversations;
  /** False: calls pass unwatched. */
  readonly watching: () => boolean;
  started(conversation: CapturedConversation): void;
  readonly notice?: Notice | undefined;
}

/**
 * Null: nothing that is to be followed.
 *
 * @param order rises with every request that passes
 * @param tiers left out once it has left
 */
export type Placing = (call: Call, order: number, tiers?: Tiers) => Followed | null;

export function createPlacing({
  conversations,
  watching,
  started,
  notice,
  ...ttls
}: PlacingContext): Placing {
  function place(call: Call, order: number, tiers?: Tiers): Followed | null {
    if (!watching()) return null;
    const captured = call.read();
    if (captured === null) return unreadable(call);
    const body = decodeBody(captured.body, headerValue(headerPairs(captured.headers), "content-encoding"));
    if (!body.ok) return unreadable(call);
    const reading = readRequest(body.bytes, ttls);
    if (!reading.ok) return unreadable(call);
    const { facts } = reading;
    const { startedAt, tag, aside = false, send, refresh, notWarmable } = call;
    const conversationId = call.nameOf(facts.userId);
    const print = printThread(body.bytes, realmOf(captured), lastPrinted(conversationId));
    if (print === null) return unreadable(call);
    const arrival = { conversationId, tag, aside, print, modelName: facts.model, now: startedAt };
    // What is compressed stays as it is.
    const leaving = body.bytes === captured.body ? { captured, reading, print, startedAt } : null;
    if (isProbe(facts)) {
      const conversation = conversations.repeatedBy(arrival);
      if (conversation === null) return null;
      const edit = (leaving && tiers?.editRepeated(conversation, leaving)) ?? null;
      return { kind: "repetition", conversation, startedAt, edit };
    }
    const found = conversations.place(arrival);
    if (found === null) return null;
    const { conversation, role } = found;
    const isMain = role === "main";
    const edit = (isMain && leaving && tiers?.edit(conversation, leaving)) || null;
    const sent = edit === null ? captured : { ...captured, body: edit.body };
    const request = isMain ? new HeldRequest(sent) : null;
    const turn: OpenTurn = { order, startedAt, print, facts: edit?.facts ?? facts, tag, request };
    if (isMain) begin(conversation, turn);
    const { headers } = captured;
    const told = {
      conversationId: conversation.id,
      role,
      body: body.bytes,
      headers,
      print,
      facts,
      startedAt,
    };
    const noticed = notice?.(told) ?? null;
    return { kind: "turn", conversation, role, turn, send, refresh, notWarmable, noticed, edit };
  }

  /** The last request of a named conversation, as long as it is at hand: most of it comes again. */
  function lastPrinted(conversationId: string | null): Printed | undefined {
    const last = conversationId === null ? null : conversations.get(conversationId)?.last;
    const captured = last?.request.unpacked;
    return last && captured ? { body: captured.body, print: last.print } : undefined;
  }

  function unreadable({ nameOf, aside = false }: Call): Followed | null {
    const conversationId = aside ? null : nameOf(null);
    return conversationId === null ? null : { kind: "unreadable", conversationId };
  }

  function begin(conversation: CapturedConversation, turn: OpenTurn): void {
    const { turns } = conversation;
    const wasOpen = turns.size > 0;
    for (const other of turns) if (goesOnFrom(other.print, turn.print)) turns.delete(other);
    turns.add(turn);
    conversation.invalidated = null;
    // A named one may be taken up again by another run.
    conversation.tag = turn.tag;
    conversation.lastTurnAt = turn.startedAt.wallMs;
    if (!wasOpen) started(conversation);
  }

  return place;
}

export function editOf(followed: Followed | null): Edit | null {
  return followed === null || followed.kind === "unreadable" ? null : followed.edit;
}

/** Whether a request goes on from another's answer, which shows that the other is over, read or not. */
function goesOnFrom(earlier: ThreadPrint, later: ThreadPrint): boolean {
  const { length } = earlier.chain;
  return later.chain.length > length && sharedMessages(earlier, later) === length;
}

/** What two requests must have in common to be one conversation's: where they go, and whose they are. */
function realmOf({ url, headers }: CapturedRequest): string {
  const pairs = headerPairs(headers);
  const credential = ["authorization", "x-api-key"].map((name) => headerValue(pairs, name) ?? "");
  return JSON.stringify([url, ...credential]);
}
