/** Keeps pre-warms within the API's rate limits, and away from the last part of them, which is real traffic's. */
import pLimit from "p-limit";
import type { RateLimit, RateLimitBucket } from "../anthropic/index.ts";
import type { Timers } from "../host.ts";

export interface PaceDeps {
  readonly timers: Timers;
  /** Epoch ms. */
  readonly now: () => number;
  /** Ms for which real traffic wants the limits to itself. @default 0 */
  readonly waitMs?: () => number;
}

export interface Pace {
  /** Resolves when a request of so many tokens may go out; what it resolves with is told how it ended. */
  turn(model: string, tokens: number, signal: AbortSignal): Promise<(ended: Ended) => void>;
}

export interface Ended {
  /** Nothing was sent after all, so nothing is known of the limits. */
  readonly isUnsent?: boolean;
  readonly limits?: RateLimit | null;
  /** The API has turned it away: for so long nothing is sent. */
  readonly retryAfterMs?: number | undefined;
}

interface Bucket {
  readonly limit: number;
  readonly remaining: number;
  /** Epoch ms at which that was so. */
  readonly at: number;
}

interface Model {
  requests: Bucket | null;
  tokens: Bucket | null;
  /** Requests on their way, and their tokens. */
  underway: number;
  underwayTokens: number;
  isKnown: boolean;
}

const MINUTE_MS = 60_000;
/** This share of each limit is left to real traffic; as much as the gateway's warms leave it, and as much again. */
const KEPT_SHARE = 0.1;
const LEAST_WAIT_MS = 50;
/** Whatever the API asks for, it is asked again after so long. */
const LONGEST_WAIT_MS = 3_600_000;

export function createPace({ timers, now, waitMs = () => 0 }: PaceDeps): Pace {
  const models = new Map<string, Model>();
  /** Epoch ms until which the API wants to be left alone, whichever model it said that of. */
  let blockedUntil = 0;
  /** One after the other, so that the first who waits is the first who goes. */
  const gate = pLimit(1);

  /** Who waits, and is to look again when an answer has come. */
  const waiting = new Set<() => void>();

  /** For so long, or until an answer comes, which may say that there is room. */
  function wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (settle: () => void) => () => {
        timers.clearTimer(timer);
        waiting.delete(look);
        signal.removeEventListener("abort", called);
        settle();
      };
      const look = over(resolve);
      const called = over(() => reject(signal.reason));
      const timer = timers.setTimer(look, delayMs);
      waiting.add(look);
      signal.addEventListener("abort", called, { once: true });
      if (signal.aborted) called();
    });
  }

  function modelOf(name: string): Model {
    const known = models.get(name);
    if (known !== undefined) return known;
    const fresh: Model = {
      requests: null,
      tokens: null,
      underway: 0,
      underwayTokens: 0,
      isKnown: false,
    };
    models.set(name, fresh);
    return fresh;
  }

  function delayOf(model: Model, tokens: number): number {
    const at = now();
    const blocked = Math.max(blockedUntil - at, waitMs());
    if (blocked > 0) return blocked;
    // What the limits are is not known before the first answer.
    if (!model.isKnown) return model.underway === 0 ? 0 : MINUTE_MS;
    return Math.max(
      bucketDelay(model.requests, 1, model.underway, at),
      bucketDelay(model.tokens, tokens, model.underwayTokens, at),
    );
  }

  return {
    turn(name, tokens, signal) {
      const model = modelOf(name);
      return gate(async () => {
        for (let delayMs = delayOf(model, tokens); delayMs > 0; delayMs = delayOf(model, tokens)) {
          await wait(Math.min(delayMs, MINUTE_MS), signal);
        }
        signal.throwIfAborted();
        model.underway++;
        model.underwayTokens += tokens;
        return ({ limits = null, retryAfterMs, isUnsent = false }: Ended) => {
          model.underway--;
          model.underwayTokens -= tokens;
          model.isKnown ||= !isUnsent && (limits !== null || retryAfterMs === undefined);
          if (retryAfterMs !== undefined) {
            blockedUntil = Math.max(blockedUntil, now() + Math.min(retryAfterMs, LONGEST_WAIT_MS));
          }
          model.requests = told(limits?.requests, now()) ?? model.requests;
          model.tokens = told(limits?.inputTokens ?? limits?.tokens, now()) ?? model.tokens;
          for (const look of [...waiting]) look();
        };
      });
    },
  };
}

/** Ms until there is room beside what is on its way: limits fill up all the time, whole in a minute. */
function bucketDelay(bucket: Bucket | null, wanted: number, underway: number, at: number): number {
  if (bucket === null || bucket.limit <= 0) return 0;
  const { limit } = bucket;
  const perMs = limit / MINUTE_MS;
  const left = Math.min(limit, bucket.remaining + Math.max(0, at - bucket.at) * perMs) - underway;
  // More than there ever is needs all of it.
  const needed = Math.min(wanted + limit * KEPT_SHARE, limit);
  if (left >= needed) return 0;
  return Math.max(LEAST_WAIT_MS, Math.ceil((needed - left) / perMs));
}

function told(bucket: RateLimitBucket | undefined, at: number): Bucket | null {
  if (bucket === undefined || bucket.limit === null || bucket.remaining === null) return null;
  return { limit: bucket.limit, remaining: bucket.remaining, at };
}
