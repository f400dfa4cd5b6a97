/** The marks of the timeline, as the same shapes in its legend and in the history: never told apart by colour alone. */
import type { Happened } from "./happened.ts";

export type MarkName = Happened["mark"];

/** On a grid of 12. */
export const MARK_PATHS: Readonly<Record<MarkName, string>> = {
  turn: "M6 2a4 4 0 1 1 0 8a4 4 0 1 1 0-8Z",
  return: "M6 1.200l1.500 3.100 3.400.5-2.450 2.400.6 3.400L6 9l-3.050 1.600.6-3.400L1.100 4.800l3.400-.5Z",
  warm: "M6 1.500 10.500 6 6 10.500 1.500 6Z",
  miss: "M2.500 2.500l7 7M9.500 2.500l-7 7",
  end: "M2.500 2.500h7v7h-7Z",
  switch: "M6 1.500v9",
};

export const MARK_COLOURS: Readonly<Record<MarkName, string>> = {
  turn: "live",
  return: "gain",
  warm: "warm",
  miss: "loss",
  end: "lapse",
  switch: "edge",
};

/** Drawn as lines, not filled. */
export const LINE_MARKS: ReadonlySet<MarkName> = new Set(["miss", "switch"]);

export function Mark({ name }: { readonly name: MarkName }) {
  return (
    <svg class="mark" data-mark={name} viewBox="0 0 12 12" aria-hidden="true">
      <path d={MARK_PATHS[name]} />
    </svg>
  );
}

const LEGEND: readonly (readonly [MarkName, string])[] = [
  ["turn", "turn"],
  ["return", "rescued return"],
  ["warm", "warm"],
  ["miss", "failed, or found nothing"],
  ["end", "lapsed or stopped"],
];

export function Legend({ present }: { readonly present: ReadonlySet<MarkName> }) {
  return (
    <ul class="legend" aria-label="Legend">
      <li>
        <span class="legend-band" aria-hidden="true" /> life left of the cache entry
      </li>
      {LEGEND.filter(([name]) => present.has(name)).map(([name, text]) => (
        <li key={name}>
          <Mark name={name} /> {text}
        </li>
      ))}
    </ul>
  );
}
