/** One conversation's mutable state, and what can be read from it. The warmer is its only writer. */
import type { ConversationChange, TurnContext, WarmCompleted, WarmFailure } from "../host.ts";
import type { Plan } from "../policy/index.ts";
import {
  type ConversationSettings,
  type ConversationState,
  computeExpectedCacheRate,
  DEFAULT_INTERVAL_MS,
  type Instant,
  isCold,
  isPartial,
  lifeLeftMs,
  msToSeconds,
  type PrefixUse,
} from "../pure.ts";

/** Where a conversation stands. `idle` with a `nextWarmAt` is armed. */
export type Phase = "off" | "generating" | "idle" | "warming" | "lapsed" | "stopped";

export interface ConversationStatus {
  readonly phase: Phase;
  /**
   * Why nothing is being warmed, what is in the way, or what the last warm fell short of, as a sentence;
   * null when all is as it should be.
   */
  readonly why: string | null;
}

/** Why an enabled, idle conversation is not armed. Only a new turn or a warm that hits lifts it. */
export interface Halt {
  readonly phase: "lapsed" | "stopped";
  readonly why: string;
}

/** A warm request on its way. */
export interface Flight {
  readonly warmId: string;
  readonly startedAt: Instant;
  readonly controller: AbortController;
  /** Settles once the warm service has answered, whatever it said. */
  landed: Promise<void>;
  /** Its answer is void: a turn, a close or a change of the prefix overtook it. */
  superseded: boolean;
  /** `warmCompleted` has been taken for it. */
  completed: boolean;
}

export interface IdleSpent {
  readonly turnStartedAt: Instant;
  readonly settledAt: Instant;
  readonly warms: number;
  readonly spentUsd: number;
}

const EVER: Instant = { wallMs: 0, monotonicMs: 0 };
const NOTHING_SPENT: IdleSpent = { turnStartedAt: EVER, settledAt: EVER, warms: 0, spentUsd: 0 };

export interface Conversation {
  readonly id: string;
  settings: ConversationSettings;
  /** The settings are those of the storage, not the defaults. */
  loaded: boolean;
  loading: Promise<void> | null;
  /** What went wrong with the storage last, until something went right. */
  storageTrouble: string | null;
  closing: boolean;

  active: boolean;
  /** On the monotonic clock, so that a wall clock set back does not put it in the future. */
  turnStartedMonotonicMs: number | null;
  context: TurnContext;
  /** What else the host told of it: whether it is open, what it waits for. */
  facts: Omit<ConversationChange, "invalidated">;
  /** When its host last said whether its person is at the keyboard, if they were then or until then. */
  seen: Instant | null;
  prefix: PrefixUse | null;
  /** Epoch ms from which a chosen interval counts: the last settle or warm. */
  idleSinceMs: number;
  halt: Halt | null;
  /** What the policy said last, while the conversation is idle. */
  plan: Plan | null;
  /** When its next warm has to go out for the prefix to live on, in epoch ms; as of its last arming. */
  dueAt: number;
  /** Up to which the policy may put it off after that. */
  latestAt: number;
  /** Since the last real turn: when that began and ended, the warms, and their price as far as it is known. */
  span: IdleSpent;
  /** What went wrong with the last warm, while there is still another try. */
  trouble: string | null;
  /** What the last warm did not find, though it was worth going on. */
  shortfall: string | null;
  failures: number;

  timer: number | null;
  token: number;
  nextWarmAt: number | null;
  /** The last warm that landed well before its `warmCompleted` came; an overtaken one as well. */
  awaiting: Flight | null;

  lastPct: number | null;
  lastExpectedPct: number | null;
  lastWarmAt: number | null;
}

/** Shared: most conversations never have more, and there may be many. */
const NOTHING = Object.freeze({});

export function newConversation(id: string): Conversation {
  return {
    id,
    settings: { enabled: false, intervalMs: DEFAULT_INTERVAL_MS },
    loaded: false,
    loading: null,
    storageTrouble: null,
    closing: false,
    active: false,
    turnStartedMonotonicMs: null,
    context: NOTHING,
    facts: NOTHING,
    seen: null,
    prefix: null,
    idleSinceMs: 0,
    halt: null,
    plan: null,
    dueAt: 0,
    latestAt: 0,
    span: NOTHING_SPENT,
    trouble: null,
    shortfall: null,
    failures: 0,
    timer: null,
    token: 0,
    nextWarmAt: null,
    awaiting: null,
    lastPct: null,
    lastExpectedPct: null,
    lastWarmAt: null,
  };
}

