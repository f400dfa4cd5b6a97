/** Which view is shown: the address bar's fragment says it, so that back, reload and bookmarks work. */
import { computed, signal } from "@preact/signals";
import { type Route, routeOf } from "./address.ts";

const fragment = signal(location.hash);
addEventListener("hashchange", () => {
  fragment.value = location.hash;
});

export const route = computed<Route>(() => routeOf(fragment.value));

/** At once, before the browser says so: the next key is the new view's. */
export function goTo(link: string): void {
  location.hash = link;
  fragment.value = location.hash;
}
