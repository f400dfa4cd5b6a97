/** One clock for the whole page, the gateway's, so that every countdown moves at once. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { clockOffsetMs } from "../link/known.ts";

const SECOND = 1_000;

const ticking = signal(Date.now());
/** Epoch ms by the gateway's clock, by the second. */
export const now: ReadonlySignal<number> = ticking;

let timer: ReturnType<typeof setTimeout> | undefined;

function tick(): void {
  clearTimeout(timer);
  const at = Date.now() + clockOffsetMs.peek();
  ticking.value = at;
  // At the second, so that all pages move together. One that nobody sees need not move.
  if (!document.hidden) timer = setTimeout(tick, SECOND - (at % SECOND) + 1);
}

document.addEventListener("visibilitychange", tick);
clockOffsetMs.subscribe(tick);
