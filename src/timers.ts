/** The system's timers, as the warmer wants them: with numbers for ids, and never in the process's way. */
import type { Timers } from "./host.ts";

/** Longest delay `setTimeout` keeps, in ms; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Timers that do not keep the process alive. A delay beyond 24 days is waited for in pieces. */
export function systemTimers(): Timers {
  const running = new Map<number, ReturnType<typeof setTimeout>>();
  let lastId = 0;

  function wait(id: number, fire: () => void, delayMs: number): void {
    const stepMs = Math.min(Math.max(0, delayMs), LONGEST_MS);
    const timer = setTimeout(() => {
      if (stepMs < delayMs) return wait(id, fire, delayMs - stepMs);
      running.delete(id);
      fire();
    }, stepMs);
    // Browsers' and some hosts' timers are plain numbers.
    if (typeof timer === "object") timer.unref?.();
    running.set(id, timer);
  }

  return {
    setTimer(fire, delayMs) {
      const id = ++lastId;
      wait(id, fire, delayMs);
      return id;
    },
    clearTimer(id) {
      clearTimeout(running.get(id));
      running.delete(id);
    },
  };
}
