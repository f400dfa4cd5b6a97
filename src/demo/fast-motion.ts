/** Clocks that run faster than the world's, so that minutes can be watched. */
import type { KeepwarmOptions } from "../hosts/sdk/index.ts";
import { systemTimers } from "../timers.ts";

/** @param times seconds that one second stands for */
export function inFastMotion(times: number): Pick<KeepwarmOptions, "now" | "monotonicNow" | "timers"> {
  const { setTimer, clearTimer } = systemTimers();
  const startedAt = Date.now();
  return {
    now: () => startedAt + (Date.now() - startedAt) * times,
    monotonicNow: () => performance.now() * times,
    timers: { setTimer: (fire, delayMs) => setTimer(fire, delayMs / times), clearTimer },
  };
}
