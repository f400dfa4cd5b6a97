/** What the person's warms cost in the last 24 hours, by the hour, so that a limit holds over a restart. */
import type { StorageNamespace } from "../host.ts";

export interface DaySpend {
  /** USD in the last 24 hours, at most an hour too much; null while what was stored has not been read. */
  usd(now: number): number | null;
  /** @param now epoch ms */
  add(usd: number, now: number): void;
}

const KEY = "spent-by-hour";
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

export function createDaySpend(storage?: StorageNamespace): DaySpend {
  const hours = new Map<number, number>();
  let isRead = storage === undefined;
  /** Writes one after the other, so that the last one stays. */
  let writing = Promise.resolve();

  function add(usd: number, hour: number): void {
    if (Number.isFinite(usd) && usd > 0) hours.set(hour, (hours.get(hour) ?? 0) + usd);
  }

  // What cannot be read is not there: a limit must not stop everything for ever because of it.
  storage?.get(KEY).then(
    (raw) => {
      for (const [hour, usd] of parse(raw)) add(usd, hour);
      isRead = true;
    },
    () => {
      isRead = true;
    },
  );

  return {
    usd(now) {
      if (!isRead) return null;
      // The hour that began 24 hours ago counts whole.
      const oldest = Math.floor(now / HOUR_MS) - DAY_HOURS;
      let sum = 0;
      for (const [hour, usd] of hours) {
        if (hour >= oldest) sum += usd;
        else hours.delete(hour);
      }
      return sum;
    },
    add(usd, now) {
      add(usd, Math.floor(now / HOUR_MS));
      if (storage === undefined) return;
      writing = writing
        .then(() => (isRead ? storage.set(KEY, JSON.stringify([...hours])) : undefined))
        // The sum in memory holds; who owns the storage hears of its failures elsewhere.
        .catch(() => {});
    },
  };
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
