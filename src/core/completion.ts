/** Whose warm a `warmCompleted` reports, and what it changes: hosts may echo our ids, add times, or tell neither. */

import type { Usage, WarmCompleted } from "../host.ts";
import { computeCachePct, computeExpectedCacheRate, type Instant, instantAt, lifeLeftMs } from "../pure.ts";
import { type Conversation, coldness, type Flight, shortfallOf } from "./conversation.ts";

/** Whether any figure is told. Not every host is typed: a report may come without its usage. */
export function tellsUsage(event: WarmCompleted): boolean {
  const { inputTokens, cacheReadTokens, cacheWriteTokens }: Partial<Usage> = event.usage ?? {};
  return [inputTokens, cacheReadTokens, cacheWriteTokens].some(Number.isFinite);
}

/** The warm of ours that was sent last, as long as it has not been reported. */
export function unreported(
  conversation: Conversation | undefined,
  flight: Flight | undefined,
): Flight | undefined {
  const last = flight ?? conversation?.awaiting ?? undefined;
  return last?.completed ? undefined : last;
}

/**
 * Whether a turn, a close or a changed prefix has overtaken the warm that this event completes.
 *
 * @param last the conversation's {@link unreported} warm
 * @param ownIds how the ids of our warms begin
 */
export function isOvertaken(
  event: WarmCompleted,
  conversation: Conversation | undefined,
  last: Flight | undefined,
  ownIds: string,
  now: Instant,
): boolean {
  if (conversation?.active) return true;
  if (event.warmId?.startsWith(ownIds)) return event.warmId !== last?.warmId || last.superseded;
  // A host that echoes no ids: what comes while an overtaken warm is still to be reported is that warm's.
  if (event.warmId === undefined && last?.superseded) return true;
  const startedAt = startTold(event, now);
  const turnStartedMs = conversation?.turnStartedMonotonicMs ?? null;
  return startedAt !== null && turnStartedMs !== null && startedAt.monotonicMs < turnStartedMs;
}

/** Remembers that an overtaken warm has been reported, so that the next report is not taken for it. */
export function dropCompletion(
  { warmId }: WarmCompleted,
  conversation: Conversation | undefined,
  last: Flight | undefined,
): void {
  if (last?.superseded && (warmId === undefined || warmId === last.warmId)) {
    last.completed = true;
    if (conversation) conversation.awaiting = null;
  }
}

/** Notes that a warm has been reported without its usage: what it did to the prefix is not known. */
export function noteUnknown(
  event: WarmCompleted,
  conversation: Conversation,
  last: Flight | undefined,
  now: Instant,
): void {
  settleOwn(event, conversation, last, now);
  const isOver = conversation.timer === null || conversation.plan?.stop !== undefined;
  const next = isOver ? " Nothing more is sent until the next turn." : "";
  conversation.trouble = `The host reported no usage for the last warm: what it found is not known.${next}`;
}

/** Takes a completed warm, ours or a manual one, for the prefix's last use, and notes what it found. */
export function takeCompletion(
  event: WarmCompleted,
  conversation: Conversation,
  last: Flight | undefined,
  now: Instant,
): void {
  const { usage } = event;
  const { prefix } = conversation;
  const own = settleOwn(event, conversation, last, now);
  const { span } = conversation;
  const startedAt = own?.startedAt ?? startTold(event, now) ?? now;
  Object.assign(conversation, {
    prefix: {
      startKnown: prefix?.startKnown ?? false,
      ttlMs: prefix?.ttlMs ?? null,
      lastUsedAt: later(prefix?.lastUsedAt, startedAt),
    },
    // Without an id it may be ours or not: the TTL counts from when it may have begun, the interval from
    // its report.
    idleSinceMs: event.warmId === undefined ? now.wallMs : startedAt.wallMs,
    lastWarmAt: now.wallMs,
    lastPct: computeCachePct(usage.inputTokens, usage.cacheReadTokens),
    lastExpectedPct: computeExpectedCacheRate(usage.cacheReadTokens, usage.cacheWriteTokens),
    halt: coldness(event),
    // Another program's warm is on its own bill.
    span: event.foreign
      ? span
      : { ...span, warms: span.warms + 1, spentUsd: span.spentUsd + (event.costUsd ?? 0) },
    trouble: null,
    shortfall: shortfallOf(event),
    failures: 0,
  } satisfies Partial<Conversation>);
}

/** Marks the warm of ours that this event completes as reported; undefined when it is a manual one's. */
function settleOwn(
  event: WarmCompleted,
  conversation: Conversation,
  last: Flight | undefined,
  now: Instant,
): Flight | undefined {
  const own = ownOf(event, conversation, last, now);
  if (own) {
    own.completed = true;
    conversation.awaiting = null;
  }
  return own;
}

/** The warm of ours that this event completes, or undefined when it is a manual one's. */
function ownOf(
  { warmId }: WarmCompleted,
  { prefix }: Conversation,
  last: Flight | undefined,
  now: Instant,
): Flight | undefined {
  if (!last || last.superseded) return undefined;
  if (warmId !== undefined) return warmId === last.warmId ? last : undefined;
  // What was sent so long ago that its entry has lapsed is not what has just read it.
  const use = { lastUsedAt: last.startedAt, startKnown: true, ttlMs: prefix?.ttlMs ?? null };
  return lifeLeftMs(use, now) > 0 ? last : undefined;
}

/** The instant at which a host says the warm went out, or null where it does not say. */
function startTold({ startedAt }: WarmCompleted, now: Instant): Instant | null {
  return startedAt !== undefined && Number.isFinite(startedAt) ? instantAt(startedAt, now) : null;
}

function later(a: Instant | undefined, b: Instant): Instant {
  return a !== undefined && a.monotonicMs > b.monotonicMs ? a : b;
}
