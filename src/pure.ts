/**
 * The rules of keeping a prefix warm, without I/O: settings, cache percentages, when a warm is due,
 * when a prefix has lapsed, how long to wait before trying again, and the surface a host shows.
 */
import * as z from "zod/mini";

// ---------------------------------------------------------------------------------------------
// Settings

/** Refresh interval until the person chooses one, in ms. */
export const DEFAULT_INTERVAL_MS = 240_000;
/** Shortest refresh interval, in ms. */
export const MIN_INTERVAL_MS = 1_000;

/** What is persisted of a conversation. Fields of newer versions travel along untouched. */
export interface ConversationSettings {
  /** Default false: warming is opt-in. */
  readonly enabled: boolean;
  /** Refresh interval in ms. */
  readonly intervalMs: number;
  /** Set when the person chose the very interval that is also the default; see {@link isIntervalChosen}. */
  readonly intervalChosen?: boolean;
  /** For how long it is kept warm, in the policy's own words (`auto`, `30m`, `3 pings`, …); absent: `auto`. */
  readonly keepWarm?: string;
}

/** The shape of persisted settings, for documentation and for hosts that show a settings page. */
export const settingsSchema = z.looseObject({
  enabled: z._default(z.boolean(), false),
  intervalMs: z._default(z.number().check(z.gte(MIN_INTERVAL_MS)), DEFAULT_INTERVAL_MS),
  intervalChosen: z.optional(z.boolean()),
  keepWarm: z.optional(z.string()),
});

/** Reads tolerantly: each field that makes no sense falls back to its default, and nothing throws. */
const storedSettings = z.looseObject({
  enabled: z.catch(z.boolean(), false),
  intervalMs: z.catch(z.pipe(z.number(), z.transform(clampIntervalMs)), DEFAULT_INTERVAL_MS),
});

/** Settings from their stored form. Never throws; anything unusable reads as off, with the default interval. */
export function parseSettings(raw: string | null): ConversationSettings {
  const parsed = storedSettings.safeParse(parseJson(raw));
  if (!parsed.success) return { enabled: false, intervalMs: DEFAULT_INTERVAL_MS };
  const { intervalChosen, keepWarm, ...settings } = parsed.data;
  return {
    ...settings,
    ...(typeof intervalChosen === "boolean" ? { intervalChosen } : {}),
    ...(typeof keepWarm === "string" ? { keepWarm } : {}),
  };
}

/** Never throws: what a newer version left that cannot be written again is left out. */
export function serializeSettings(settings: ConversationSettings): string {
  try {
    return JSON.stringify(settings);
  } catch {
    const { enabled, intervalMs, intervalChosen, keepWarm } = settings;
    return JSON.stringify({ enabled, intervalMs, intervalChosen, keepWarm });
  }
}

/** Begins the ids that keepwarm gives to conversations that no client named; they end with the process. */
export const UNNAMED_PREFIX = "keepwarm-thread-";

/** Storage key of a conversation's settings. */
export function settingsKey(conversationId: string): string {
  return `settings:${conversationId}`;
}

/** The conversation whose settings a storage key holds, or null. */
export function conversationOfKey(key: string): string | null {
  return key.startsWith("settings:") ? key.slice("settings:".length) : null;
}

/** An interval in ms, rounded and never under the minimum; what is not a positive number becomes the minimum. */
export function clampIntervalMs(intervalMs: number): number {
  if (!Number.isFinite(intervalMs)) return MIN_INTERVAL_MS;
  return Math.max(MIN_INTERVAL_MS, Math.round(intervalMs));
}

/** Settings with an interval (ms) that the person chose; null: none is chosen any more. */
export function withInterval(
  settings: ConversationSettings,
  intervalMs: number | null,
): ConversationSettings {
  const { intervalChosen: _, ...rest } = settings;
  if (intervalMs === null) return { ...rest, intervalMs: DEFAULT_INTERVAL_MS };
  const clamped = clampIntervalMs(intervalMs);
  return clamped === DEFAULT_INTERVAL_MS
    ? { ...rest, intervalMs: clamped, intervalChosen: true }
    : { ...rest, intervalMs: clamped };
}

/** Whether the interval is the person's choice: any but the default, or the default chosen on purpose. */
export function isIntervalChosen(settings: ConversationSettings): boolean {
  return settings.intervalMs !== DEFAULT_INTERVAL_MS || settings.intervalChosen === true;
}

export function msToSeconds(ms: number): number {
  return Math.round(ms / 1_000);
}

/** Null unless `seconds` is positive, and finite in ms. */
export function secondsToMs(seconds: number): number | null {
  const ms = seconds * 1_000;
  return Number.isFinite(ms) && ms > 0 ? clampIntervalMs(ms) : null;
}

/** Seconds from a set-interval payload: a positive finite number, or `{ value: that }`; else null. */
export function parseIntervalPayload(payload: unknown): number | null {
  const value =
    typeof payload === "object" && payload !== null && "value" in payload ? payload.value : payload;
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : null;
}

function parseJson(raw: string | null): unknown {
  if (raw === null) return null;
  try {
    return JSON.parse(raw);
  } catch {
    return null;
  }
}

// ---------------------------------------------------------------------------------------------
// State

/** What hands back to the warm service, and what else the host knew when the turn settled. */
export interface ConversationContext {
  readonly cwd?: string;
  readonly modelName?: string;
  readonly requestStartedAt?: number;
  readonly ttlMs?: number;
  readonly stopReason?: string;
}

