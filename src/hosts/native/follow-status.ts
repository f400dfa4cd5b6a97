/** Keeps a status line true on a screen: with each change, and each second while it counts down. */
import type { Timers } from "../../host.ts";

export interface Followed {
  line(): string | null;
  isCounting(): boolean;
  show(line: string | null): void;
  /** Returns the way to end it. */
  subscribe(changed: () => void): () => void;
  readonly timers: Timers;
}

const TICK_MS = 1_000;

/** Returns the way to end it. Nothing is shown twice in a row. */
export function followStatus({ line, isCounting, show, subscribe, timers }: Followed): () => void {
  let shown: string | null | undefined;
  let timer: number | null = null;
  let over = false;

  function draw(): void {
    if (timer !== null) timers.clearTimer(timer);
    timer = null;
    if (over) return;
    const text = line();
    if (text !== shown) {
      shown = text;
      show(text);
    }
    if (isCounting()) timer = timers.setTimer(draw, TICK_MS);
  }

  const unsubscribe = subscribe(draw);
  draw();
  return () => {
    over = true;
    unsubscribe();
    if (timer !== null) timers.clearTimer(timer);
  };
}
