/**
 * How the ledger lies in its storage.
 *
 * Each process writes rows of its own, one a day and conversation, each written whole with every booking: so
 * nothing is added twice, whoever is killed when. Days that are over long since are merged into one row
 * (roll-up.ts). What merges others names them, and they do not count any more, removed or not.
 */
import * as z from "zod/mini";
import type { StorageNamespace } from "../host.ts";
import { type Figures, packed, sum, unpacked } from "./figures.ts";

/** As much of a storage as reading needs. */
export type Readable = Pick<StorageNamespace, "get" | "keys">;

/** What was booked on one model under one policy. */
export interface Bucket {
  /** Null: not known. */
  readonly model: string | null;
  /** Null: nothing was being warmed. */
  readonly policy: string | null;
  readonly figures: Figures;
}

/** A row of one writer. */
export interface Row {
  readonly key: string;
  readonly day: string;
  readonly writer: string;
  /** Which of the writer's conversations that day; 0: those that have no name here. */
  readonly conversation: number;
  readonly buckets: readonly Bucket[];
}

/** A row made of others. */
export interface Merged {
  readonly key: string;
  /** A day, or a month. */
  readonly period: string;
  /** What it is made of: writers of a day, or days of a month. */
  readonly from: readonly string[];
  readonly buckets: readonly Bucket[];
}

export const PREFIX = "ledger:";
const ROWS = `${PREFIX}row:`;
const NAMES = `${PREFIX}name:`;
export const DAYS = `${PREFIX}day:`;
export const MONTHS = `${PREFIX}month:`;

/** Of those without a name. */
export const UNNAMED = 0;

/** More models and policies than this in one row are told together. */
const MOST_BUCKETS = 32;

export function rowKey(day: string, writer: string, conversation: number): string {
  return `${ROWS}${day}:${writer}:${conversation}`;
}

/** Where a row's conversation is named: apart from its figures, so that it can be forgotten without them. */
export function nameKey(day: string, writer: string, conversation: number): string {
  return `${NAMES}${day}:${writer}:${conversation}`;
}

/** Whether a key is of one writer alone, and not of what several made together. */
export function isOfOneWriter(key: string): boolean {
  return /^ledger:(row|name):\d{4}-\d\d-\d\d:[a-z0-9]{1,16}:\d{1,6}$/.test(key);
}

/** Whether it names a conversation, and holds no figures. */
export function isName(key: string): boolean {
  return key.startsWith(NAMES);
}

export function encodeBuckets(buckets: readonly Bucket[], from?: readonly string[]): string {
  const by = buckets.map(({ model, policy, figures }) => ({ model, policy, ...packed(figures) }));
  return JSON.stringify(from === undefined ? { by } : { from, by });
}

const text = z.catch(z.nullable(z.string()), null);
const bucket = z.looseObject({ model: text, policy: text });
const storedRow = z.looseObject({
  from: z.catch(z.array(z.string()), []),
  by: z.catch(z.array(bucket), []),
});

function decoded(value: string | null): Stored | null {
  if (value === null) return null;
  try {
    const { from, by } = storedRow.parse(JSON.parse(value));
    return {
      from,
      buckets: by.map(({ model, policy, ...rest }) => ({ model, policy, figures: unpacked(rest) })),
    };
  } catch {
    // Damaged, or of a version that writes otherwise: left as it is.
    return null;
  }
}

/** The buckets with one of these more. */
export function withBooking(buckets: readonly Bucket[], booking: Bucket): readonly Bucket[] {
  return mergedBuckets([buckets, [booking]]);
}

/** One bucket for each model and policy. */
export function mergedBuckets(all: Iterable<readonly Bucket[]>): readonly Bucket[] {
  const merged = new Map<string, Bucket>();
  for (const buckets of all) {
    for (const one of buckets) {
      const own = bucketName(one);
      const isFull = merged.size >= MOST_BUCKETS && !merged.has(own);
      const { model, policy } = isFull ? { model: null, policy: null } : one;
      const name = isFull ? bucketName({ model, policy }) : own;
      const before = merged.get(name);
      merged.set(name, { model, policy, figures: before ? sum(before.figures, one.figures) : one.figures });
    }
  }
  return [...merged.values()];
}

function bucketName({ model, policy }: Pick<Bucket, "model" | "policy">): string {
  return JSON.stringify([model, policy]);
}