export function stateOf(conversation: Conversation): ConversationState {
  const { settings, active, lastPct, lastExpectedPct, lastWarmAt, nextWarmAt, token } = conversation;
  return { ...settings, active, lastPct, lastExpectedPct, lastWarmAt, nextWarmAt, token };
}

/** Whether its usage shows that there is no cache entry. */
export function cachedNothing({ usage }: TurnContext): boolean {
  return usage !== undefined && usage.cacheReadTokens === 0 && usage.cacheWriteTokens === 0;
}

/** @param flight the conversation's warm on its way, if any */
export function statusOf(
  conversation: Conversation,
  flight: Flight | undefined,
  now: Instant,
): ConversationStatus {
  const { settings, active, halt, prefix, facts, nextWarmAt, awaiting } = conversation;
  const trouble = conversation.trouble ?? conversation.storageTrouble;
  if (!settings.enabled) return { phase: "off", why: trouble };
  if (active) return { phase: "generating", why: null };
  if (halt) return halt;
  if (facts.open === false) return { phase: "stopped", why: "No client has this conversation open." };
  if (flight && !flight.superseded && !flight.completed) return { phase: "warming", why: null };
  if (trouble) return { phase: "idle", why: trouble };
  if (conversation.plan?.stop) return { phase: "stopped", why: conversation.plan.reason };
  if (!prefix)
    return { phase: "idle", why: cachedNothing(conversation.context) ? NOTHING_CACHED : NO_TURN_YET };
  if (nextWarmAt === null && flight?.superseded) return { phase: "idle", why: UNANSWERED };
  if (nextWarmAt === null && awaiting && !awaiting.superseded) return { phase: "idle", why: UNREPORTED };
  if (nextWarmAt !== null && nextWarmAt - now.wallMs >= lifeLeftMs(prefix, now)) {
    return { phase: "idle", why: intervalOutlivesPrefix(settings.intervalMs) };
  }
  return { phase: "idle", why: conversation.shortfall ?? conversation.plan?.reason ?? null };
}

const NO_TURN_YET = "Waiting for a turn: there is no prefix to keep warm yet.";
const NOTHING_CACHED = "Nothing of its last turn is cached.";
const UNANSWERED = "The next warm waits for an aborted one to answer: there are never two on their way.";
const UNREPORTED =
  "The host answered the last warm but has not reported its usage: the next one waits for that.";

function intervalOutlivesPrefix(intervalMs: number): string {
  return `The interval of ${msToSeconds(intervalMs)} s is longer than the cache entry can be trusted to live: nothing will be sent. Choose a shorter one.`;
}

export function lapsed(why: string): Halt {
  return { phase: "lapsed", why };
}

export const OUTLIVED = lapsed(
  "The cache entry has expired: a warm now would pay for writing it again. The next turn starts afresh.",
);

/** After a stop, with what it was for. */
export function outlived(plan: Plan | null): Halt {
  return plan?.stop ? lapsed(`${plan.reason} The entry has expired since.`) : OUTLIVED;
}

/** The halt for a warm that found nothing to read, or null. */
export function coldness({ usage, missReason }: Pick<WarmCompleted, "usage" | "missReason">): Halt | null {
  if (!isCold(usage)) return null;
  const { cacheReadTokens, cacheWriteTokens } = usage;
  const because = typeof missReason === "string" && missReason !== "" ? ` (${missReason})` : "";
  const found =
    cacheWriteTokens === 0
      ? `The last warm neither read nor wrote the cache${because}: this prefix is not cached.`
      : `The last warm found the cache cold${because}: it wrote ${cacheWriteTokens} tokens and read ${cacheReadTokens}.`;
  return { phase: "stopped", why: `${found} Nothing more is sent until the next turn.` };
}

/** The sentence for a warm that found only part of the prefix, or null. */
export function shortfallOf({ usage }: Pick<WarmCompleted, "usage">): string | null {
  if (!isPartial(usage)) return null;
  const readPct = computeExpectedCacheRate(usage.cacheReadTokens, usage.cacheWriteTokens);
  return `The last warm read ${readPct} % of the prefix and wrote the rest.`;
}

export function stoppedBy(failure: WarmFailure): Halt {
  return { phase: "stopped", why: `The warm was refused: ${failure.error}` };
}
