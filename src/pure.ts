/**
 * The rules of keeping a prefix warm, without I/O: settings, cache percentages, when a warm is due,
 * when a prefix has lapsed, how long to wait before trying again, and the surface a host shows.
 */
import { type ConversationSettings, msToSeconds } from "./pure/settings.ts";

export * from "./pure/questions.ts";
export * from "./pure/settings.ts";
export * from "./pure/when.ts";

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

/** @param invalidated why, as a phrase */
export function prefixIsVoid(invalidated: string): string {
  return `The prefix is no longer what was last sent (${invalidated}); the next turn starts afresh.`;
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

/** `$0.05`, `$1.20`, `$0.004`: two digits that mean something. What would be shown as nothing has no sign. */
export function usd(amount: number): string {
  const size = Math.abs(amount) < 0.00005 ? 0 : Math.abs(amount);
  const digits = size >= 0.095 || size === 0 ? 2 : size >= 0.0095 ? 3 : 4;
  return `${amount < 0 && size > 0 ? "−" : ""}$${size.toFixed(digits)}`;
}
