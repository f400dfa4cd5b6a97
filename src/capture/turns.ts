/** What passes by, as turns of conversations: which requests belong to one, and what became of them. */
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
  type RateLimit,
  type ResponseFacts,
  readRequest,
  type StreamError,
  sharedMessages,
  type ThreadPrint,
  type TtlOptions,
} from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import { elapsedMs, type Instant } from "../pure.ts";
import {
  type CapturedConversation,
  type Conversations,
  capture,
  type LastRequest,
  noteOpening,
  type OpenTurn,
  type Place,
} from "./conversations.ts";
import { HeldRequest } from "./held-request.ts";
import type { Role } from "./threads.ts";
import type { Edit, Tiers } from "./tiers.ts";

/** A Messages request on its way. */
export interface Call {
  /** Reads the request; null when it cannot be told what was sent. Asked for once, some time after it left. */
  readonly read: () => CapturedRequest | null;
  /**
   * The conversation that the client named; null when it named none.
   *
   * @param userId `metadata.user_id`, where the body could be read and has one
   */
  readonly nameOf: (userId: string | null) => string | null;
  /** The client said that it is not the person's own thread: a sub-agent's. @default false */
  readonly aside?: boolean;
  readonly tag: string | null;
  /** Sends a warm the way that the request went. */
  readonly send: Fetch;
  readonly startedAt: Instant;
}

/** What a response told until its end, and whether it was an answer at all, not only an error in a stream. */
export interface Observed extends ResponseFacts {
  readonly started: boolean;
  readonly error?: StreamError | null;
}

/** How one call goes on. Everything is noted a moment later, when its client is not waiting. */
export interface OpenCall {
  /** The response began. */
  answered(limits: RateLimit | null): void;
  ended(observed: Observed): void;
  /**
   * @param failure what went wrong, as a phrase
   * @param waitMs how long the API wants to be left alone
   */
  failed(failure: string, waitMs?: number, limits?: RateLimit | null): void;
}

/** A call that waits for us to have read it. */
export interface LeavingCall {
  readonly call: OpenCall;
  /** What is to be sent; null: what came. */
  readonly body: Uint8Array | null;
  /** The API turned that away (400). True: send what came instead, which is what is followed then. */
  refused(): boolean;
}

export interface TurnWatcher extends TtlOptions {
  readonly now: () => Instant;
  readonly logger: Logger;
  readonly conversations: Conversations;
  /** Left out, requests are sent as they come. */
  readonly tiers?: Tiers;
  /** False: calls pass unwatched. */
  readonly watching: () => boolean;
  /** Why a request cannot be warmed, as a sentence; null when it can. */
  refusal(request: CapturedRequest, last: Omit<LastRequest, "request" | "notWarmable">): string | null;
  limits(realm: string, limits: RateLimit): void;
  /** A request of a named conversation was answered that cannot be read: what is kept warm is not its last. */
  unreadable(conversationId: string): void;
  /** Somebody else has re-read the conversation's prefix. */
  repeated(conversation: CapturedConversation, usage: MessageUsage, startedAt: Instant): void;
  started(conversation: CapturedConversation): void;
  /** A request was answered, as far as `observed` tells. Before it is settled, and before its turn is. */
  answered(conversation: CapturedConversation, answer: Answer): void;
  /** @param failure why the last request was not answered, as a phrase; null when it was */
  settled(conversation: CapturedConversation, failure: string | null): void;
}

/** An answered request. */
export interface Answer {
  readonly turn: OpenTurn;
  readonly observed: Observed;
  readonly role: Role;
  /** It does not go on from the main thread's last request. */
  readonly replaced: boolean;
}

export interface Turns {
  open(call: Call): OpenCall;
  /** The same before the request leaves: it is read at once, and may be sent otherwise than it came. */
  openLeaving(call: Call): LeavingCall;
  /** Reads at once what has been sent and not been read yet. */
  catchUp(): void;
  /** A request of the conversation is coming in. Returns what tells that it is there, or gone. */
  coming(conversationId: string): () => void;
  isComing(conversationId: string): boolean;
}

/** A request in its place. */
interface PlacedTurn extends Place {
  readonly kind: "turn";
  readonly turn: OpenTurn;
  readonly send: Fetch;
  readonly edit: Edit | null;
}

/** A probe that repeats a conversation's last request: another's warm. */
interface Repetition {
  readonly kind: "repetition";
  readonly conversation: CapturedConversation;
  readonly startedAt: Instant;
  readonly edit: Edit | null;
}

