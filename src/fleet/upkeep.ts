/** What any worker does for all: what has expired is removed, and jobs whose worker is gone are ended. */
import { randomUUID } from "node:crypto";
import { silentJobs } from "./claims.ts";
import type { FleetDatabase } from "./database.ts";
import type { Queues } from "./queues.ts";
import { SCHEMA } from "./schema.ts";
import { addSpent, REMOVE_SPENT } from "./spending.ts";

/** How long ended jobs and booked results can be looked up. */
const KEPT = "interval '7 days'";

/** Prefixes go with their last warm's chance: nothing of them is kept for longer. */
export async function removeExpired(database: FleetDatabase): Promise<void> {
  await database.query(`delete from ${SCHEMA}.prefix where expires_at < clock_timestamp()`);
}

export async function removeOld(database: FleetDatabase): Promise<void> {
  const old = `clock_timestamp() - ${KEPT}`;
  await database.query(`delete from ${SCHEMA}.job where finished_at < ${old}`);
  await database.query(`delete from ${SCHEMA}.result where recorded_at < ${old}`);
  await database.query(REMOVE_SPENT);
  await database.query(`delete from ${SCHEMA}.rate_limit where until < clock_timestamp()`);
  await database.query(`delete from ${SCHEMA}.worker where beat_at < clock_timestamp() - interval '1 day'`);
  await database.query(`delete from ${SCHEMA}.gateway where beat_at < ${old}`);
}

/** After which a job of which nothing is heard is looked into, in ms: the engine has given it to another by then. */
const SILENT_MS = 20_000;

/** States in which the engine still has the job: somebody works at it, or will. */
const ALIVE = new Set<string>(["created", "retry", "active"]);

/** Ends what the engine has given up: too many workers were lost over it. */
export async function endLost(database: FleetDatabase, queues: Queues): Promise<number> {
  let ended = 0;
  for (const { id, queue, outcome } of await silentJobs(database, SILENT_MS)) {
    const [job] = await queues.boss.findJobs(queue, { id });
    if (job !== undefined && ALIVE.has(job.state)) continue;
    const error =
      outcome === "queued"
        ? "The queue has no such job any more."
        : "Its worker was lost, and so were the others that tried.";
    await end(database, id, error);
    ended++;
  }
  return ended;
}

async function end(database: FleetDatabase, id: string, error: string): Promise<void> {
  await database.query(
    `with ended as (
       update ${SCHEMA}.job set outcome = 'failed', error = $2, finished_at = clock_timestamp()
       where id = $1 and finished_at is null
       returning id, attempt, owner, conversation, prefix_id, revision, policy, warm_id, running_at
     )
     insert into ${SCHEMA}.result (id, job_id, attempt, kind, owner, conversation, prefix_id, revision, told)
     select $3, ended.id, ended.attempt, case when running_at is null then 'failed' else 'aborted' end, owner,
       conversation, prefix_id, revision,
       jsonb_strip_nulls(jsonb_build_object('modelName', '', 'policy', policy, 'warmId', warm_id, 'error', $2::text))
         || case when running_at is null then '{"kind": "failed"}'::jsonb
            else '{"kind": "aborted", "costUsd": null}'::jsonb end
     from ended
     on conflict do nothing`,
    [id, error, randomUUID()],
  );
}

/** One that another worker is looking after by now: what it may have cost is told all the same. */
export async function recordLost(
  database: FleetDatabase,
  worker: string,
  { jobId, attempt, told }: { readonly jobId: string; readonly attempt: number; readonly told: unknown },
): Promise<void> {
  await database.query(
    `with recorded as (
       insert into ${SCHEMA}.result (id, job_id, attempt, kind, owner, conversation, prefix_id, revision, told, cost_usd)
       select $1, id, $3, 'aborted', owner, conversation, prefix_id, revision, $4::jsonb,
         ($4::jsonb ->> 'costUsd')::double precision
       from ${SCHEMA}.job where id = $2
       on conflict do nothing
       returning owner, cost_usd
     )
     ${addSpent("recorded", "$5")}`,
    [randomUUID(), jobId, attempt, JSON.stringify(told), worker],
  );
}
