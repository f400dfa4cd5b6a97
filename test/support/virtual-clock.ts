/** Time as a test wants it: a wall clock, a monotonic clock, and timers that fire only when told to. */
import type { Timers } from "../../src/host.ts";

interface Pending {
  readonly fire: () => void;
  /** On the monotonic clock, as a system's timers are. */
  readonly dueMs: number;
  readonly wallDueMs: number;
  readonly delayMs: number;
  readonly owner: "warmer" | "world";
}

export interface VirtualClock {
  now(): number;
  monotonicNow(): number;
  /** For the code under test: what it leaves armed is what {@link liveTimers} counts. */
  readonly timers: Timers;
  /** For the world around it (a storage's or a service's answer): not counted. */
  after(delayMs: number, run: () => void): void;

  /** Time passes and timers fire when they are due; promises are given the chance to settle in between. */
  pass(ms: number): Promise<void>;
  /** The laptop sleeps: only the wall clock goes on, and no timer fires. */
  sleep(ms: number): void;
  /** The process is stopped: both clocks go on, and what fell due fires at the next {@link pass}. */
  stop(ms: number): void;
  /** Somebody sets the wall clock, forward or back. */
  setWall(byMs: number): void;
  /** Fires all timers of the code under test, without moving any clock. */
  flush(): void;

  liveTimers(): number;
  /** Delays that were asked for by the timers still armed, in ms. */
  delays(): readonly number[];
  /** Timers whose moment on the wall clock has come without their firing. */
  lateTimers(): number;
  /** From now on a cleared timer fires all the same, as one does whose callback is already queued. */
  ignoreClears(): void;
}

/** Every promise that can settle without time passing has settled. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await undefined;
}

export function createVirtualClock(wallMs = 1_790_000_000_000): VirtualClock {
  let monotonicMs = 5_000;
  let lastId = 0;
  let clearsCount = true;
  const pending = new Map<number, Pending>();

  function set(owner: Pending["owner"], fire: () => void, delayMs: number): number {
    const id = ++lastId;
    // As setTimeout does, which takes what it cannot keep for 1 ms.
    const waitMs = delayMs >= 1 && delayMs <= 2 ** 31 - 1 ? delayMs : 1;
    pending.set(id, { fire, delayMs, dueMs: monotonicMs + waitMs, wallDueMs: wallMs + waitMs, owner });
    return id;
  }

  function nextDue(byMs: number): [number, Pending] | undefined {
    let next: [number, Pending] | undefined;
    for (const entry of pending) {
      if (entry[1].dueMs <= byMs && (next === undefined || entry[1].dueMs < next[1].dueMs)) next = entry;
    }
    return next;
  }

  const ofWarmer = () => [...pending.values()].filter(({ owner }) => owner === "warmer");

  return {
    now: () => wallMs,
    monotonicNow: () => monotonicMs,
    timers: {
      setTimer: (fire, delayMs) => set("warmer", fire, delayMs),
      clearTimer: (id) => {
        if (clearsCount) pending.delete(id);
      },
    },
    after: (delayMs, run) => void set("world", run, delayMs),

    async pass(ms) {
      const untilMs = monotonicMs + ms;
      await settled();
      for (let next = nextDue(untilMs); next !== undefined; next = nextDue(untilMs)) {
        const [id, { fire, dueMs }] = next;
        const stepMs = Math.max(0, dueMs - monotonicMs);
        monotonicMs += stepMs;
        wallMs += stepMs;
        pending.delete(id);
        fire();
        await settled();
      }
      wallMs += untilMs - monotonicMs;
      monotonicMs = untilMs;
    },
    sleep(ms) {
      wallMs += ms;
    },
    stop(ms) {
      wallMs += ms;
      monotonicMs += ms;
    },
    setWall(byMs) {
      wallMs += byMs;
    },
    flush() {
      for (const [id, { owner, fire }] of [...pending]) {
        if (owner !== "warmer" || !pending.delete(id)) continue;
        fire();
      }
    },

    liveTimers: () => ofWarmer().length,
    delays: () => ofWarmer().map(({ delayMs }) => delayMs),
    lateTimers: () => ofWarmer().filter(({ wallDueMs }) => wallDueMs < wallMs).length,
    ignoreClears() {
      clearsCount = false;
    },
  };
}
