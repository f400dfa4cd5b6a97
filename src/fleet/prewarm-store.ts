/** Orders pre-warms: one pending job an entry, over all gateways that have it in their catalogues. */
import { type FleetDatabase, fromMs, type Transaction, toMs } from "./database.ts";
import type { JobData, Trigger } from "./job.ts";
import { type Queues, queueName } from "./queues.ts";
import { SCHEMA } from "./schema.ts";

export interface PreWarmOrder {
  readonly entryId: string;
  /** What the catalogue calls it, for people. */
  readonly name: string;
  /** The gateway that books it, and whose registration and cap it is sent under. */
  readonly owner: string;
  readonly trigger: Exclude<Trigger, "idle">;
  /** Used so recently, in ms, it is not sent. */
  readonly freshMs: number;
  /** Of a schedule: how long after the last one that was ordered by anybody it is due; null: at once. */
  readonly everyMs?: number | null;
}

export type Ordered =
  /** Ordered, or somebody's order that there is already. */
  | { readonly kind: "queued"; readonly jobId: string; readonly dueAt: number }
  /** It is known to be warm: nothing is ordered. */
  | { readonly kind: "warm"; readonly usedAt: number; readonly ttlMs: number }
  /** It is not kept any more. */
  | { readonly kind: "gone" };

export interface PreWarmStore {
  order(order: PreWarmOrder): Promise<Ordered>;
  /** Nothing of these jobs is sent any more, where they are the owner's and not on their way. */
  callOff(owner: string, jobIds: readonly string[]): Promise<void>;
}

/** Later than this it would come for nothing: what it was ordered for is over. */
const LATEST_MS = 3_600_000;
/** Two of a cron expression that are so close are the same one, told by two gateways, in ms. */
const SAME_MS = 30_000;

interface Seen {
  readonly fingerprint: string;
  readonly ttlMs: number;
  readonly usedAt: number | null;
  readonly scheduledAt: number | null;
  readonly now: number;
}

interface Unfinished {
  readonly id: string;
  readonly owner: string;
  readonly outcome: string;
  readonly attempt: number;
  readonly dueAt: number;
}

export function createPreWarmStore(database: FleetDatabase, queues: Queues): PreWarmStore {
  async function put(tx: Transaction, order: PreWarmOrder, seen: Seen, dueAt: number): Promise<string> {
    const { entryId, name, owner, trigger, freshMs } = order;
    const queue = queueName("prewarm", seen.fingerprint);
    const data: JobData = { trigger };
    const startAfter = new Date(dueAt);
    const { jobs } = await queues.boss.upsert(queue, data, { singletonKey: entryId, startAfter, db: tx.db });
    const [id] = jobs;
    if (id === undefined) throw new Error("the queue took no job");
    await tx.query(
      `insert into ${SCHEMA}.job (id, queue, kind, trigger, owner, prefix_id, entry, fresh_ms, due_at, lapses_at)
       values ($1, $2, 'prewarm', $3, $4, $5, $6, $7, ${fromMs("$8")}, ${fromMs("$9")})
       on conflict (id) do update set trigger = excluded.trigger, owner = excluded.owner, entry = excluded.entry,
         fresh_ms = excluded.fresh_ms, due_at = excluded.due_at, lapses_at = excluded.lapses_at,
         queued_at = clock_timestamp()`,
      [id, queue, trigger, owner, entryId, name, freshMs, dueAt, dueAt + LATEST_MS],
    );
    if (trigger === "schedule") {
      await tx.query(`update ${SCHEMA}.entry set scheduled_at = ${fromMs("$2")} where id = $1`, [
        entryId,
        dueAt,
      ]);
    }
    return id;
  }

  return {
    async order(order) {
      const { entryId, trigger, freshMs, everyMs = null } = order;
      const [kept] = await database.query<{ fingerprint: string }>(
        `select fingerprint from ${SCHEMA}.entry where id = $1`,
        [entryId],
      );
      if (kept === undefined) return { kind: "gone" };
      await queues.open(queueName("prewarm", kept.fingerprint));
      return database.transaction(async (tx): Promise<Ordered> => {
        // Whoever orders the same waits here.
        const [seen] = await tx.query<Seen>(
          `select fingerprint, ttl_ms as "ttlMs", ${toMs("used_at")} as "usedAt",
             ${toMs("scheduled_at")} as "scheduledAt", ${toMs("clock_timestamp()")} as now
           from ${SCHEMA}.entry where id = $1 for update`,
          [entryId],
        );
        if (seen === undefined) return { kind: "gone" };
        const { usedAt, scheduledAt, ttlMs, now } = seen;
        const isScheduled = trigger === "schedule" && scheduledAt !== null;
        const dueAt = isScheduled && everyMs !== null ? Math.max(now, scheduledAt + everyMs) : now;
        const [unfinished] = await tx.query<Unfinished>(
          `select id, owner, outcome, attempt, ${toMs("due_at")} as "dueAt" from ${SCHEMA}.job
           where prefix_id = $1 and kind = 'prewarm' and finished_at is null`,
          [entryId],
        );
        if (unfinished !== undefined) {
          const { id, outcome, attempt } = unfinished;
          const isLater = outcome === "queued" && attempt === 0 && unfinished.dueAt > dueAt;
          if (!isLater) return { kind: "queued", jobId: id, dueAt: unfinished.dueAt };
          return { kind: "queued", jobId: await put(tx, order, seen, dueAt), dueAt };
        }
        // As it will be by then.
        if (usedAt !== null && usedAt > dueAt - freshMs) return { kind: "warm", usedAt, ttlMs };
        const isSame = isScheduled && everyMs === null && scheduledAt > now - SAME_MS;
        if (isSame) return { kind: "warm", usedAt: usedAt ?? now, ttlMs };
        return { kind: "queued", jobId: await put(tx, order, seen, dueAt), dueAt };
      });
    },

    callOff: (owner, jobIds) =>
      database.transaction(async (tx) => {
        const off = await tx.query<{ id: string; queue: string; claimed: boolean }>(
          `update ${SCHEMA}.job set outcome = 'cancelled', finished_at = clock_timestamp()
           where owner = $1 and finished_at is null and outcome in ('queued', 'claimed')
             and id in (select id from jsonb_to_recordset($2::jsonb) as x (id uuid))
           returning id, queue, worker is not null as claimed`,
          [owner, JSON.stringify(jobIds.map((id) => ({ id })))],
        );
        // Who orders what its schedule says next reckons from when it was really used.
        await tx.query(
          `update ${SCHEMA}.entry set scheduled_at = used_at where id in (
             select prefix_id from ${SCHEMA}.job
             where trigger = 'schedule' and id in (select id from jsonb_to_recordset($1::jsonb) as x (id uuid)))`,
          [JSON.stringify(off.map(({ id }) => ({ id })))],
        );
        // A worker that has one finds out at its last look.
        for (const { id, queue, claimed } of off)
          if (!claimed) await queues.boss.cancel(queue, id, { db: tx.db });
      }),
  };
}
