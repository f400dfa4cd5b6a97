/** What pre-warms cost in the last 24 hours: each process its own rows, so that nobody's are lost. */
import type { StorageNamespace } from "../host.ts";

export interface Spend {
  /** USD in the last 24 hours as last known, at most an hour too much, with what is under way. */
  usd(now: number): number;
  /**
   * Holds so much back until it is known what it was, unless that would exceed the cap: looked at and held back in one,
   * whoever else does the same. Rejects when the storage does: then nobody knows what was spent.
   */
  reserve(usd: number, capUsd: number, now: number): Promise<Reservation>;
  /** Reads what others have spent. Rejects when the storage does. */
  refresh(now: number): Promise<void>;
  /** Resolves once all is stored. */
  stored(): Promise<void>;
}

export type Reservation =
  | {
      readonly isHeld: true;
      /** What it was, at that moment. */
      settle(usd: number, now: number): void;
    }
  | {
      readonly isHeld: false;
      /** What is spent or on its way without it. */
      readonly spentUsd: number;
      /** Where the cap is another than the one that was asked with. */
      readonly capUsd?: number;
    };

const PREFIX = "spent:";
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** @param writer this process: no other writes its rows */
export function createSpend(storage: StorageNamespace, writer: string): Spend {
  const own = new Map<number, number>();
  /** On its way. It is in the rows too: whatever ends this process, it counts as spent. */
  const held = new Map<number, number>();
  let others = new Map<number, number>();
  let writing: Promise<unknown> = Promise.resolve();

  function usd(now: number): number {
    // The hour that began 24 hours ago counts whole; one of the future was another clock's, and counts too.
    const oldest = Math.floor(now / HOUR_MS) - DAY_HOURS;
    const since = (hours: ReadonlyMap<number, number>) =>
      [...hours].reduce((sum, [hour, usd]) => sum + (hour >= oldest ? usd : 0), 0);
    return since(own) + since(held) + since(others);
  }

  function change(sums: Map<number, number>, hour: number, byUsd: number): void {
    const sum = (sums.get(hour) ?? 0) + byUsd;
    // What is left of a difference of decimals is nothing.
    if (sum > 1e-12) sums.set(hour, sum);
    else sums.delete(hour);
  }

  async function write(...hours: readonly number[]): Promise<void> {
    for (const hour of new Set(hours)) {
      const key = `${PREFIX}${hour}:${writer}`;
      const sum = (own.get(hour) ?? 0) + (held.get(hour) ?? 0);
      if (sum === 0) await storage.delete(key);
      else await storage.set(key, String(sum));
    }
  }

  /** One after the other, so that each row has its last sum in the end. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = writing.then(act);
    writing = turn.catch(() => {});
    return turn;
  }

  async function refresh(now: number): Promise<void> {
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
  }

  return {
    usd,
    refresh,
    reserve: (most, capUsd, now) =>
      inTurn(async (): Promise<Reservation> => {
        const hour = Math.floor(now / HOUR_MS);
        change(held, hour, most);
        try {
          // Shown before it is looked: of two processes at once, one at least sees the other.
          await write(hour);
          await refresh(now);
        } catch (error) {
          change(held, hour, -most);
          throw error;
        }
        if (usd(now) > capUsd) {
          change(held, hour, -most);
          await write(hour);
          return { isHeld: false, spentUsd: usd(now) };
        }
        return {
          isHeld: true,
          settle(spentUsd, then) {
            const spentIn = Math.floor(then / HOUR_MS);
            change(held, hour, -most);
            if (spentUsd > 0) change(own, spentIn, spentUsd);
            // The sum in memory holds; who owns the storage hears of its failures elsewhere.
            inTurn(() => write(hour, spentIn)).catch(() => {});
          },
        };
      }),
    async stored() {
      await writing;
    },
  };
}
