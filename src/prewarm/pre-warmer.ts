/** Sends pre-warms: a few at once, within the rate limits and the cap, and each only where it is not warm already. */
import pLimit from "p-limit";
import {
  type CapturedRequest,
  type Fetch,
  type PriceTable,
  type RateLimit,
  rateLimitOf,
  retryAfterOf,
  type WarmAnswer,
  type WarmRequestOptions,
  warmCaptured,
} from "../anthropic/index.ts";
import type { Logger, Timers } from "../host.ts";
import { CacheWarmer, CallableValueLoader, type WarmingProgress } from "./cache/index.ts";
import { messageOf } from "./cache/schedule.ts";
import type { PrefixEntry } from "./catalogue-file.ts";
import type { Judgement } from "./judge.ts";
import { createJudging } from "./judging.ts";
import { createPace } from "./pace.ts";
import { type Cause, doneOf, isFinal, type PreWarmed } from "./pre-warmed.ts";
import type { Spend } from "./spend.ts";
import type { WarmRecord, WarmRecords } from "./warm-record.ts";

export interface PreWarmerDeps extends Pick<WarmRequestOptions, "ttl5mMs" | "ttl1hMs" | "warmTokens"> {
  /** Base URL of the Messages API. */
  readonly upstream: string;
  /** The configured API key, asked for at each round. @throws a sentence for people where there is none */
  readonly apiKey: () => string | Promise<string>;
  /** Names what was sent, in the records. */
  readonly nameKey: string;
  readonly records: WarmRecords;
  readonly spend: Spend;
  /** The most that pre-warms may cost in 24 hours, in US dollars. */
  readonly capUsd: () => number;
  /** Requests on their way at once. */
  readonly maxWorkers: number;
  /** Times that one of a round is tried again. @default 4 */
  readonly maxRetries?: number;
  /** Models that have rejected `max_tokens: 0`. @default its own, empty to begin with */
  readonly rejectedZero?: Set<string>;
  readonly prices?: PriceTable;
  readonly logger: Logger;
  readonly timers: Timers;
  /** Epoch ms. */
  readonly now: () => number;
  readonly random?: () => number;
  /** @default globalThis.fetch */
  readonly fetch?: Fetch;
  /** Ms for which real traffic wants the rate limits to itself. */
  readonly waitMs?: () => number;
  /** Told of each that was sent, before the round is over. */
  readonly sent?: (done: PreWarmed) => void;
}

export interface RoundOptions {
  readonly cause: Cause;
  /** Sends what is known to be warm too. @default false */
  readonly refresh?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: WarmingProgress) => void;
  /** Told of each that is not warm in the end, and whether another round could help. */
  readonly onFailed?: (failure: { readonly isFinal: boolean; readonly retryAfterMs?: number }) => void;
}

export interface PreWarmer {
  judge(entry: PrefixEntry, apiKey?: string): Judgement;
  /** What is known of its last pre-warm with this key; null: nothing. */
  recordOf(entry: PrefixEntry, apiKey: string): WarmRecord | null;
  /**
   * What became of each, in their order. Never rejects because of one of them.
   *
   * @throws where there is no key, and where it cannot be read what was spent
   */
  warm(entries: readonly PrefixEntry[], options: RoundOptions): Promise<readonly PreWarmed[]>;
}

