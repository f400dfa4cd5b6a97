/** Takes out of a stored conversation what differs between any two runs. */

/** OpenCode's own ids, and the API's. */
const IDS = /\b(?:ses|msg|prt|toolu|call|per|req)_[A-Za-z0-9]+/g;

export interface NormaliseOptions {
  /** Whether what the cache held counts as a difference. */
  readonly usage: "compared" | "left out";
}

export function normalised(conversation: unknown, { usage }: NormaliseOptions): unknown {
  const names = new Map<string, string>();
  const nameOf = (id: string) => {
    const name = names.get(id) ?? `id-${names.size}`;
    names.set(id, name);
    return name;
  };
  const text = JSON.stringify(conversation, (key, value) => {
    // keepwarm's own setting.
    if (key === "metadata" && value?.keepwarm) return undefined;
    if (key === "slug" || key === "time") return "…";
    if (usage === "left out" && (key === "cache" || key === "cost")) return "…";
    return value;
  });
  return JSON.parse(text.replace(IDS, nameOf));
}
