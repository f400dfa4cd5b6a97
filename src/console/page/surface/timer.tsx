/** The countdown to the next warm, and the ring that empties with it. */
import { type ReadonlySignal, useComputed } from "@preact/signals";
import { now } from "../shell/clock.ts";
import { countdown } from "../words/time.ts";

/** Circumference of a ring of radius 7. */
const AROUND = 2 * Math.PI * 7;

/** @param left 0–1: what is left of it */
export function Ring({ left }: { readonly left: ReadonlySignal<number> }) {
  const offset = useComputed(() => AROUND * (1 - Math.min(1, Math.max(0, left.value))));
  return (
    <svg class="ring" viewBox="0 0 18 18" aria-hidden="true">
      <circle class="ring-rest" cx="9" cy="9" r="7" />
      <circle class="ring-left" cx="9" cy="9" r="7" stroke-dasharray={AROUND} stroke-dashoffset={offset} />
    </svg>
  );
}

/** @param to epoch ms */
export function Countdown({ to }: { readonly to: number }) {
  const text = useComputed(() => (to > now.value ? countdown(to - now.value) : "due"));
  return <span class="countdown">{text}</span>;
}
