/** Which conversations are shown, and in which order. */
import type { ConversationView } from "../../../hub/views/index.ts";
import { GROUPS, type Group, groupOf } from "../../../hub/views/index.ts";
import { LOCALES } from "../words/locale.ts";
import { programOf, titleOf } from "./title.ts";

export const ORDERS = ["due", "turn", "title", "prefix", "net", "return"] as const;
export type Order = (typeof ORDERS)[number];

export const ORDER_TITLES: Readonly<Record<Order, string>> = {
  due: "Next warm",
  turn: "Last turn",
  title: "Name",
  prefix: "Prefix",
  net: "Net",
  return: "Cost of a cold return",
};

type Compare = (a: ConversationView, b: ConversationView) => number;

const byTurn: Compare = (a, b) => (b.lastTurnAt ?? 0) - (a.lastTurnAt ?? 0);
const collator = new Intl.Collator(LOCALES, { numeric: true, sensitivity: "base" });
const NEVER = Number.MAX_SAFE_INTEGER;

const COMPARE: Readonly<Record<Order, Compare>> = {
  due: (a, b) => (a.nextWarmAt ?? NEVER) - (b.nextWarmAt ?? NEVER),
  turn: byTurn,
  title: (a, b) => collator.compare(titleOf(a), titleOf(b)),
  prefix: (a, b) => (b.prefixTokens ?? -1) - (a.prefixTokens ?? -1),
  net: (a, b) => (b.money?.netUsd ?? 0) - (a.money?.netUsd ?? 0),
  return: (a, b) => (b.returnUsd?.cold ?? 0) - (a.returnUsd?.cold ?? 0),
};

/** Ties by the last turn, then by id, so that rows do not jump about. */
export function ordered(views: readonly ConversationView[], order: Order): ConversationView[] {
  const compare = COMPARE[order];
  return views.toSorted((a, b) => compare(a, b) || byTurn(a, b) || (a.id < b.id ? -1 : 1));
}

/** @param text words of which each must occur somewhere in what its row says */
export function found(views: readonly ConversationView[], text: string): readonly ConversationView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return views;
  return views.filter((view) => {
    const { id, folder, cwd, modelName, why, keepWarm } = view;
    const said = [id, folder, cwd, modelName, programOf(view), why, keepWarm, groupOf(view)]
      .join("\n")
      .toLowerCase();
    return words.every((word) => said.includes(word));
  });
}

export type Item =
  | { readonly kind: "group"; readonly group: Group; readonly count: number }
  /** `says` why nothing is warmed, which may take a line more. */
  | { readonly kind: "row"; readonly id: string; readonly says: boolean };

/** Why nothing is being warmed, where that is to be said instead of what the row says otherwise. */
export function reasonOf({ phase, why, nextWarmAt }: ConversationView): string | null {
  const isWell = phase === "generating" || phase === "warming" || (phase === "idle" && nextWarmAt !== null);
  return isWell ? null : why;
}

/** What is shown, from top to bottom. @param only one group; null: all */
export function itemsOf(views: readonly ConversationView[], order: Order, only: Group | null): Item[] {
  const groups = Map.groupBy(ordered(views, order), groupOf);
  return GROUPS.flatMap((group): Item[] => {
    const members = groups.get(group);
    if (members === undefined || (only !== null && only !== group)) return [];
    return [
      { kind: "group", group, count: members.length },
      ...members.map((view): Item => ({ kind: "row", id: view.id, says: reasonOf(view) !== null })),
    ];
  });
}

/** How many there are of each. */
export function counts(views: readonly ConversationView[]): ReadonlyMap<Group, number> {
  const found = new Map<Group, number>();
  for (const view of views) {
    const group = groupOf(view);
    found.set(group, (found.get(group) ?? 0) + 1);
  }
  return found;
}
