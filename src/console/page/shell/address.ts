/** Views as addresses: what stands behind the `#`. */

export type Route =
  | { readonly view: "list" }
  | { readonly view: "conversation"; readonly id: string }
  | { readonly view: "totals" }
  | { readonly view: "settings" };

export const LIST_LINK = "#/";
export const TOTALS_LINK = "#/totals";
export const SETTINGS_LINK = "#/settings";

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

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
