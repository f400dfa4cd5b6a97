/** Runs something again and again, never twice at once, without keeping the process alive. */
import { Cron } from "croner";
import type { Timers } from "../../host.ts";

/** When something is due. */
export type Schedule =
  | { readonly everyMs: number }
  | { readonly cron: string; readonly timeZone?: string | undefined };

export interface ScheduleDeps {
  readonly timers: Timers;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Why a schedule cannot be kept, as a phrase; null when it can. */
export function objectionTo(schedule: Schedule): string | null {
  if ("everyMs" in schedule) return schedule.everyMs > 0 ? null : "an interval must be above 0";
  try {
    const next = nextCron(schedule, Date.now());
    return next === null ? `the cron expression ${JSON.stringify(schedule.cron)} never comes` : null;
  } catch (error) {
    return `the cron expression ${JSON.stringify(schedule.cron)} cannot be read: ${messageOf(error)}`;
  }
}

/** Epoch ms at which it is due next, after `from`; null: never again. @throws for a cron expression that is none */
export function nextAt(schedule: Schedule, from: number): number | null {
  return "everyMs" in schedule ? from + schedule.everyMs : nextCron(schedule, from);
}

function nextCron({ cron, timeZone }: Extract<Schedule, { cron: string }>, from: number): number | null {
  const pattern = new Cron(cron, { paused: true, ...(timeZone === undefined ? {} : { timezone: timeZone }) });
  return pattern.nextRun(new Date(from))?.getTime() ?? null;
}

/** Timers are 32 bits wide, and wall clocks are set: longer waits look at the clock once a day. */
const LONGEST_WAIT_MS = 86_400_000;

/**
 * Calls `run` when it is due. What falls due while a run is under way is left out. Returns the way to end it.
 *
 * @throws for a cron expression that is none
 */
export function repeat(
  schedule: Schedule,
  run: () => Promise<unknown>,
  { timers, now }: ScheduleDeps,
): () => void {
  let ended = false;
  let timer = 0;
  let isRunning = false;
  let due = nextAt(schedule, now());

  function arm(): void {
    if (ended || due === null) return;
    timer = timers.setTimer(look, Math.max(1, Math.min(due - now(), LONGEST_WAIT_MS)));
  }

  function look(): void {
    if (ended || due === null) return;
    const at = now();
    if (at >= due) {
      // From its due time, so that an interval does not drift; not one run for each that was slept through.
      due = later(nextAt(schedule, due), at);
      if (!isRunning) {
        isRunning = true;
        const over = () => {
          isRunning = false;
        };
        run().then(over, over);
      }
    }
    arm();
  }

  function later(next: number | null, at: number): number | null {
    return next !== null && next <= at ? nextAt(schedule, at) : next;
  }

  arm();
  return () => {
    ended = true;
    timers.clearTimer(timer);
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
