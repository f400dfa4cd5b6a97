/** What an owner's warms have cost in 24 hours, for who is about to send another. */
import { type Queryable, rowsOf } from "./database.ts";
import { inBatches } from "./in-batches.ts";
import { daySpentUsd } from "./spending.ts";

export interface DaySpend {
  /** USD, as it was known some seconds ago, with what this worker has spent since. Rejects when it cannot be asked. */
  usd(owner: string): Promise<number>;
  /** One of this worker's warms has cost so much. */
  add(owner: string, usd: number): void;
}

/** How long an answer holds, in ms. */
const FRESH_MS = 5_000;

interface Known {
  readonly askedAt: number;
  usd: number;
}

/** @param monotonicNow ms from any origin */
export function createDaySpend(database: Queryable, monotonicNow: () => number): DaySpend {
  const known = new Map<string, Known>();

  const ask = inBatches<string, number>(async (owners) => {
    const askedAt = monotonicNow();
    const different = [...new Set(owners)].map((owner) => ({ owner }));
    const rows = await database.query<{ owner: string; usd: number }>(
      `select asked.owner, ${daySpentUsd("asked.owner")} as usd
       from ${rowsOf("$1", "owner text", different.length)} as asked`,
      [JSON.stringify(different)],
    );
    for (const { owner, usd } of rows) known.set(owner, { askedAt, usd });
    return new Map(rows.map(({ owner, usd }) => [owner, usd]));
  });

  return {
    async usd(owner) {
      const last = known.get(owner);
      if (last !== undefined && monotonicNow() - last.askedAt < FRESH_MS) return last.usd;
      return (await ask(owner)) ?? 0;
    },
    add(owner, usd) {
      const last = known.get(owner);
      if (last !== undefined) last.usd += usd;
    },
  };
}
