/** What any worker does for all: what has expired is removed, and jobs whose worker is gone are ended. */
import { randomUUID } from "node:crypto";
import { lostJobs } from "./claims.ts";
import type { FleetDatabase } from "./database.ts";
import { removeUnregistered } from "./entries.ts";
import { endLostPreWarm } from "./prewarm-told.ts";
import type { Queues } from "./queues.ts";
import { SCHEMA } from "./schema.ts";
import { addSpent, REMOVE_SPENT } from "./spending.ts";

/** Of a warm that nobody sent in time. */
export const LAPSED = "The cache entry expired before a worker came to warm it.";

/** How long ended jobs and booked results can be looked up. */
const KEPT = "interval '7 days'";

/** Prefixes go with their last warm's chance: nothing of them is kept for longer. */
export async function removeExpired(database: FleetDatabase): Promise<void> {
  await database.query(`delete from ${SCHEMA}.prefix where expires_at < clock_timestamp()`);
  await removeUnregistered(database);
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

/** How long a job whose prefix has lapsed is left to a worker that may come for it, in ms. */
const LATE_MS = 10_000;

const NOBODY_CAME = `job.finished_at is null and job.outcome = 'queued' and job.prefix_id is not null
  and job.due_at < clock_timestamp()
  and job.lapses_at < clock_timestamp() - $1::double precision * interval '1 millisecond'
  and not exists (
    select 1 from ${SCHEMA}.prefix
    where prefix.id = job.prefix_id and prefix.revision = job.revision and prefix.expires_at > clock_timestamp())`;

/**
 * Ends jobs that no worker came for before their prefix lapsed, because none has the credential, or all have too much to
 * do: they would wait for a day, and count as work.
 */
export async function endLapsed(database: FleetDatabase, queues: Queues): Promise<number> {
  const waiting = await database.query<{ queue: string }>(
    `select distinct job.queue from ${SCHEMA}.job where ${NOBODY_CAME}`,
    [LATE_MS],
  );
  if (waiting.length === 0) return 0;
  for (const { queue } of waiting) await queues.open(queue);
  return database.transaction(async (tx) => {
    const ended = await tx.query<{ id: string; queue: string }>(
      `with ended as (
         update ${SCHEMA}.job set outcome = 'lapsed', error = $2, finished_at = clock_timestamp()
         where ${NOBODY_CAME} and job.queue in (select queue from jsonb_to_recordset($3::jsonb) as open (queue text))
         returning id, queue, attempt, owner, conversation, prefix_id, revision, policy, warm_id
       ), told as (
         insert into ${SCHEMA}.result (id, job_id, attempt, kind, owner, conversation, prefix_id, revision, told)
         select gen_random_uuid(), id, attempt, 'lapsed', owner, conversation, prefix_id, revision,
           jsonb_strip_nulls(jsonb_build_object(
             'kind', 'lapsed', 'modelName', '', 'policy', policy, 'warmId', warm_id, 'error', $2::text))
         from ended
         on conflict do nothing
       )
       select id, queue from ended`,
      [LATE_MS, LAPSED, JSON.stringify(waiting)],
    );
    for (const [queue, jobs] of Map.groupBy(ended, (one) => one.queue)) {
      const ids = jobs.map(({ id }) => id);
      await queues.boss.cancel(queue, ids, { db: tx.db });
    }
    return ended.length;
  });
}

/** Ends what the engine has given up: too many workers were lost over it. */
export async function endLost(database: FleetDatabase): Promise<number> {
  const lost = await lostJobs(database, SILENT_MS);
  for (const { id, outcome } of lost) {
    const error =
      outcome === "queued"
        ? "The queue has no such job any more."
        : "Its worker was lost, and so were the others that tried.";
    const isPreWarm = await endLostPreWarm(database, { id, resultId: randomUUID(), error });
    if (!isPreWarm) await end(database, id, error);
  }
  return lost.length;
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
       select $1, id, $3, $4::jsonb ->> 'kind', owner, conversation, prefix_id, revision, $4::jsonb,
         ($4::jsonb ->> 'costUsd')::double precision
       from ${SCHEMA}.job where id = $2
       on conflict do nothing
       returning owner, cost_usd
     )
     ${addSpent("recorded", "$5")}`,
    [randomUUID(), jobId, attempt, JSON.stringify(told), worker],
  );
}
