/** Views as addresses: what stands behind the `#`. */

export type Route =
  | { readonly view: "list" }
  | { readonly view: "conversation"; readonly id: string }
  | { readonly view: "totals" }
  | { readonly view: "settings" }
  | { readonly view: "fleet" }
  | { readonly view: "job"; readonly id: string };

export const LIST_LINK = "#/";
export const TOTALS_LINK = "#/totals";
export const SETTINGS_LINK = "#/settings";
export const FLEET_LINK = "#/fleet";

/** Whatever is not known is the list. */
export function routeOf(hash: string): Route {
  const path = hash.replace(/^#\/?/, "");
  if (path === "totals" || path === "settings" || path === "fleet") return { view: path };
  const job = /^fleet\/([0-9a-f-]{4,36})$/.exec(path)?.[1];
  if (job !== undefined) return { view: "job", id: job };
  const id = /^conversation\/([^/]+)$/.exec(path)?.[1];
  const decoded = id === undefined ? null : decode(id);
  return decoded === null ? { view: "list" } : { view: "conversation", id: decoded };
}

export function jobLink(id: string): string {
  return `${FLEET_LINK}/${id}`;
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
