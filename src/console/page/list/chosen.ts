/** What the list shows, as its person chose: search and group for now, the order for good. */
import { computed, signal } from "@preact/signals";
import type { Group } from "../../../hub/views/index.ts";
import { conversations } from "../link/known.ts";
import { kept } from "../shell/kept.ts";
import { counts, found, itemsOf, ORDERS, type Order } from "./order.ts";

export const search = signal("");
/** Somebody wants to type a search, from wherever they are. */
export const isSearchWanted = signal(false);
export const only = signal<Group | null>(null);
export const order = kept("order", "due", (text): text is Order => ORDERS.some((one) => one === text));

export const countOfAll = computed(() => conversations().length);
const matching = computed(() => found(conversations(), search.value));
/** Of those that the search finds. */
export const groupCounts = computed(() => counts(matching.value));
export const items = computed(() => itemsOf(matching.value, order.value, only.value));

/** The conversations shown, from top to bottom. */
export const shownIds = computed(() => items.value.flatMap((item) => (item.kind === "row" ? [item.id] : [])));
