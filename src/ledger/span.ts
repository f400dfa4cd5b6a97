/**
 * One idle span of a conversation: the last request of its thread, and the warms since. From these a return is
 * classified, and what was saved is credited: once, because the span ends with the return.
 */
import type { CacheWriteSplit, RequestAnswered, Usage, WarmCompleted } from "../host.ts";
import { ASSUMED_TTL_MS } from "../pure.ts";
import type { Return } from "./figures.ts";

/** Longest life of an entry (docs/prompt-caching.md row 1.1), in ms: where the TTL is not known, nothing is credited before. */
export const LONGEST_TTL_MS = 3_600_000;

/** The last request of the person's own thread. */
interface Anchor {
  readonly startedAt: number;
  /** Null: not known. */
  readonly ttlMs: number | null;
  readonly longestTtlMs: number;
  /** Null: not known. */
  readonly modelName: string | null;
  readonly prefixTokens: number;
  /** Of the prefix, those in entries of the one-hour tier, which come first (docs/prompt-caching.md § 1b); infinite: not known. */
  readonly hourTokens: number;
}

/** The last warm since then that found or made the prefix. */
interface Cover {
  readonly startedAt: number;
  /** All that it refreshed: read or written. */
  readonly tokens: number;
  readonly hourTokens: number;
}

export interface Span {
  readonly anchor: Anchor | null;
  readonly cover: Cover | null;
  /** The policy of the last warm since the anchor; null before there was one. */
  readonly policy: string | null;
}

export const NO_SPAN: Span = Object.freeze({ anchor: null, cover: null, policy: null });

export interface Classified {
  readonly kind: Return;
  /** Tokens that were read because of a warm, by the tier that would have been written; zeros without a rescue. */
  readonly rescued: CacheWriteSplit;
}

const NONE: CacheWriteSplit = Object.freeze({ ttl5mTokens: 0, ttl1hTokens: 0 });

/** Nothing is known of what it found. */
export const UNSEEN: Classified = Object.freeze({ kind: "unseen", rescued: NONE });

type Request = Omit<RequestAnswered, "conversationId">;

/** How a request of the person's own thread found the cache. */
export function classify({ anchor, cover }: Span, request: Request): Classified {
  const { usage, startedAt, modelName = null } = request;
  if (usage === undefined) return UNSEEN;
  if (anchor === null || anchor.prefixTokens === 0) return { kind: "first", rescued: NONE };
  if (request.replaced === true || areDifferent(modelName, anchor.modelName))
    return { kind: "replaced", rescued: NONE };

  const gapMs = startedAt - anchor.startedAt;
  const covering = cover !== null && covers(cover, anchor, startedAt) ? cover : null;
  const tokens = covering?.tokens ?? anchor.prefixTokens;
  const hourTokens = covering?.hourTokens ?? anchor.hourTokens;
  // What still lives in entries of the longer tier needs no warm.
  const alive = gapMs <= anchor.longestTtlMs ? Math.min(tokens, hourTokens) : 0;
  if (alive === tokens) {
    return { kind: 2 * usage.cacheReadTokens >= tokens ? "within" : "drifted", rescued: NONE };
  }
  const read = Math.min(tokens - alive, Math.max(0, usage.cacheReadTokens - alive));
  const isRead = 2 * read >= tokens - alive;

  const withinMs = anchor.ttlMs ?? (isRead ? LONGEST_TTL_MS : ASSUMED_TTL_MS);
  if (gapMs <= withinMs) return { kind: isRead ? "within" : "drifted", rescued: NONE };
  if (covering === null) return { kind: isRead ? "survived" : "lapsed", rescued: NONE };
  if (!isRead) return { kind: "drifted", rescued: NONE };
  // Of an unknown share the cheaper tier, so that no more is credited than was saved.
  const known = Number.isFinite(hourTokens) ? hourTokens : isHour(anchor.ttlMs) ? tokens : 0;
  const ttl1hTokens = Math.max(0, Math.min(known, alive + read) - alive);
  return { kind: "rescued", rescued: { ttl5mTokens: read - ttl1hTokens, ttl1hTokens } };
}

