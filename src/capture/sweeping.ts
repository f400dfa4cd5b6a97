/** Bodies and credentials are let go of as soon as they have lapsed. */
import type { Disposable, Timers } from "../host.ts";
import type { Instant } from "../pure.ts";
import type { CapturedConversation } from "./captured-conversation.ts";
import type { Conversations } from "./conversations.ts";

export interface SweepingContext {
  readonly conversations: Pick<Conversations, "sweep" | "nextSweepMs">;
  readonly timers: Timers;
  readonly instant: () => Instant;
  /** Its last turn is over, because nobody reads its response. */
  over(conversation: CapturedConversation): void;
}

export interface Sweeping extends Disposable {
  /** Something has changed that may have to be let go of sooner or later. */
  later(): void;
}

/** Least time between two sweeps, in ms. */
const SWEEP_PAUSE_MS = 1_000;

export function createSweeping({ conversations, timers, instant, over }: SweepingContext): Sweeping {
  let timer: number | null = null;
  let disposed = false;

  function later(): void {
    if (timer !== null) timers.clearTimer(timer);
    timer = null;
    const nextMs = conversations.nextSweepMs(instant());
    if (disposed || nextMs === Number.POSITIVE_INFINITY) return;
    // Not before a moment has passed, so that a warm in the air does not make it spin.
    timer = timers.setTimer(sweep, Math.max(SWEEP_PAUSE_MS, nextMs));
  }

  function sweep(): void {
    timer = null;
    for (const conversation of conversations.sweep(instant())) over(conversation);
    later();
  }

  return {
    later,
    dispose() {
      disposed = true;
      if (timer !== null) timers.clearTimer(timer);
    },
  };
}
