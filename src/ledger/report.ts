/** What was spent, what was saved: in all, by day, by conversation, by model and by policy. */
import { daysBefore } from "./days.ts";
import { type Amounts, amountsOf } from "./figures.ts";
import { DETAILED_DAYS } from "./roll-up.ts";
import { type Bucket, type Contents, nameOfRow } from "./rows.ts";
import { isSince } from "./totals.ts";

export interface Report {
  /** The first day it tells of; null: all there are. */
  readonly since: string | null;
  /** Today. */
  readonly until: string;
  /** The first day of which anything is known, before `since` or not; null: nothing at all is. */
  readonly earliest: string | null;
  readonly total: Amounts;
  /** The last first; a `day` of long ago is a month, as `2026-11`. */
  readonly days: readonly (Amounts & { readonly day: string })[];
  /** From here on conversations are told apart. */
  readonly conversationsSince: string;
  /** What cost most first; the last, without an id, is all others. */
  readonly conversations: readonly (Amounts & { readonly conversationId: string | null })[];
  readonly models: readonly (Amounts & { readonly model: string | null })[];
  /** A `policy` of null: nothing was being warmed. */
  readonly policies: readonly (Amounts & { readonly policy: string | null })[];
}

/** @param days the first and the last day */
export function reportOf(
  { rows, merged, names }: Contents,
  { since, until }: { readonly since: string | null; readonly until: string },
): Report {
  const all = [
    ...rows.map((row) => ({ period: row.day, conversationId: nameOfRow(row, names), buckets: row.buckets })),
    ...merged.map(({ period, buckets }) => ({ period, conversationId: undefined, buckets })),
  ];
  const told = all.filter(({ period }) => isSince(period, since));
  const flat = told.flatMap(({ buckets, ...of }) => buckets.map((bucket) => ({ ...of, ...bucket })));
  const conversations = flat.filter((entry) => entry.conversationId !== undefined);
  const days = by(flat, ({ period }) => period).map(({ name, ...rest }) => ({ day: name, ...rest }));
  // Each entry is added up three times and not five: there may be thousands.
  const kinds = [...Map.groupBy(flat, ({ model }) => model)].flatMap(([model, ofModel]) =>
    by(ofModel, ({ policy }) => policy).map(({ name, ...figures }) => ({ model, policy: name, figures })),
  );
  const detailed = daysBefore(until, DETAILED_DAYS);
  return {
    since,
    until,
    earliest: all.map(({ period }) => period).toSorted()[0] ?? null,
    total: amountsOf(...days),
    days: days.toSorted((a, b) => (a.day < b.day ? 1 : -1)),
    conversationsSince: since !== null && since > detailed ? since : detailed,
    conversations: by(conversations, ({ conversationId }) => conversationId ?? null)
      .map(({ name, ...rest }) => ({ conversationId: name, ...rest }))
      .toSorted(
        (a, b) =>
          Number(a.conversationId === null) - Number(b.conversationId === null) || b.spentUsd - a.spentUsd,
      ),
    models: by(kinds, ({ model }) => model)
      .map(({ name, ...rest }) => ({ model: name, ...rest }))
      .toSorted(bySpent),
    policies: by(kinds, ({ policy }) => policy)
      .map(({ name, ...rest }) => ({ policy: name, ...rest }))
      .toSorted(bySpent),
  };
}

function by<Entry extends Bucket, Name>(
  entries: readonly Entry[],
  nameOf: (entry: Entry) => Name,
): (Amounts & { name: Name })[] {
  return [...Map.groupBy(entries, nameOf)].map(([name, ofName]) => ({
    name,
    ...amountsOf(...ofName.map(({ figures }) => figures)),
  }));
}

function bySpent(a: Amounts, b: Amounts): number {
  return b.spentUsd - a.spentUsd || b.requestsUsd - a.requestsUsd;
}
