/** Calls once for each name, shortly before its prefix lapses, unless traffic keeps it for longer meanwhile. */
import type { Timers } from "../host.ts";
import { marginMs } from "../pure.ts";

export interface BeforeLapse {
  /** @param at epoch ms of its last use. Nothing when it waits already. */
  wait(name: string, ttlMs: number, at: number): void;
  clear(): void;
}

export interface BeforeLapseDeps {
  readonly timers: Timers;
  /** Epoch ms. */
  readonly now: () => number;
  /** Epoch ms at which real traffic last used it; null: not known. */
  readonly usedAt: (name: string) => number | null;
  due(name: string): void;
}

export function createBeforeLapse({ timers, now, usedAt, due }: BeforeLapseDeps): BeforeLapse {
  const waiting = new Map<string, number>();

  function arm(name: string, ttlMs: number, at: number): void {
    const delayMs = Math.max(1, at + ttlMs - marginMs(ttlMs) - now());
    waiting.set(
      name,
      timers.setTimer(() => {
        const lastUsedAt = usedAt(name) ?? at;
        if (lastUsedAt > at) return arm(name, ttlMs, lastUsedAt);
        waiting.delete(name);
        due(name);
      }, delayMs),
    );
  }

  return {
    wait(name, ttlMs, at) {
      if (!waiting.has(name)) arm(name, ttlMs, at);
    },
    clear() {
      for (const timer of waiting.values()) timers.clearTimer(timer);
      waiting.clear();
    },
  };
}
