/** The database's time, in a process whose own clock may be wrong. */
import { type Queryable, toMs } from "./database.ts";

export interface Clocks {
  /** Epoch ms. */
  readonly now: () => number;
  /** Ms from any origin. */
  readonly monotonicNow: () => number;
}

export interface DatabaseClock {
  /** Epoch ms by the database. */
  now(): number;
  /** How far this machine's clock is ahead, in ms. */
  aheadMs(): number;
  /** Asks the database again. Rejects when it cannot be asked. @param by asks it otherwise than usual */
  measure(by?: Queryable): Promise<void>;
}

/** The one with the quickest answer of so many counts: it says most precisely when it was given. */
const QUESTIONS = 3;

/** Epoch ms, as the database has it. */
export async function databaseNow(database: Queryable): Promise<number> {
  const [row] = await database.query<{ now: number }>(`select ${toMs("clock_timestamp()")} as now`);
  if (row === undefined) throw new Error("the database does not say what time it is");
  return row.now;
}

export function createDatabaseClock(database: Queryable, { now, monotonicNow }: Clocks): DatabaseClock {
  let anchor = { databaseMs: now(), wallMs: now(), monotonicMs: monotonicNow() };

  async function ask(by: Queryable) {
    const sentMs = monotonicNow();
    const toldMs = await databaseNow(by);
    const tripMs = monotonicNow() - sentMs;
    return { databaseMs: toldMs + tripMs / 2, wallMs: now(), monotonicMs: monotonicNow(), tripMs };
  }

  return {
    now() {
      // The larger: a machine that slept has a monotonic clock that slept too, and doubt means "later".
      const elapsedMs = Math.max(monotonicNow() - anchor.monotonicMs, now() - anchor.wallMs);
      return anchor.databaseMs + elapsedMs;
    },
    aheadMs: () => anchor.wallMs - anchor.databaseMs,
    async measure(by = database) {
      const answers = [];
      for (let asked = 0; asked < QUESTIONS; asked++) answers.push(await ask(by));
      anchor = answers.reduce((best, one) => (one.tripMs < best.tripMs ? one : best));
    },
  };
}
