/** What pre-warms cost in the last 24 hours: each process its own rows, so that nobody's are lost. */
import type { StorageNamespace } from "../host.ts";

export interface Spend {
  /** USD in the last 24 hours, at most an hour too much, with what is under way. */
  usd(now: number): number;
  /** Holds so much back until it is known what it was. Returns what settles it, at that moment and that amount. */
  reserve(usd: number): (usd: number, now: number) => void;
  /** Reads what others have spent. Rejects when the storage does. */
  refresh(now: number): Promise<void>;
  /** Resolves once all is stored. */
  stored(): Promise<void>;
}

const PREFIX = "spent:";
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** @param writer this process: no other writes its rows */
export function createSpend(storage: StorageNamespace, writer: string): Spend {
  const own = new Map<number, number>();
  let others = new Map<number, number>();
  let reservedUsd = 0;
  let writing = Promise.resolve();

  return {
    usd(now) {
      // The hour that began 24 hours ago counts whole; one of the future was another clock's, and counts too.
      const oldest = Math.floor(now / HOUR_MS) - DAY_HOURS;
      const since = (hours: ReadonlyMap<number, number>) =>
        [...hours].reduce((sum, [hour, usd]) => sum + (hour >= oldest ? usd : 0), 0);
      return since(own) + since(others) + reservedUsd;
    },
    reserve(usd) {
      reservedUsd += usd;
      return (spentUsd, now) => {
        reservedUsd = Math.max(0, reservedUsd - usd);
        if (!(spentUsd > 0)) return;
        const hour = Math.floor(now / HOUR_MS);
        own.set(hour, (own.get(hour) ?? 0) + spentUsd);
        writing = writing
          .then(() => storage.set(`${PREFIX}${hour}:${writer}`, String(own.get(hour))))
          // The sum in memory holds; who owns the storage hears of its failures elsewhere.
          .catch(() => {});
      };
    },
    async refresh(now) {
      const oldest = Math.floor(now / HOUR_MS) - DAY_HOURS;
      const read = new Map<number, number>();
      for (const key of await storage.keys(PREFIX)) {
        const [hour = "", by] = key.slice(PREFIX.length).split(":");
        if (Number(hour) < oldest) {
          await storage.delete(key);
          continue;
        }
        if (by === writer) continue;
        const usd = Number(await storage.get(key));
        if (Number.isFinite(usd)) read.set(Number(hour), (read.get(Number(hour)) ?? 0) + usd);
      }
      others = read;
    },
    stored: () => writing,
  };
}
