/** What is persisted of a conversation: its person's choices. */
import * as z from "zod/mini";

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
