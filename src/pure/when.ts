/** When a warm is due, when a prefix has lapsed, how long to wait before trying again. */
import { type ConversationSettings, isIntervalChosen } from "./settings.ts";

/** TTL taken where none is known, in ms: the API's default (docs/prompt-caching.md row 1.1). */
export const ASSUMED_TTL_MS = 300_000;

/** A moment on both clocks. The wall clock sees a sleeping laptop; the monotonic one sees a clock set back. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Time passed in ms; of the two clocks the one that says more counts, so that doubt means "lapsed". */
export function elapsedMs(since: Instant, now: Instant): number {
  return Math.max(now.wallMs - since.wallMs, now.monotonicMs - since.monotonicMs);
}

/** The instant `wallMs` (epoch ms) on both clocks, reckoned from `now`; never in the future. */
export function instantAt(wallMs: number, now: Instant): Instant {
  const agoMs = Math.max(0, now.wallMs - wallMs);
  return { wallMs: now.wallMs - agoMs, monotonicMs: now.monotonicMs - agoMs };
}

/** When a prefix was last used and how long that lets it live. */
export interface PrefixUse {
  /** The last request that used it went out; where `startKnown` is false, the moment its turn settled instead. */
  readonly lastUsedAt: Instant;
  readonly startKnown: boolean;
  /** Null: not known. */
  readonly ttlMs: number | null;
}

/**
 * How long before its expiry a prefix is warmed, in ms: 20 s of 5 minutes, about 2 of 60 minutes.
 *
 * Anthropic advises four minutes of five (docs/prompt-caching.md § 4). keepwarm goes closer: each warm costs
 * a read (§ 8), and in replays of recorded gaps 280 s of 300 did best. The part that grows with the TTL lets
 * an hour's entry be warmed at about 58 minutes; a TTL below five minutes keeps the share of 20 s in 300.
 */
export function marginMs(ttlMs: number): number {
  return Math.min(ttlMs / 15, 10_000 + ttlMs / 30);
}

/**
 * Widest jitter in ms, so that many conversations do not fire together: 5 s of 5 minutes, at most 30 s.
 * Our own choice: wide enough to spread them, small beside {@link marginMs}, to which it is added.
 */
export function jitterSpanMs(ttlMs: number): number {
  return Math.min(ttlMs / 60, 30_000);
}

/**
 * Epoch ms at which the next warm is due, never before `now`.
 *
 * A chosen interval counts from `fromMs` (the settle, the warm, or the person's change); the TTL caps it,
 * and until an interval is chosen a known TTL alone decides, because each needless ping costs a read.
 * Where neither request start nor TTL is known, a settle or warm is followed by exactly the interval,
 * without jitter.
 *
 * @param fromMs epoch ms at which the interval begins
 * @param random a number in [0, 1) that places the warm in its jitter span
 */
export function dueAt(
  use: PrefixUse,
  settings: ConversationSettings,
  fromMs: number,
  now: Instant,
  random: number,
): number {
  const ttlMs = use.ttlMs ?? ASSUMED_TTL_MS;
  const nothingKnown = use.ttlMs === null && !use.startKnown;
  const followsTtl = use.ttlMs !== null && !isIntervalChosen(settings);
  // By what is left on both clocks: on the wall clock alone, one that was set back would put it off.
  const lifeMs = lifeLeftMs(use, now);
  const byTtl = now.wallMs + lifeMs - marginMs(ttlMs);
  const byInterval = Math.min(fromMs, now.wallMs) + settings.intervalMs;
  const capped = !nothingKnown || fromMs > use.lastUsedAt.wallMs;
  const due = followsTtl ? byTtl : capped ? Math.min(byInterval, byTtl) : byInterval;
  const waitMs = due - now.wallMs;
  const spanMs = jitterSpanMs(ttlMs);
  // Overdue after a restart: spread over what is left, so that conversations do not fire in one burst.
  if (waitMs <= 0) return Math.round(now.wallMs + random * Math.max(0, Math.min(spanMs, lifeMs / 2)));
  // A small part of a short wait, or the shortest intervals would become a loop.
  return Math.round(due - (nothingKnown ? 0 : random * Math.min(spanMs, waitMs / 10)));
}

/** Ms until the prefix must have lapsed; zero or less once it has. */
export function lifeLeftMs(use: PrefixUse, now: Instant): number {
  return (use.ttlMs ?? ASSUMED_TTL_MS) - elapsedMs(use.lastUsedAt, now);
}

/**
 * Ms to wait before the `attempt`-th retry (from 1): exponential from 1 s (less where a TTL is scaled
 * down), at most 30 s, up to a quarter more as jitter, and never less than the other side asked for.
 */
export function retryDelayMs(
  attempt: number,
  retryAfterMs: number | undefined,
  ttlMs: number | null,
  random: number,
): number {
  const firstMs = Math.min(1_000, (ttlMs ?? ASSUMED_TTL_MS) / 300);
  const askedMs = Number.isFinite(retryAfterMs) ? (retryAfterMs ?? 0) : 0;
  const backoffMs = Math.min(30_000, firstMs * 2 ** (attempt - 1)) * (1 + random / 4);
  return Math.round(Math.max(backoffMs, askedMs));
}
