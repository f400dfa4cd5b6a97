import { setTimeout as wait } from "node:timers/promises";
import { type RateLimits, START_TIER } from "./limits.ts";
import { type Readings, STRICT_READINGS } from "./readings.ts";
import type { RecordedRequest } from "./request-log.ts";

export interface EmulatorOptions {
  /** The clock, milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** Lifetime of a 5m entry, milliseconds. @default 300_000 */
  readonly ttl5mMs?: number;
  /** Lifetime of a 1h entry, milliseconds. @default 3_600_000 */
  readonly ttl1hMs?: number;
  /** Choices where the documentation leaves a rule open. @default STRICT_READINGS */
  readonly readings?: Partial<Readings>;
  /** Tokens below which nothing is cached; null is each model's own minimum. @default null */
  readonly minimumTokens?: number | null;
  /** Credentials that are accepted; any other is a 401. @default any that is not empty */
  readonly apiKeys?: readonly string[];
  /** The workspace of a credential; caches are not shared between workspaces. @default one per credential */
  readonly workspaceOf?: (credential: string) => string;
  /** Whether a model that is not in the table is served, or is a 404. @default "accept" */
  readonly unknownModels?: "accept" | "reject";
  /** Length of an answer that asks for none, tokens. @default 24 */
  readonly answerTokens?: number;
  /**
   * Time until a response begins and its entries become readable, milliseconds. At 0, requests that are
   * sent together are answered one after the other, and the second may already read what the first wrote.
   * @default 0
   */
  readonly firstTokenDelayMs?: number;
  /** Time between two deltas of an answer, milliseconds. @default 0 */
  readonly deltaDelayMs?: number;
  /** How the two delays wait; the signal fires when the client is gone. @default real time */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Limits that the `anthropic-ratelimit-*` headers report. @default START_TIER */
  readonly limits?: Partial<RateLimits>;
  /** Whether going over the limits is a 429. @default false */
  readonly enforceLimits?: boolean;
  /** Requests kept in `requests`. @default 1_000 */
  readonly maxRecords?: number;
  /** Bytes of bodies kept in `requests`. @default 67_108_864 */
  readonly maxRecordedBytes?: number;
  /** Whether bodies are kept. @default true */
  readonly recordBodies?: boolean;
  /** Told of every request once it has been answered or has failed. @default nobody */
  readonly onRequest?: (request: RecordedRequest) => void;
  /** Largest request body, bytes (docs/prompt-caching.md § 7). @default 33_554_432 */
  readonly maxBodyBytes?: number;
}

export interface Settings extends Required<Omit<EmulatorOptions, "readings" | "limits">> {
  readonly readings: Readings;
  readonly limits: RateLimits;
}

const MIB = 1_048_576;

export function settingsOf(options: EmulatorOptions): Settings {
  return {
    now: Date.now,
    ttl5mMs: 300_000,
    ttl1hMs: 3_600_000,
    minimumTokens: null,
    apiKeys: [],
    workspaceOf: (credential) => credential,
    unknownModels: "accept",
    answerTokens: 24,
    firstTokenDelayMs: 0,
    deltaDelayMs: 0,
    sleep: sleepInRealTime,
    enforceLimits: false,
    maxRecords: 1_000,
    maxRecordedBytes: 64 * MIB,
    recordBodies: true,
    onRequest: () => {},
    maxBodyBytes: 32 * MIB,
    ...options,
    readings: { ...STRICT_READINGS, ...options.readings },
    limits: { ...START_TIER, ...options.limits },
  };
}

async function sleepInRealTime(ms: number, signal: AbortSignal): Promise<void> {
  // A client that hangs up ends the wait; what follows sees the signal itself.
  await wait(ms, undefined, { signal }).catch(() => {});
}
