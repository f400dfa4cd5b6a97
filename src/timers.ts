/** The system's timers, as the warmer wants them: with numbers for ids, and never in the process's way. */
import type { Timers } from "./host.ts";

/** Timers that do not keep the process alive. */
export function systemTimers(): Timers {
  const running = new Map<number, ReturnType<typeof setTimeout>>();
  let lastId = 0;
  return {
    setTimer(fire, delayMs) {
      const id = ++lastId;
      const timer = setTimeout(() => {
        running.delete(id);
        fire();
      }, delayMs);
      // Browsers' and some hosts' timers are plain numbers.
      if (typeof timer === "object") timer.unref?.();
      running.set(id, timer);
      return id;
    },
    clearTimer(id) {
      clearTimeout(running.get(id));
      running.delete(id);
    },
  };
}
