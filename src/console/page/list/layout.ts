/** How a row is laid out at this width, as the style sheet has it, and how high that makes it. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Item } from "./order.ts";

const isPhone = matching("(max-width: 719px)");
const isNarrow = matching("(max-width: 1239px)");

/** A line of a table; two lines; a card. */
export const layout = computed(() => (isPhone.value ? "card" : isNarrow.value ? "pair" : "line"));

/** Before they have been measured, in px. */
const ROW = { line: 57, pair: 93, card: 195 } as const;
const GROUP = 44;
/** One line more of what a row says below its name. */
const LINE = 18;

export function likelyHeight(item: Item | undefined): number {
  if (item?.kind !== "row") return GROUP;
  return ROW[layout.value] + (item.says ? LINE : 0);
}

function matching(query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query);
  const matches = signal(media.matches);
  media.addEventListener("change", () => {
    matches.value = media.matches;
  });
  return matches;
}