/** Rows of writers, counted elsewhere or not: of all days, or of those wanted. */
export async function readRows(
  storage: Readable,
  isWanted: (day: string) => boolean = () => true,
  pause: Pause = pausing(),
): Promise<Row[]> {
  const rows = new Map<string, Omit<Row, "buckets">>();
  for (const key of await storage.keys(ROWS)) {
    const [, , day = "", writer = "", conversation = ""] = key.split(":");
    if (!/^\d{4}-\d\d-\d\d$/.test(day) || !isWanted(day)) continue;
    rows.set(key, { key, day, writer, conversation: Number(conversation) });
  }
  return readAll(storage, rows, (row, { buckets }) => ({ ...row, buckets }), pause);
}

/** @param prefix {@link DAYS} or {@link MONTHS} */
export async function readMerged(
  storage: Readable,
  prefix: string,
  isWanted: (period: string) => boolean = () => true,
  pause: Pause = pausing(),
): Promise<Merged[]> {
  const merged = new Map<string, Pick<Merged, "key" | "period">>();
  for (const key of await storage.keys(prefix)) {
    const period = key.slice(prefix.length);
    if (isWanted(period)) merged.set(key, { key, period });
  }
  return readAll(storage, merged, (one, row) => ({ ...one, ...row }), pause);
}

type Stored = Pick<Merged, "from" | "buckets">;

/** Those that are still there and can be read. */
async function readAll<Of, Whole>(
  storage: Readable,
  of: ReadonlyMap<string, Of>,
  whole: (of: Of, stored: Stored) => Whole,
  pause: Pause,
): Promise<Whole[]> {
  const all: Whole[] = [];
  for (const [key, one] of of) {
    await pause();
    // Null as well when it has been merged and removed meanwhile.
    const stored = decoded(await storage.get(key));
    if (stored !== null) all.push(whole(one, stored));
  }
  return all;
}

/** So many reads take about a millisecond. */
const READS_AT_A_TIME = 50;

/** To be waited for before each read: a store that answers at once would hold up the whole program until the last. */
type Pause = () => Promise<void>;

function pausing(onReads: (reads: number) => void = () => {}): Pause {
  let reads = 0;
  return async () => {
    reads += 1;
    if (reads % READS_AT_A_TIME !== 0) return;
    onReads(reads);
    await new Promise((resolve) => setTimeout(resolve));
  };
}

/** The names that are known, by row: `2026-11-20:writer:1`. */
async function readNames(storage: Readable, pause: Pause = pausing()): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const key of await storage.keys(NAMES)) {
    await pause();
    const name = await storage.get(key);
    if (name !== null) names.set(key.slice(NAMES.length), name);
  }
  return names;
}

export function nameOfRow(
  { day, writer, conversation }: Row,
  names: ReadonlyMap<string, string>,
): string | null {
  return names.get(`${day}:${writer}:${conversation}`) ?? null;
}

/** Removes the name wherever it stands. Resolves with whether it stood anywhere. */
export async function removeName(storage: StorageNamespace, conversationId: string): Promise<boolean> {
  let found = false;
  for (const [row, name] of await readNames(storage)) {
    if (name !== conversationId) continue;
    await storage.delete(NAMES + row);
    found = true;
  }
  return found;
}

/** Also of rows that were never written, because their writer was killed between the two. */
export async function removeNamesBefore(storage: StorageNamespace, day: string): Promise<void> {
  for (const key of await storage.keys(NAMES)) {
    if (key.slice(NAMES.length) < day) await storage.delete(key);
  }
}

/** Everything that counts, once. */
export interface Contents {
  readonly rows: readonly Row[];
  readonly merged: readonly Merged[];
  readonly names: ReadonlyMap<string, string>;
}

export const NO_CONTENTS: Contents = Object.freeze({ rows: [], merged: [], names: new Map() });

/** @param onProgress told of the share that is read, 0–1, now and then */
export async function readContents(
  storage: Readable,
  onProgress?: (share: number) => void,
): Promise<Contents> {
  const inAll = onProgress === undefined ? 0 : (await storage.keys(PREFIX)).length;
  const pause = pausing((reads) => onProgress?.(Math.min(1, reads / inAll)));
  // In this order: what is merged away while we read is found again where it was merged into, and a row that
  // is there has its name.
  const rows = await readRows(storage, () => true, pause);
  const days = await readMerged(storage, DAYS, () => true, pause);
  const months = await readMerged(storage, MONTHS, () => true, pause);
  const names = await readNames(storage, pause);
  const inDays = new Map(days.map(({ period, from }) => [period, new Set(from)]));
  const inMonths = new Set(months.flatMap(({ from }) => from));
  return {
    rows: rows.filter(({ day, writer }) => !inDays.get(day)?.has(writer) && !inMonths.has(day)),
    merged: [...days.filter(({ period }) => !inMonths.has(period)), ...months],
    names,
  };
}
