/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly about: string;
  /** A note is worth knowing, and no fault. */
  readonly state: "good" | "note" | "wrong";
  readonly says: string;
  /** What to do about it, where there is something to do. */
  readonly todo?: string;
}

export function good(about: string, says: string): Finding {
  return { about, state: "good", says };
}

export function note(about: string, says: string, todo?: string): Finding {
  return { about, state: "note", says, ...(todo === undefined ? {} : { todo }) };
}

export function wrong(about: string, says: string, todo?: string): Finding {
  return { about, state: "wrong", says, ...(todo === undefined ? {} : { todo }) };
}