/** The span that a request begins. One that went out before the last one changes nothing. */
export function afterRequest(span: Span, request: Request): Span {
  const { usage, startedAt, ttlMs = null, longestTtlMs = ttlMs ?? 0, modelName } = request;
  if (!Number.isFinite(startedAt) || (span.anchor !== null && startedAt < span.anchor.startedAt)) return span;
  const before = request.replaced === true ? null : span.anchor;
  const anchor: Anchor = {
    startedAt,
    ttlMs,
    longestTtlMs: Math.max(longestTtlMs, ttlMs ?? LONGEST_TTL_MS),
    modelName: modelName ?? before?.modelName ?? null,
    prefixTokens: usage === undefined ? (before?.prefixTokens ?? 0) : prefixOf(usage),
    hourTokens: 0,
  };
  const mayHaveHours = anchor.longestTtlMs > (ttlMs ?? LONGEST_TTL_MS) || isHour(ttlMs);
  const known = before?.hourTokens ?? (mayHaveHours ? Number.POSITIVE_INFINITY : 0);
  const hourTokens = usage === undefined ? known : hourTokensAfter(usage, known, ttlMs);
  return { anchor: { ...anchor, hourTokens }, cover: null, policy: null };
}

type Warm = Pick<WarmCompleted, "usage" | "modelName"> & {
  readonly startedAt: number;
  readonly policy: string;
};

/**
 * What the warm found or wrote lives on from its start. One that a request has overtaken changes nothing, nor
 * does one on another model, whose cache is another.
 */
export function afterWarm(span: Span, { usage, startedAt, policy, modelName }: Warm): Span {
  const { anchor, cover } = span;
  if (anchor === null || startedAt < Math.max(anchor.startedAt, cover?.startedAt ?? 0)) return span;
  if (areDifferent(modelName ?? null, anchor.modelName)) return { ...span, policy };
  const hourTokens = hourTokensAfter(usage, cover?.hourTokens ?? anchor.hourTokens, anchor.ttlMs);
  return { anchor, cover: { startedAt, tokens: prefixOf(usage), hourTokens }, policy };
}

/** A warm went out whose answer is not known: nothing can be credited to it. */
export function afterAbortedWarm(span: Span, policy: string): Span {
  return span.anchor === null ? span : { ...span, policy };
}

/**
 * Why a warm found the cache cold, as far as its times and its usage tell:
 *
 * - `expired`: the prefix was last used longer ago than it lives
 * - `gone_early`: it was not, and yet nothing of it was there
 * - `found_in_part`: it was not, and yet only its beginning was there
 * - `not_cached`: nothing was read and nothing was written
 * - `not_told`: it is not known when the prefix was last used, or for how long it lives
 */
export function coldReason({ anchor, cover }: Span, { usage, startedAt }: Omit<Warm, "policy">): ColdReason {
  if (usage.cacheReadTokens + usage.cacheWriteTokens === 0) return "not_cached";
  if (anchor === null || anchor.ttlMs === null) return "not_told";
  const usedAt = Math.max(anchor.startedAt, cover?.startedAt ?? 0);
  if (startedAt - usedAt > anchor.ttlMs) return "expired";
  return usage.cacheReadTokens > 0 ? "found_in_part" : "gone_early";
}

export type ColdReason = "expired" | "gone_early" | "found_in_part" | "not_cached" | "not_told";

/** Not known is not different. */
function areDifferent(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other;
}

/** Whether what the warm refreshed still lived; where the TTL is not known, by the shortest. */
function covers(cover: Cover, { ttlMs }: Anchor, at: number): boolean {
  return cover.tokens > 0 && at > cover.startedAt && at - cover.startedAt <= (ttlMs ?? ASSUMED_TTL_MS);
}

function prefixOf({ cacheReadTokens, cacheWriteTokens }: Usage): number {
  return cacheReadTokens + cacheWriteTokens;
}

/**
 * Tokens of the prefix in entries of the one-hour tier. These are billed from the end of what was read up to
 * the last marker of that tier; where none is written, what was there and is still read remains.
 */
function hourTokensAfter(usage: Usage, before: number, ttlMs: number | null): number {
  const { cacheReadTokens, cacheWriteSplit } = usage;
  if (cacheWriteSplit === undefined) return isHour(ttlMs) ? prefixOf(usage) : kept(before, cacheReadTokens);
  if (cacheWriteSplit.ttl1hTokens > 0) return cacheReadTokens + cacheWriteSplit.ttl1hTokens;
  return kept(before, cacheReadTokens);
}

/** What is not known stays so. */
function kept(before: number, readTokens: number): number {
  return Number.isFinite(before) ? Math.min(before, readTokens) : before;
}

function isHour(ttlMs: number | null): boolean {
  return ttlMs !== null && ttlMs >= LONGEST_TTL_MS;
}
