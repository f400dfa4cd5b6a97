/** One load: in time or not at all, and again when that may help. */
import type { Timers } from "../../host.ts";

export interface AttemptRules {
  readonly timeoutMs: number;
  /** Tries after the first. */
  readonly maxRetries: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export interface AttemptDeps {
  readonly timers: Timers;
  /** In [0, 1). */
  readonly random: () => number;
  /** Lets a try begin, a few at once. */
  readonly slot: <T>(run: () => Promise<T>) => Promise<T>;
  /** Told of each try that failed and is followed by another. */
  readonly failed: (error: unknown, attempt: number, retryInMs: number) => void;
}

/** It took longer than it may. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * Resolves with what `load` does in the end. @throws what its last try threw, {@link TimeoutError} for one that took
 * too long, or the signal's reason
 */
export async function attempt<T>(
  load: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  rules: AttemptRules,
  deps: AttemptDeps,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await deps.slot(() => {
        // It may have waited for its turn.
        signal.throwIfAborted();
        return inTime(load, signal, rules.timeoutMs, deps.timers);
      });
    } catch (error) {
      if (signal.aborted || tries >= rules.maxRetries || isPermanent(error)) throw error;
      const delayMs = retryInMs(error, tries, rules, deps.random());
      deps.failed(error, tries + 1, delayMs);
      await waited(delayMs, signal, deps.timers);
    }
  }
}

/** Exponential, up to a half less as jitter, and never less than the other side asked for. */
export function retryInMs(
  error: unknown,
  tries: number,
  { backoffMs, maxBackoffMs }: Pick<AttemptRules, "backoffMs" | "maxBackoffMs">,
  random: number,
): number {
  const backoff = Math.min(maxBackoffMs, backoffMs * 2 ** tries) * (1 - random / 2);
  const asked =
    typeof error === "object" && error !== null && "retryAfterMs" in error ? error.retryAfterMs : 0;
  return Math.round(Math.max(backoff, typeof asked === "number" && Number.isFinite(asked) ? asked : 0));
}

function isPermanent(error: unknown): boolean {
  return typeof error === "object" && error !== null && "permanent" in error && error.permanent === true;
}

/** What ignores its signal is not waited for. */
function inTime<T>(
  load: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  timeoutMs: number,
  timers: Timers,
): Promise<T> {
  const ending = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const giveUp = (reason: unknown) => {
      reject(reason);
      ending.abort(reason);
    };
    const timer = timers.setTimer(
      () => giveUp(new TimeoutError(`it took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    const called = () => giveUp(signal.reason);
    signal.addEventListener("abort", called, { once: true });
    // A function that throws at once is a rejection like any other.
    const loading = (async () => load(ending.signal))();
    loading.then(resolve, reject).finally(() => {
      timers.clearTimer(timer);
      signal.removeEventListener("abort", called);
    });
  });
}

function waited(delayMs: number, signal: AbortSignal, timers: Timers): Promise<void> {
  return new Promise((resolve, reject) => {
    const called = () => {
      timers.clearTimer(timer);
      reject(signal.reason);
    };
    const timer = timers.setTimer(() => {
      signal.removeEventListener("abort", called);
      resolve();
    }, delayMs);
    signal.addEventListener("abort", called, { once: true });
    if (signal.aborted) called();
  });
}
