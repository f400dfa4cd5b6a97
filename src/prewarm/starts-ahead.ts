/** Which prefixes are to be warm because an hour is ahead at which people usually begin with them. */
import type { StorageNamespace } from "../host.ts";
import { marginMs } from "../pure.ts";
import type { Judgement } from "./judge.ts";
import { StartingHours } from "./starting-hours.ts";
import { worthOf } from "./worth.ts";

export interface StartsAhead {
  /** Reads what was learned before. Rejects when the storage does. */
  load(): Promise<void>;
  /** A first turn came when nobody was using the prefix. */
  started(name: string, at: number): void;
  /** How many are usual in this hour. */
  expected(name: string, now: number): number;
  /** Whether it is to be warmed now. @param lapsesAt epoch ms at which it lapses, whoever used it; in the past where it has */
  isDue(judgement: Judgement, lapsesAt: number, now: number): boolean;
}

/** How often it is asked, in ms. */
export const LOOK_MS = 20_000;
/** How long before such an hour a prefix is warm, in ms. */
const AHEAD_MS = 120_000;
/** Fewer starts, decayed, make nothing hot. */
export const HOT_STARTS = 3;
const PREFIX = "hours:";
const HOUR_MS = 3_600_000;
/** Only to tell whether two moments are in the same hour. */
const hourOf = (at: number) => Math.floor(at / HOUR_MS);

export function createStartsAhead(storage: StorageNamespace): StartsAhead {
  const hours = new Map<string, StartingHours>();
  /** Starts in the hour of the last one. */
  const begun = new Map<string, { readonly hour: number; readonly starts: number }>();

  return {
    async load() {
      for (const key of await storage.keys(PREFIX)) {
        hours.set(key.slice(PREFIX.length), new StartingHours(await storage.get(key)));
      }
    },
    started(name, at) {
      const known = hours.get(name) ?? new StartingHours();
      hours.set(name, known);
      known.record(at);
      const hour = hourOf(at);
      const before = begun.get(name);
      begun.set(name, { hour, starts: (before?.hour === hour ? before.starts : 0) + 1 });
      // What is learned holds; who owns the storage hears of its failures elsewhere.
      storage.set(PREFIX + name, known.toString()).catch(() => {});
    },
    expected: (name, now) => hours.get(name)?.expected(now) ?? 0,
    isDue({ entry, facts, writeUsd, readUsd }, lapsesAt, now) {
      const known = hours.get(entry.name);
      const ttlMs = facts?.ttlMs ?? null;
      if (known === undefined || ttlMs === null || writeUsd === null || readUsd === null) return false;
      if (!entry.pinned && known.total(now) < HOT_STARTS) return false;
      // It lives until the next look.
      if (lapsesAt - marginMs(ttlMs) > now + LOOK_MS) return false;
      const at = now + AHEAD_MS;
      const already = begun.get(entry.name);
      const seen = already?.hour === hourOf(at) ? already.starts : 0;
      const expectedStarts = Math.max(0, known.expected(at) - seen);
      const isWarm = lapsesAt > now;
      const { latencyUsd } = entry;
      return worthOf({ expectedStarts, writeUsd, readUsd, ttlMs, isWarm, latencyUsd }).isWorthIt;
    },
  };
}
