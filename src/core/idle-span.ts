import { type IdleSpan, leastMarginMs } from "../policy/index.ts";
import { ASSUMED_TTL_MS, elapsedMs, type Instant, isIntervalChosen, lifeLeftMs, marginMs } from "../pure.ts";
import type { Conversation } from "./conversation.ts";

/** What the policy is told of an idle conversation. */
export function idleSpanOf(conversation: Conversation, now: Instant): IdleSpan {
  const { id, settings, prefix, context, facts, seen, span, dueAt, latestAt } = conversation;
  const ttlMs = prefix?.ttlMs ?? ASSUMED_TTL_MS;
  const byTtlMs = ttlMs - marginMs(ttlMs);
  return {
    conversationId: id,
    now: now.wallMs,
    // Reckoned back from now, because the wall clock may have been set meanwhile.
    turnStartedAt: now.wallMs - elapsedMs(span.turnStartedAt, now),
    settledAt: now.wallMs - elapsedMs(span.settledAt, now),
    warms: span.warms,
    spentUsd: span.spentUsd,
    ttlMs,
    dueAt,
    ...(latestAt > dueAt ? { latestAt } : {}),
    everyMs: followsTtl(conversation) ? byTtlMs : Math.min(settings.intervalMs, byTtlMs),
    keepWarm: settings.keepWarm,
    turn: context,
    ...(facts.waiting === undefined ? {} : { waiting: facts.waiting }),
    ...(facts.open === undefined ? {} : { open: facts.open }),
    ...(seen === null ? {} : { seenAt: seenAt(facts.present === true, seen, now) }),
  };
}

/** So long, in ms, is somebody taken to be there after a host said so: a window may keep its focus over lunch. */
const THERE_FOR_MS = 5 * 60_000;

function seenAt(isPresent: boolean, toldAt: Instant, now: Instant): number {
  const agoMs = elapsedMs(toldAt, now);
  return now.wallMs - (isPresent ? Math.max(0, agoMs - THERE_FOR_MS) : agoMs);
}

/** Whether the TTL alone decides when a warm is due. */
export function followsTtl({ prefix, settings }: Conversation): boolean {
  return prefix?.ttlMs != null && !isIntervalChosen(settings);
}

/** The interval, in ms: the person's choice; until they make one, what a known TTL makes it. */
export function intervalInForce(conversation: Conversation): number {
  const { prefix, settings } = conversation;
  return prefix?.ttlMs != null && followsTtl(conversation)
    ? Math.round(prefix.ttlMs - marginMs(prefix.ttlMs))
    : settings.intervalMs;
}

/** Epoch ms up to which a warm that is due may be put off: never beyond what is left, jitter included. */
export function latestOf(conversation: Conversation, now: Instant): number {
  const { prefix, dueAt } = conversation;
  if (prefix?.ttlMs == null || !followsTtl(conversation)) return dueAt;
  const { ttlMs } = prefix;
  const leastMs = leastMarginMs(ttlMs);
  const lastAt = now.wallMs + lifeLeftMs(prefix, now) - leastMs;
  return Math.max(dueAt, Math.min(dueAt + marginMs(ttlMs) - leastMs, lastAt));
}
