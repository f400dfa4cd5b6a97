/** The places in a status line's format. */

/** Each with what takes its place. */
export const PLACEHOLDERS = {
  line: "what is shown without a format",
  state: "warm, warming, on, lapsed, stopped or off",
  next: "time to the next warm, such as 3:12",
  turn: "share of the last turn's prompt that was read from the cache, in %",
  warm: "the same of the last warm",
  cache: "that of the last warm, or where there was none of the last turn",
  spent: "what its warms cost, such as $0.12",
  saved: "what they saved",
  net: "what they saved, less what they cost",
  name: "what keepwarm status calls it",
  model: "its model",
  every: "its interval, or auto",
  for: "for how long it is kept warm after each turn",
  count: "how many conversations are on",
} as const;

export type Placeholder = keyof typeof PLACEHOLDERS;

const PLACE = /\{(\w*)\}/g;

/** A place that nothing can take; null where there is none. */
export function unknownPlaceholder(format: string): string | null {
  for (const [, name = ""] of format.matchAll(PLACE)) if (!isPlaceholder(name)) return name;
  return null;
}

/** @param values what is not known shows as an en dash */
export function formatted(format: string, values: Readonly<Record<Placeholder, string | null>>): string {
  return format.replace(PLACE, (place, name: string) =>
    isPlaceholder(name) ? (values[name] ?? "–") : place,
  );
}

function isPlaceholder(name: string): name is Placeholder {
  return Object.hasOwn(PLACEHOLDERS, name);
}