/** An outcome that ends a load: what the library counts as a failure. */
class NotWarmed extends Error {
  readonly done: PreWarmed;
  readonly permanent: boolean;
  readonly retryAfterMs: number | undefined;
  constructor(done: PreWarmed, permanent: boolean, retryAfterMs?: number) {
    super(done.why ?? done.outcome);
    this.done = done;
    this.permanent = permanent;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A load waits for the rate limits; how long the API may take is `sendWarm`'s affair. In ms. */
const LONGEST_LOAD_MS = 6 * 3_600_000;

export function createPreWarmer(deps: PreWarmerDeps): PreWarmer {
  const { records, spend, now, timers, logger } = deps;
  const url = `${deps.upstream}/v1/messages`;
  const { nameOf, judge } = createJudging({ ...deps, url });
  const pace = createPace({ timers, now, ...(deps.waitMs === undefined ? {} : { waitMs: deps.waitMs }) });
  const rejectedZero = deps.rejectedZero ?? new Set<string>();
  /** By what they are called in the records: who asks for one that is on its way gets what becomes of it. */
  const underway = new Map<string, Promise<PreWarmed>>();
  /** Sent once, and nothing of it cached: each further time would be paid in full. */
  const uncached = new Set<string>();
  /** Of all rounds together. */
  const slot = pLimit(deps.maxWorkers);

  async function warm(entries: readonly PrefixEntry[], options: RoundOptions): Promise<readonly PreWarmed[]> {
    const apiKey = await deps.apiKey();
    await spend.refresh(now()).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(
        `what pre-warms have cost so far could not be read, so the cap could not be kept: ${message}`,
      );
    });
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    const results = new Map<string, PreWarmed>();
    const recordName = (name: string) => nameOf(byName.get(name) as PrefixEntry, apiKey);
    const warmer = new CacheWarmer<string, PreWarmed>({
      cache: {
        has: (name) => records.isWarm(recordName(name), now()),
        get: (name) => results.get(name),
        set: (name, done) => results.set(name, done),
      },
      loader: new CallableValueLoader((name, { signal }) =>
        once(byName.get(name) as PrefixEntry, apiKey, options.cause, signal),
      ),
      keys: { keys: () => byName.keys() },
      config: { maxWorkers: deps.maxWorkers, timeoutMs: LONGEST_LOAD_MS, maxRetries: deps.maxRetries ?? 4 },
      timers,
      now,
      ...(deps.random === undefined ? {} : { random: deps.random }),
    });
    warmer.events.on("failed", (name, error) => {
      if (!(error instanceof NotWarmed)) return;
      const { done, permanent, retryAfterMs } = error;
      results.set(name, done);
      options.onFailed?.({ isFinal: permanent, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    });
    if (options.onProgress !== undefined) warmer.events.on("progress", options.onProgress);
    await warmer.warm(undefined, {
      refresh: options.refresh ?? false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    await spend.stored();
    return entries.map((entry) => results.get(entry.name) ?? leftOut(entry, apiKey, options));
  }

  function leftOut(entry: PrefixEntry, apiKey: string, { cause, signal }: RoundOptions): PreWarmed {
    const record = records.of(nameOf(entry, apiKey));
    const base = outcome(entry, cause, judge(entry, apiKey));
    if (signal?.aborted) return { ...base, outcome: "refused", why: "It was called off." };
    return { ...base, outcome: "warm", lapsesAt: record && record.startedAt + record.ttlMs };
  }

  function outcome({ name }: PrefixEntry, cause: Cause, { facts }: Judgement): PreWarmed {
    const model = facts?.model ?? null;
    return {
      name,
      cause,
      at: now(),
      outcome: "refused",
      why: null,
      model,
      usage: null,
      costUsd: null,
      isBound: false,
      lapsesAt: null,
    };
  }

  /** Two rounds may mean the same entry: a cold one would be written, and paid for, by both. */
  async function once(
    entry: PrefixEntry,
    apiKey: string,
    cause: Cause,
    signal: AbortSignal,
  ): Promise<PreWarmed> {
    const id = nameOf(entry, apiKey);
    const other = underway.get(id);
    if (other !== undefined) return other;
    const sending = slot(() => send(entry, apiKey, cause, signal)).finally(() => underway.delete(id));
    underway.set(id, sending);
    return sending;
  }

  async function send(
    entry: PrefixEntry,
    apiKey: string,
    cause: Cause,
    signal: AbortSignal,
  ): Promise<PreWarmed> {
    const judgement = judge(entry, apiKey);
    const base = outcome(entry, cause, judgement);
    const refused = (why: string) => new NotWarmed({ ...base, why }, true);
    const [problem] = judgement.problems;
    if (problem !== undefined || judgement.facts === null) throw refused(problem ?? "It cannot be read.");
    if (uncached.has(nameOf(entry, apiKey)))
      throw refused("The API has cached nothing of it, and would not now: change it, and it is tried again.");
    const ended = await pace.turn(judgement.facts.model, judgement.prefixTokens, signal);
    let limits: RateLimit | null = null;
    let retryAfterMs: number | undefined;
    let isUnsent = true;
    try {
      // Right before it is sent: others may have spent meanwhile.
      const { mostUsd } = judgement;
      const capUsd = deps.capUsd();
      if (mostUsd === null)
        throw refused("No price is known for its model, so it cannot be kept to the cap.");
      const held = await reserved(mostUsd, capUsd, refused);
      let costUsd = 0;
      try {
        const request: CapturedRequest = { url, headers: headersOf(entry, apiKey), body: entry.body };
        const answer = await warmCaptured(request, {
          ...deps,
          signal,
          rejectedZero,
          now,
          fetch: async (to, init) => {
            isUnsent = false;
            const response = await (deps.fetch ?? globalThis.fetch)(to, init);
            limits = rateLimitOf(response.headers);
            if (response.status === 429 || response.status >= 500)
              retryAfterMs = retryAfterOf(response.headers, now()) ?? DEFAULT_WAIT_MS;
            return response;
          },
        });
        const done = doneOf(base, answer, judgement);
        costUsd = done.costUsd ?? 0;
        if (done.outcome === "nothing") uncached.add(nameOf(entry, apiKey));
        if (answer.kind === "warmed") await remember(entry, apiKey, answer, judgement);
        if (done.costUsd !== null) deps.sent?.(done);
        if (answer.kind === "warmed" && done.outcome !== "nothing") return done;
        throw new NotWarmed(done, isFinal(answer), retryAfterMs);
      } finally {
        held.settle(costUsd, now());
      }
    } finally {
      ended({ limits, retryAfterMs, isUnsent });
    }
  }

  async function reserved(mostUsd: number, capUsd: number, refused: (why: string) => NotWarmed) {
    const held = await spend.reserve(mostUsd, capUsd, now()).catch((error: unknown) => {
      throw error instanceof NotWarmed
        ? error
        : refused(`What pre-warms have cost cannot be looked up (${messageOf(error)}), so nothing is sent.`);
    });
    if (held.isHeld) return held;
    throw refused(capText(held.spentUsd, mostUsd, held.capUsd ?? capUsd));
  }

  async function remember(entry: PrefixEntry, apiKey: string, answer: WarmAnswer, { facts }: Judgement) {
    const { startedAt, usage } = answer;
    const tokens = usage.cacheReadTokens + usage.cacheWriteTokens;
    if (tokens === 0 || facts?.ttlMs == null) return;
    try {
      await records.put(nameOf(entry, apiKey), { startedAt, ttlMs: facts.ttlMs, tokens });
    } catch (error) {
      logger.error("keepwarm: could not store what is warm; after a restart it is sent again", {
        error: messageOf(error),
      });
    }
  }

  return { judge, recordOf: (entry, apiKey) => records.of(nameOf(entry, apiKey)), warm };
}

/** How long an API that has turned a request away without a Retry-After is left alone, in ms: as its SDKs do. */
const DEFAULT_WAIT_MS = 8_000;

function headersOf({ betas }: PrefixEntry, apiKey: string): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json",
    "x-api-key": apiKey,
    "anthropic-version": "2023-06-01",
    ...(betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") }),
  };
}

function capText(spentUsd: number, mostUsd: number, capUsd: number): string {
  if (capUsd === 0) return "Pre-warms may cost nothing: raise prewarmMaxUsdPerDay.";
  const usd = (amount: number) => `$${amount.toFixed(amount < 0.1 ? 4 : 2)}`;
  return `It may cost up to ${usd(mostUsd)}, ${usd(spentUsd)} are spent or on their way, and pre-warms may cost ${usd(capUsd)} in 24 hours (prewarmMaxUsdPerDay).`;
}
