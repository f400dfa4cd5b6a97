/**
 * What the person's warms cost in the last 24 hours, by the hour, so that a limit holds over a restart, and over all
 * processes that share the storage: each has an entry of its own there, and reads those of all.
 */
import type { StorageNamespace } from "../host.ts";

export interface DaySpend {
  /** USD in the last 24 hours, at most an hour too much; null while what was stored has not been read. */
  usd(now: number): number | null;
  /** Whether others may have spent something since they were read last; they are read again then. */
  isStale(now: number): boolean;
  /** @param now epoch ms */
  add(usd: number, now: number): void;
  /** Resolves once all of it is stored. */
  stored(): Promise<void>;
}

type Hours = readonly (readonly [hour: number, usd: number])[];

const PREFIX = "spent-by-hour:";
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** For so long, in ms, what others have spent is known well enough. */
const KNOWN_FOR_MS = 30_000;

export function createDaySpend(storage?: StorageNamespace): DaySpend {
  const key = `${PREFIX}${Math.random().toString(36).slice(2)}`;
  const own = new Map<number, number>();
  let others: Hours | null = storage === undefined ? [] : null;
  /** Epoch ms; null until somebody who knows the time asks for the first time. */
  let readAt: number | null = null;
  let isReading = false;
  /** Writes one after the other, so that the last one stays. */
  let writing = Promise.resolve();

  function read(from: StorageNamespace, oldest: number): void {
    if (isReading) return;
    isReading = true;
    readOthers(from, key, oldest)
      .then((found) => {
        others = found;
      })
      // What cannot be read is not there: a limit must not stop everything for ever because of it.
      .catch(() => {
        others ??= [];
      })
      .finally(() => {
        isReading = false;
      });
  }

  // Nothing is too old yet, because nobody has said what time it is.
  if (storage !== undefined) read(storage, Number.NEGATIVE_INFINITY);

  return {
    usd(now) {
      if (others === null) return null;
      const oldest = oldestHour(now);
      for (const hour of own.keys()) if (hour < oldest) own.delete(hour);
      return sumSince(oldest, [...own, ...others]);
    },
    isStale(now) {
      if (storage === undefined) return false;
      readAt ??= now;
      if (isReading) return true;
      if (Math.abs(now - readAt) < KNOWN_FOR_MS) return false;
      readAt = now;
      read(storage, oldestHour(now));
      return true;
    },
    add(usd, now) {
      if (!(Number.isFinite(usd) && usd > 0)) return;
      const hour = Math.floor(now / HOUR_MS);
      own.set(hour, (own.get(hour) ?? 0) + usd);
      if (storage === undefined) return;
      writing = writing
        .then(() => storage.set(key, JSON.stringify([...own])))
        // The sum in memory holds; who owns the storage hears of its failures elsewhere.
        .catch(() => {});
    },
    stored: () => writing,
  };
}

/** The hour that began 24 hours ago counts whole. */
function oldestHour(now: number): number {
  return Math.floor(now / HOUR_MS) - DAY_HOURS;
}

function sumSince(oldest: number, hours: Hours): number {
  let sum = 0;
  for (const [hour, usd] of hours) if (hour >= oldest) sum += usd;
  return sum;
}

/** Of those before and beside this process; what nobody counts any more is removed. */
async function readOthers(storage: StorageNamespace, own: string, oldest: number): Promise<Hours> {
  const all: (readonly [number, number])[] = [];
  for (const key of await storage.keys(PREFIX)) {
    if (key === own) continue;
    const hours = parse(await storage.get(key));
    if (hours.some(([hour]) => hour >= oldest)) all.push(...hours);
    else await storage.delete(key);
  }
  return all;
}

function parse(raw: string | null): [hour: number, usd: number][] {
  try {
    const value: unknown = JSON.parse(raw ?? "[]");
    if (!Array.isArray(value)) return [];
    return value.filter(
      (row): row is [number, number] => Array.isArray(row) && row.every((part) => typeof part === "number"),
    );
  } catch {
    return [];
  }
}
