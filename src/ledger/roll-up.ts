/**
 * Keeps the ledger small: days that are over long since become one row each, without conversations, and old
 * days one row a month.
 *
 * Nothing locks. What is merged is written by nobody any more, so that all who merge it at once come to the
 * same row. In this order: read all of it; stop if the merged row is there; write that row; only then remove
 * what is in it. Whoever read too little because another had begun to remove finds the other's row and stops.
 */
import type { StorageNamespace } from "../host.ts";
import { daysBefore, monthOf } from "./days.ts";
import {
  DAYS,
  encodeBuckets,
  MONTHS,
  mergedBuckets,
  readMerged,
  readRows,
  removeNamesBefore,
} from "./rows.ts";

/** How long conversations are told apart, in days before today. */
export const DETAILED_DAYS = 7;

/** How long days are told apart. */
export const DAILY_DAYS = 400;

/** @param today as its person counts */
export async function rollUp(storage: StorageNamespace, today: string): Promise<void> {
  const oldest = daysBefore(today, DETAILED_DAYS);
  const rows = await readRows(storage, (day) => day < oldest);
  for (const [day, ofDay] of Map.groupBy(rows, (row) => row.day)) {
    const from = [...new Set(ofDay.map(({ writer }) => writer))];
    const known = await mergeInto(storage, DAYS + day, from, ofDay);
    for (const row of ofDay) {
      // Of a writer who was late: it stays as it is, and is counted as it is.
      if (known.has(row.writer)) await storage.delete(row.key);
    }
  }
  await removeNamesBefore(storage, oldest);
  await rollUpMonths(storage, daysBefore(today, DAILY_DAYS));
}

async function rollUpMonths(storage: StorageNamespace, oldest: string): Promise<void> {
  const days = await readMerged(storage, DAYS, (day) => monthOf(day) < monthOf(oldest));
  for (const [month, ofMonth] of Map.groupBy(days, ({ period }) => monthOf(period))) {
    const from = ofMonth.map(({ period }) => period);
    const known = await mergeInto(storage, MONTHS + month, from, ofMonth);
    for (const { period, key } of ofMonth) if (known.has(period)) await storage.delete(key);
  }
}

/** Resolves with what the merged row is made of. */
async function mergeInto(
  storage: StorageNamespace,
  key: string,
  from: readonly string[],
  parts: readonly { readonly buckets: Parameters<typeof encodeBuckets>[0] }[],
): Promise<ReadonlySet<string>> {
  const [there] = await readMerged(storage, key);
  if (there) return new Set(there.from);
  const buckets = mergedBuckets(parts.map((part) => part.buckets));
  await storage.set(key, encodeBuckets(buckets, from));
  return new Set(from);
}
