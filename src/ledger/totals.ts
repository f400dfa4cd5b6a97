/**
 * The sums as far as they are known without asking the storage, for who shows them and asks often: what was
 * stored when it was last read, and all that was booked here.
 */
import { type Amounts, amountsOf, type Figures, NOTHING, sum } from "./figures.ts";
import type { Bucket, Contents } from "./rows.ts";

export interface Totals {
  /** Of all its `days`. */
  readonly whole: Amounts;
  /** The last first; a `day` of long ago is a month, as `2026-11`. */
  readonly days: readonly (Amounts & { readonly day: string })[];
  /** Those that were warmed and are told apart, whatever the days; what cost most first. */
  readonly conversations: readonly (Amounts & { readonly conversationId: string })[];
}

export interface Running {
  book(day: string, figures: Figures): void;
  /** What the storage holds now. @param isOwn whether a writer is this process */
  read(contents: Contents, isOwn: (writer: string) => boolean): void;
  /** The last first. @param since the first day; null: from the beginning */
  days(since: string | null): readonly (Amounts & { readonly day: string })[];
}

export function createRunning(): Running {
  const own = new Map<string, Figures>();
  let others = new Map<string, Figures>();

  return {
    book: (day, figures) => add(own, day, figures),
    read({ rows, merged }, isOwn) {
      others = new Map();
      // Its own are known already, and may have grown since they were read.
      for (const { day, writer, buckets } of rows) if (!isOwn(writer)) add(others, day, figuresIn(buckets));
      for (const { period, from, buckets } of merged) {
        add(others, period, figuresIn(buckets));
        // What of its own was merged with that of others is told by that row from now on.
        if (from.some(isOwn)) own.delete(period);
        for (const day of from) own.delete(day);
      }
    },
    days(since) {
      const periods = [...new Set([...own.keys(), ...others.keys()])].filter((period) =>
        isSince(period, since),
      );
      return periods
        .toSorted((a, b) => (a < b ? 1 : -1))
        .map((day) => ({ day, ...amountsOf(own.get(day) ?? NOTHING, others.get(day) ?? NOTHING) }));
    },
  };
}

/** A month counts as a whole: its days are not known any more. */
export function isSince(period: string, since: string | null): boolean {
  return since === null || period >= since.slice(0, period.length);
}

function figuresIn(buckets: readonly Bucket[]): Figures {
  return sum(...buckets.map(({ figures }) => figures));
}

function add(to: Map<string, Figures>, period: string, figures: Figures): void {
  to.set(period, sum(to.get(period) ?? NOTHING, figures));
}