/** What became of a call once its body was read. */
type Followed = PlacedTurn | Repetition | { readonly kind: "unreadable"; readonly conversationId: string };

/**
 * How long a request is left to leave before its body is read, in ms, unless it is answered sooner: reading a
 * body of some megabytes takes milliseconds that would otherwise pass between its parts.
 */
const LEAVE_MS = 25;

export function createTurns(watcher: TurnWatcher): Turns {
  let lastOrder = 0;
  /** Calls not read yet, in the order in which they went out: each is placed after those before it. */
  const unplaced = new Map<number, () => void>();
  /** Requests that are coming in, by their conversation. */
  const arriving = new Map<string, number>();

  function placeUpTo(order: number): void {
    for (const [waiting, place] of unplaced) {
      if (waiting > order) return;
      unplaced.delete(waiting);
      harmless(watcher.logger, "place a turn", place);
    }
  }

  /**
   * Null: nothing that is to be followed.
   *
   * @param tiers left out once it has left
   */
  function place(call: Call, order: number, tiers?: Tiers): Followed | null {
    if (!watcher.watching()) return null;
    const captured = call.read();
    if (captured === null) return unreadable(call);
    const body = decodeBody(captured.body, headerValue(headerPairs(captured.headers), "content-encoding"));
    if (!body.ok) return unreadable(call);
    const reading = readRequest(body.bytes, watcher);
    if (!reading.ok) return unreadable(call);
    const { facts } = reading;
    const { startedAt, tag, aside = false, send } = call;
    const conversationId = call.nameOf(facts.userId);
    const print = printThread(body.bytes, realmOf(captured), lastPrinted(conversationId));
    if (print === null) return unreadable(call);
    const arrival = { conversationId, tag, aside, print, modelName: facts.model, now: startedAt };
    // What is compressed stays as it is.
    const leaving = body.bytes === captured.body ? { captured, reading, print, startedAt } : null;
    if (isProbe(facts)) {
      const conversation = watcher.conversations.repeatedBy(arrival);
      if (conversation === null) return null;
      const edit = (leaving && tiers?.editRepeated(conversation, leaving)) ?? null;
      return { kind: "repetition", conversation, startedAt, edit };
    }
    const found = watcher.conversations.place(arrival);
    if (found === null) return null;
    const { conversation, role } = found;
    const isMain = role === "main";
    const edit = (isMain && leaving && tiers?.edit(conversation, leaving)) || null;
    const sent = edit === null ? captured : { ...captured, body: edit.body };
    const request = isMain ? new HeldRequest(sent) : null;
    const turn: OpenTurn = { order, startedAt, print, facts: edit?.facts ?? facts, tag, request };
    if (isMain) begin(conversation, turn);
    return { kind: "turn", conversation, role, turn, send, edit };
  }

  /** The last request of a named conversation, as long as it is at hand: most of it comes again. */
  function lastPrinted(conversationId: string | null): Printed | undefined {
    const last = conversationId === null ? null : watcher.conversations.get(conversationId)?.last;
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
    // A named one may be taken up again by another run.
    conversation.tag = turn.tag;
    conversation.lastTurnAt = turn.startedAt.wallMs;
    if (!wasOpen) watcher.started(conversation);
  }

  function end({ conversation, role, turn, send, edit }: PlacedTurn, observed: Observed): void {
    const { started, usage, stopReason, opening, error } = observed;
    if (edit && !edit.withdrawn) turn.facts = watcher.tiers?.lived(edit, usage) ?? turn.facts;
    if (started) {
      const replaced = conversation.threads.isReplacedBy(turn.print);
      watcher.answered(conversation, { turn, observed, role, replaced });
    }
    if (role === "side") {
      if (started) conversation.threads.answeredAside(turn.print, stopReason);
      return;
    }
    const { request, facts, order, print, tag } = turn;
    // Null as well when the conversation was closed or let go of meanwhile.
    const captured = request?.unpacked;
    if (started && request && captured) {
      const last = { order, send, facts, tag, print, usage, stopReason };
      noteOpening(conversation, print, opening);
      capture(conversation, { ...last, request, notWarmable: watcher.refusal(captured, last) }, turn);
    }
    settle(
      conversation,
      turn,
      started ? null : error ? "the stream began with an error" : "it held no answer",
    );
  }

  function settle(conversation: CapturedConversation, turn: OpenTurn, failure: string | null): void {
    turn.request = null;
    const wasOpen = conversation.turns.delete(turn);
    // Closed or let go of meanwhile, or another request of it is still under way.
    if (!wasOpen || conversation.turns.size > 0 || !watcher.conversations.holds(conversation)) return;
    watcher.settled(conversation, failure);
  }

  function open(call: Call): OpenCall {
    return follow(call).call;
  }

  function openLeaving(call: Call): LeavingCall {
    const { call: opened, followed, readNow } = follow(call, watcher.tiers);
    readNow();
    const body = editOf(followed())?.body ?? null;
    return { call: opened, body, refused: () => withdraw(followed()) };
  }

  function withdraw(followed: Followed | null): boolean {
    const edit = editOf(followed);
    if (edit === null || !watcher.tiers?.withdraw(edit)) return false;
    if (followed?.kind === "turn" && edit.asCame !== null) {
      const { turn } = followed;
      turn.facts = edit.asCame.facts;
      if (turn.request !== null) turn.request = new HeldRequest(edit.asCame.captured);
    }
    return true;
  }

  function follow(call: Call, tiers?: Tiers) {
    const order = ++lastOrder;
    let followed: Followed | null = null;
    // Let go of once it is read: whoever holds on to the response must not hold on to the request.
    let unread: Call | null = call;
    unplaced.set(order, () => {
      followed = unread && place(unread, order, tiers);
      unread = null;
    });
    const leaving = setTimeout(() => placeUpTo(order), LEAVE_MS);
    leaving.unref?.();

    /** In the order of the calls. */
    function soon(act: (followed: Followed) => void): void {
      setImmediate(() => {
        clearTimeout(leaving);
        placeUpTo(order);
        if (followed !== null) harmless(watcher.logger, "follow a turn", () => followed && act(followed));
      });
    }

    const opened: OpenCall = {
      // Read now: nothing of it is on its way any more, and nothing may be warmed meanwhile.
      answered: (limits) =>
        soon((it) => {
          // What was taken, though nobody here could read it, is the last request from now on.
          if (it.kind === "unreadable") watcher.unreadable(it.conversationId);
          else if (it.edit !== null) watcher.tiers?.taken(it.edit);
          noteLimits(it, limits);
        }),
      ended: (observed) =>
        soon((it) => {
          if (it.kind === "turn") end(it, observed);
          if (it.kind === "repetition") repeated(it, observed);
          followed = null;
        }),
      // What was cached before is still what it was, and the client may be about to ask again.
      failed: (failure, waitMs = 0, limits = null) =>
        soon((it) => {
          noteLimits(it, limits);
          if (it.kind !== "unreadable") {
            it.conversation.waitUntil = later(it.conversation.waitUntil, watcher.now(), waitMs);
          }
          if (it.kind === "turn" && it.role === "main") settle(it.conversation, it.turn, failure);
          followed = null;
        }),
    };
    return { call: opened, followed: (): Followed | null => followed, readNow: () => placeUpTo(order) };
  }

  function noteLimits(it: Followed, limits: RateLimit | null): void {
    if (it.kind === "turn" && limits !== null) watcher.limits(it.turn.print.realm, limits);
  }

  /** Somebody else keeps it warm too: its entry lives on from then. */
  function repeated({ conversation, startedAt }: Repetition, { started, usage }: Observed): void {
    if (started && usage !== null) watcher.repeated(conversation, usage, startedAt);
  }

  return {
    open,
    openLeaving,
    catchUp: () => placeUpTo(lastOrder),
    coming(conversationId) {
      arriving.set(conversationId, (arriving.get(conversationId) ?? 0) + 1);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        const others = (arriving.get(conversationId) ?? 1) - 1;
        if (others > 0) arriving.set(conversationId, others);
        else arriving.delete(conversationId);
      };
    },
    isComing: (conversationId) => arriving.has(conversationId),
  };
}

function editOf(followed: Followed | null): Edit | null {
  return followed === null || followed.kind === "unreadable" ? null : followed.edit;
}

/** Whatever goes wrong with us, the client's request goes its way. */
export function harmless<T>(logger: Logger, doing: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    logger.error(`keepwarm: could not ${doing}; it goes on unwatched`, {
      error: error instanceof Error ? error.name : typeof error,
    });
    return undefined;
  }
}

/** `waitMs` from `now`, unless a longer wait is under way. */
function later(until: Instant | null, now: Instant, waitMs: number): Instant | null {
  if (waitMs <= (until === null ? 0 : -elapsedMs(until, now))) return until;
  return { wallMs: now.wallMs + waitMs, monotonicMs: now.monotonicMs + waitMs };
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
