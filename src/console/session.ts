/**
 * What one listener has still to be told, whatever happens meanwhile: of each thing that it has changed, and not
 * how often. So it stays small however slowly its listener reads, and goes on when the listener comes back.
 */
import type { HistoryEntry } from "../hub/index.ts";

/** What there is one of. */
export type Thing = (typeof THINGS)[number];
export const THINGS = ["gateway", "totals", "settings", "health"] as const;

export interface HistoryNews {
  readonly conversationId: string;
  readonly entry: HistoryEntry;
}

/** Something to tell. Conversations that turn out to be gone are told as gone. */
export type Telling =
  | { readonly kind: "snapshot" | "live" }
  | { readonly kind: "conversations"; readonly ids: readonly string[] }
  | { readonly kind: "thing"; readonly thing: Thing }
  | { readonly kind: "history"; readonly entries: readonly HistoryNews[] };

interface Told {
  readonly number: number;
  readonly telling: Telling;
}

/** Conversations told at once: a page draws them in one go, and the gateway's own work waits no longer. */
const MOST_AT_ONCE = 25;
/** Events that may have been lost on their way, and are told again to who comes back. */
const MOST_TOLD = 64;
const MOST_ENTRIES_AT_ONCE = 100;
/** History that waits to be told; beyond it everything is told again. */
const MOST_HISTORY = 1_000;

export class Session {
  readonly #changed = new Set<string>();
  readonly #things = new Set<Thing>();
  #history: HistoryNews[] = [];
  /** Of the snapshot, those not told yet; null once it is complete. */
  #untold: string[] | null = null;
  #isToBegin = true;
  #number = 0;
  #told: Told[] = [];

  /** Whether there is anything to tell. */
  get isBehind(): boolean {
    const { size } = this.#changed;
    return this.isInSnapshot || size > 0 || this.#things.size > 0 || this.#history.length > 0;
  }

  /** It tells the whole state, which must not take longer than it has to. */
  get isInSnapshot(): boolean {
    return this.#isToBegin || this.#untold !== null;
  }

  changed(conversationId: string): void {
    this.#changed.add(conversationId);
  }

  thing(thing: Thing): void {
    this.#things.add(thing);
  }

  happened(news: HistoryNews): void {
    this.#history.push(news);
    // It has missed some: whoever shows a history asks for it again then.
    if (this.#history.length > MOST_HISTORY) this.beginAnew();
  }

  /** Tells everything again, from the beginning. */
  beginAnew(): void {
    this.#history = [];
    this.#isToBegin = true;
    this.#untold = null;
  }

  /**
   * Goes on after the event of this number, the last one that has arrived. False: what was told since is not
   * known any more.
   */
  resumeAfter(number: number): boolean {
    const first = this.#number - this.#told.length;
    if (this.isInSnapshot || number > this.#number || number < first) return false;
    const lost = this.#told.filter((told) => told.number > number);
    this.#told = this.#told.filter((told) => told.number <= number);
    for (const { telling } of lost) {
      if (telling.kind === "conversations") for (const id of telling.ids) this.#changed.add(id);
      if (telling.kind === "thing") this.#things.add(telling.thing);
    }
    const again = lost.flatMap(({ telling }) => (telling.kind === "history" ? telling.entries : []));
    this.#history.unshift(...again);
    return true;
  }

  /**
   * What to tell next; null where there is nothing.
   *
   * @param ids of all conversations there are, asked for where everything is told
   */
  next(ids: () => readonly string[]): { readonly telling: Telling; readonly number: number | null } | null {
    if (this.#isToBegin) return { telling: this.#begin(ids), number: null };
    if (this.#untold !== null) {
      const some = this.#untold.splice(0, MOST_AT_ONCE);
      if (some.length > 0) return { telling: { kind: "conversations", ids: some }, number: null };
      this.#untold = null;
      return this.#tell({ kind: "live" });
    }
    const telling = this.#news();
    return telling && this.#tell(telling);
  }

  #begin(ids: () => readonly string[]): Telling {
    this.#isToBegin = false;
    this.#untold = [...ids()];
    // Who has heard part of it, and comes back, begins anew.
    this.#number += 1;
    // All of that is told with the rest.
    this.#changed.clear();
    this.#things.clear();
    this.#history = [];
    this.#told = [];
    return { kind: "snapshot" };
  }

  #news(): Telling | null {
    // What happened before what became of it: an entry is there when its conversation is drawn.
    if (this.#history.length > 0) {
      return { kind: "history", entries: this.#history.splice(0, MOST_ENTRIES_AT_ONCE) };
    }
    if (this.#changed.size > 0) {
      return { kind: "conversations", ids: this.#takeChanged() };
    }
    const [thing] = this.#things;
    if (thing === undefined) return null;
    this.#things.delete(thing);
    return { kind: "thing", thing };
  }

  /** Those that changed first, so that none waits for ever. */
  #takeChanged(): readonly string[] {
    const ids: string[] = [];
    for (const id of this.#changed) {
      ids.push(id);
      this.#changed.delete(id);
      if (ids.length === MOST_AT_ONCE) break;
    }
    return ids;
  }

  #tell(telling: Telling): { readonly telling: Telling; readonly number: number } {
    this.#number += 1;
    this.#told.push({ number: this.#number, telling });
    if (this.#told.length > MOST_TOLD) this.#told.shift();
    return { telling, number: this.#number };
  }
}
