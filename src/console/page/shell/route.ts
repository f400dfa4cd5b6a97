/** Which view is shown: the address bar's fragment says it, so that back, reload and bookmarks work. */
import { computed, signal } from "@preact/signals";

export type Route =
  | { readonly view: "list" }
  | { readonly view: "conversation"; readonly id: string }
  | { readonly view: "totals" }
  | { readonly view: "settings" };

const fragment = signal(location.hash);
addEventListener("hashchange", () => {
  fragment.value = location.hash;
});

export const route = computed<Route>(() => routeOf(fragment.value));

/** Whatever is not known is the list. */
export function routeOf(hash: string): Route {
  const path = hash.replace(/^#\/?/, "");
  if (path === "totals" || path === "settings") return { view: path };
  const id = /^conversation\/([^/]+)$/.exec(path)?.[1];
  const decoded = id === undefined ? null : decode(id);
  return decoded === null ? { view: "list" } : { view: "conversation", id: decoded };
}

/** Safe with any id: slashes, dots, line breaks, half a surrogate pair. */
export function conversationLink(id: string): string {
  return `#/conversation/${encodeURIComponent(id.toWellFormed())}`;
}

export const LIST_LINK = "#/";
export const TOTALS_LINK = "#/totals";
export const SETTINGS_LINK = "#/settings";

export function goTo(link: string): void {
  location.hash = link;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