/** A conversation as its surface sees it. Times are epoch ms. */
export interface ConversationState extends ConversationSettings {
  /** A turn is under way. */
  readonly active: boolean;
  /** Share of the last warm's prompt that was read from the cache, 0–100. */
  readonly lastPct: number | null;
  /** Share of the last warm's cached tokens that were read rather than written, 0–100. */
  readonly lastExpectedPct: number | null;
  readonly lastWarmAt: number | null;
  readonly nextWarmAt: number | null;
  /** Rises with every arming; a timer or an answer with an older one is void. */
  readonly token: number;
}

export function isTokenCurrent(a: number, b: number): boolean {
  return a === b;
}

/** Whether a timer armed with `token` may still warm. */
export function shouldWarm(
  state: Pick<ConversationState, "enabled" | "active" | "token">,
  token: number,
): boolean {
  return state.enabled && !state.active && isTokenCurrent(state.token, token);
}

// ---------------------------------------------------------------------------------------------
// Cache percentages

/** Rounded percentage of the prompt that was read from the cache, 0–100. `inputTokens` is the whole prompt. */
export function computeCachePct(inputTokens: number, cacheReadTokens: number): number {
  return percentOf(cacheReadTokens, inputTokens);
}

/** Rounded percentage of the cached tokens that were read, not written: 100 is a warm cache, 0 a lapsed one. */
export function computeExpectedCacheRate(cacheReadTokens: number, cacheWriteTokens: number): number {
  return percentOf(cacheReadTokens, cacheReadTokens + cacheWriteTokens);
}

/** 0–100, and 0 where a figure is not one. */
function percentOf(part: number, whole: number): number {
  if (!Number.isFinite(part) || !(whole > 0)) return 0;
  return Math.round(Math.min(1, Math.max(0, part / whole)) * 100);
}

/** What a request read from the cache and wrote to it. */
export interface CacheFigures {
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/**
 * Whether a request found the cache cold: it wrote at least as much as it read, or did neither. Where a
 * figure is missing nothing is known to be cold.
 */
export function isCold(figures: CacheFigures): boolean {
  return areKnown(figures) && figures.cacheWriteTokens >= figures.cacheReadTokens;
}

/** Share of the cached tokens that must be read for a hit; the API may write a little beyond the marker. */
export const HIT_SHARE = 0.99;

/** Whether a request read most of the prefix and wrote the rest anew: neither cold nor a hit. */
export function isPartial(figures: CacheFigures): boolean {
  const { cacheReadTokens, cacheWriteTokens } = figures;
  if (!areKnown(figures) || isCold(figures)) return false;
  return cacheReadTokens < HIT_SHARE * (cacheReadTokens + cacheWriteTokens);
}

function areKnown({ cacheReadTokens, cacheWriteTokens }: CacheFigures): boolean {
  return Number.isFinite(cacheReadTokens) && Number.isFinite(cacheWriteTokens);
}

// ---------------------------------------------------------------------------------------------
// When

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

// ---------------------------------------------------------------------------------------------
// The surface

export const SURFACE = { id: "cache-warming", region: "side", title: "Cache Warming" } as const;
export const TOGGLE_ACTION = "cache-warming/toggle";
export const SET_INTERVAL_ACTION = "cache-warming/set-interval";

/** What a surface adds where it is known; amounts in US dollars. */
export interface SurfaceDetails {
  /** Why nothing is being warmed, or what else is to be said of it, as a sentence. */
  readonly why?: string;
  readonly spentUsd?: number;
  readonly savedUsd?: number;
  readonly netUsd?: number;
}

/** The surface of one conversation. Percentages 0–100 or null, times epoch ms or null. */
export function buildConversationSpec(
  enabled: boolean,
  intervalMs: number,
  lastPct: number | null,
  lastExpectedPct: number | null,
  nextWarmAt: number | null,
  lastWarmAt: number | null,
  details: SurfaceDetails = {},
) {
  return {
    ...SURFACE,
    fields: [
      { kind: "toggle" as const, label: "Enabled", value: enabled, action: { actionId: TOGGLE_ACTION } },
      {
        kind: "number" as const,
        label: "Refresh Interval",
        value: msToSeconds(intervalMs),
        min: 1,
        step: 1,
        unit: "s",
        action: { actionId: SET_INTERVAL_ACTION },
      },
      stat("Last Cache %", percent(lastPct)),
      stat("Cache retention", percent(lastExpectedPct)),
      { kind: "custom" as const, rendererId: "cache-warming-timer", payload: { nextWarmAt, lastWarmAt } },
      ...detailFields(details),
    ],
  };
}

/** The surface while no conversation has the focus. */
export function buildDefaultSpec() {
  return { ...SURFACE, fields: [stat("Status", "No conversation focused")] };
}

function detailFields(details: SurfaceDetails) {
  const { why, spentUsd, savedUsd, netUsd } = details;
  return [
    ...(why === undefined ? [] : [stat("Status", why)]),
    ...(spentUsd === undefined ? [] : [stat("Spent", usd(spentUsd))]),
    ...(savedUsd === undefined ? [] : [stat("Saved", usd(savedUsd))]),
    ...(netUsd === undefined ? [] : [stat("Net", usd(netUsd))]),
  ];
}

function stat(label: string, value: string) {
  return { kind: "stat" as const, label, value };
}

function percent(value: number | null): string {
  return value === null ? "—" : `${value}%`;
}

function usd(amount: number): string {
  return `${amount < 0 ? "−" : ""}$${Math.abs(amount).toFixed(4)}`;
}
