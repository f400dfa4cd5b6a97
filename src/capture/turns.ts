/** What passes by, as turns of conversations: which requests belong to one, and what became of them. */
import type { CapturedRequest, MessageUsage, RateLimit } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import { asksPerson, elapsedMs, type Instant } from "../pure.ts";
import type { Call, LeavingCall, Observed, OpenCall } from "./call.ts";
import {
  type CapturedConversation,
  capture,
  type LastRequest,
  type OpenTurn,
} from "./captured-conversation.ts";
import { HeldRequest } from "./held-request.ts";
import {
  createPlacing,
  editOf,
  type Followed,
  type PlacedTurn,
  type PlacingContext,
  type Repetition,
} from "./placing.ts";
import type { Role } from "./threads.ts";
import type { Tiers } from "./tiers.ts";
import { noteOpening } from "./unnamed.ts";

export interface TurnWatcher extends PlacingContext {
  readonly now: () => Instant;
  readonly logger: Logger;
  /** Left out, requests are sent as they come. */
  readonly tiers?: Tiers;
  /** Why a request cannot be warmed, as a sentence; null when it can. */
  refusal(request: CapturedRequest, last: Omit<LastRequest, "request" | "notWarmable">): string | null;
  limits(realm: string, limits: RateLimit): void;
  /** A request of a named conversation was answered that cannot be read: what is kept warm is not its last. */
  unreadable(conversationId: string): void;
  /** Somebody else has re-read the conversation's prefix. */
  repeated(conversation: CapturedConversation, usage: MessageUsage, startedAt: Instant): void;
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

/**
 * How long a request is left to leave before its body is read, in ms, unless it is answered sooner: reading a
 * body of some megabytes takes milliseconds that would otherwise pass between its parts.
 */
const LEAVE_MS = 25;

export function createTurns(watcher: TurnWatcher): Turns {
  const place = createPlacing(watcher);
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

  function end(
    { conversation, role, turn, send, refresh, edit, ...placed }: PlacedTurn,
    observed: Observed,
  ): void {
    const { started, usage, stopReason, toolNames, opening, error } = observed;
    if (edit && !edit.withdrawn) turn.facts = watcher.tiers?.lived(edit, usage) ?? turn.facts;
    if (started) {
      if (usage !== null) placed.noticed?.(usage);
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
      const last = {
        order,
        send,
        refresh,
        facts,
        tag,
        print,
        usage,
        stopReason,
        asksPerson: asksPerson(toolNames),
      };
      noteOpening(conversation, print, opening);
      const notWarmable = placed.notWarmable ?? watcher.refusal(captured, last);
      capture(conversation, { ...last, request, notWarmable }, turn);
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
