/** What a turn that has settled leaves behind: a context, a prefix, and a fresh start. */
import type { RememberedTurn, TurnContext } from "../host.ts";
import { type Instant, instantAt, lifeLeftMs } from "../pure.ts";
import { type Conversation, cachedNothing } from "./conversation.ts";

export function takeTurn(conversation: Conversation, turn: TurnContext, settledAt: Instant): void {
  if (turn.leftNothing === true) {
    takeNothing(conversation, turn, settledAt);
    return;
  }
  const { requestStartedAt, ttlMs, notWarmable } = turn;
  const startKnown = requestStartedAt !== undefined && Number.isFinite(requestStartedAt);
  const lastUsedAt = startKnown ? startOf(requestStartedAt, conversation, settledAt) : settledAt;
  Object.assign(conversation, {
    active: false,
    context: { ...turn },
    failures: 0,
    trouble: null,
    shortfall: null,
    halt: notWarmable === undefined ? null : { phase: "stopped", why: notWarmable },
    idleSinceMs: settledAt.wallMs,
    plan: null,
    span: {
      turnStartedAt: lastUsedAt,
      settledAt,
      warms: 0,
      spentUsd: 0,
    },
    prefix: cachedNothing(turn)
      ? null
      : {
          lastUsedAt,
          startKnown,
          ttlMs: ttlMs !== undefined && Number.isFinite(ttlMs) && ttlMs > 0 ? ttlMs : null,
        },
  } satisfies Partial<Conversation>);
}

/** It is over, and that is all: what was cached before lives as long as it did, and no longer. */
function takeNothing(conversation: Conversation, { notWarmable }: TurnContext, settledAt: Instant): void {
  const { prefix } = conversation;
  const hasLapsed = prefix !== null && lifeLeftMs(prefix, settledAt) <= 0;
  Object.assign(conversation, {
    active: false,
    failures: 0,
    trouble: null,
    shortfall: null,
    halt: notWarmable === undefined ? null : { phase: hasLapsed ? "lapsed" : "stopped", why: notWarmable },
    plan: null,
  } satisfies Partial<Conversation>);
}

/** A start that lies ahead means that the wall clock was set back since: then the whole turn's time counts. */
function startOf(
  requestStartedAt: number,
  { turnStartedMonotonicMs }: Conversation,
  settledAt: Instant,
): Instant {
  if (requestStartedAt <= settledAt.wallMs || turnStartedMonotonicMs === null) {
    return instantAt(requestStartedAt, settledAt);
  }
  const turnMs = Math.max(0, settledAt.monotonicMs - turnStartedMonotonicMs);
  return instantAt(settledAt.wallMs - turnMs, settledAt);
}

/** Not every host is typed, and what it remembers may come from a file. */
export function isRememberedTurn(turn: unknown): turn is RememberedTurn {
  return (
    typeof turn === "object" &&
    turn !== null &&
    "conversationId" in turn &&
    typeof turn.conversationId === "string"
  );
}
