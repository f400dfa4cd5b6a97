/** What came of jobs, written down: the result, the job's end, what is left of its prefix, and the next warm. */
import { randomUUID } from "node:crypto";
import { type FleetDatabase, fromMs, type Transaction, toMs } from "./database.ts";
import type { JobData, Outcome } from "./job.ts";
import type { WarmPlan } from "./plan.ts";
import { EARLY_MS, type Queues } from "./queues.ts";
import type { ToldOfJob } from "./results.ts";
import { SCHEMA } from "./schema.ts";

/** The end of one attempt. Times are epoch ms by the database's clock. */
export interface Settlement {
  readonly jobId: string;
  readonly queue: string;
  readonly attempt: number;
  readonly outcome: Exclude<Outcome, "queued" | "claimed" | "running">;
  readonly error: string | null;
  /** What its owner hears; null: nothing that it does not know. */
  readonly told: ToldOfJob | null;
  /** Another attempt, at that time, in place of the outcome. */
  readonly retryAt?: number;
  /** Of a warm that was answered: when it went out. */
  readonly usedAt?: number;
  /** Nothing more is sent with its prefix: why. */
  readonly stopped?: string;
  /** The warm after it, which needs no gateway. */
  readonly next?: { readonly dueAt: number; readonly plan: WarmPlan };
}

interface Rearmed {
  readonly id: string;
  readonly prefix_id: string;
  readonly queue: string;
  readonly due: number;
}

/** All of them or none; what has been settled by another attempt meanwhile stays as it is. Rejects when it cannot. */
export function settle(
  database: FleetDatabase,
  { boss }: Queues,
  worker: string,
  settlements: readonly Settlement[],
): Promise<void> {
  return database.transaction(async (tx) => {
    const ended = settlements.map((one) => ({ ...rowOf(one), next_id: randomUUID() }));
    const rows = JSON.stringify(ended);
    await recordResults(tx, rows);
    const rearmed = await endJobs(tx, rows, worker);
    const data: JobData = { trigger: "idle" };
    for (const [queue, jobs] of Map.groupBy(rearmed, (one) => one.queue)) {
      await boss.insert(
        queue,
        jobs.map(({ id, prefix_id, due }) => ({
          id,
          data,
          singletonKey: prefix_id,
          startAfter: new Date(due - EARLY_MS),
        })),
        { db: tx.db },
      );
    }
    for (const [queue, all] of Map.groupBy(settlements, (one) => one.queue)) {
      const attempts = (some: readonly Settlement[]) =>
        some.map(({ jobId, attempt }) => ({ id: jobId, retryCount: attempt - 1 }));
      const again = all.filter(({ retryAt }) => retryAt !== undefined);
      const over = all.filter(({ retryAt }) => retryAt === undefined);
      // The engine's own states are told apart no further: an attempt is over, or there is another.
      if (over.length > 0) await boss.complete(queue, attempts(over), null, { db: tx.db });
      if (again.length > 0) await boss.fail(queue, attempts(again), null, { db: tx.db });
      for (const { jobId, retryAt = 0 } of again) {
        await boss.update(queue, undefined, { id: jobId, startAfter: new Date(retryAt), db: tx.db });
      }
    }
  });
}

function rowOf({ jobId, attempt, outcome, error, told, retryAt, usedAt, stopped, next }: Settlement) {
  return {
    job_id: jobId,
    attempt,
    outcome: retryAt === undefined ? outcome : "queued",
    error,
    result_id: randomUUID(),
    told,
    kind: told?.kind ?? null,
    cost_usd: told !== null && "costUsd" in told ? told.costUsd : null,
    retry_at: retryAt ?? null,
    used_at: usedAt ?? null,
    stopped: stopped ?? null,
    plan: next?.plan ?? null,
    next_due_at: next?.dueAt ?? null,
  };
}

const ROWS = `jsonb_to_recordset($1::jsonb) as row (
  job_id uuid, attempt integer, outcome text, error text, result_id uuid, told jsonb, kind text,
  cost_usd double precision, retry_at double precision, used_at double precision, stopped text, plan jsonb,
  next_due_at double precision, next_id uuid)`;

/** Whoever else has the job by now: what was sent was sent. */
async function recordResults(tx: Transaction, rows: string): Promise<void> {
  await tx.query(
    `insert into ${SCHEMA}.result (id, job_id, attempt, kind, owner, conversation, prefix_id, revision, told, cost_usd)
     select row.result_id, job.id, row.attempt, row.kind, job.owner, job.conversation, job.prefix_id, job.revision,
       row.told, row.cost_usd
     from ${ROWS} join ${SCHEMA}.job on job.id = row.job_id
     where row.told is not null
     on conflict do nothing`,
    [rows],
  );
}

async function endJobs(tx: Transaction, rows: string, worker: string): Promise<readonly Rearmed[]> {
  await tx.query(
    `with ended as (
       update ${SCHEMA}.job set outcome = row.outcome, error = row.error, cost_usd = row.cost_usd,
         usage = row.told -> 'usage',
         due_at = coalesce(${fromMs("row.retry_at")}, job.due_at),
         finished_at = case when row.retry_at is null then clock_timestamp() end
       from ${ROWS}
       where job.id = row.job_id and job.worker = $2 and job.attempt = row.attempt and job.finished_at is null
       returning job.prefix_id, job.revision, row.used_at, row.stopped, row.plan
     )
     update ${SCHEMA}.prefix set
       used_at = coalesce(${fromMs("ended.used_at")}, prefix.used_at),
       expires_at = coalesce(${fromMs("ended.used_at")} + prefix.ttl_ms * interval '1 millisecond', prefix.expires_at),
       stopped = ended.stopped,
       body = case when ended.stopped is null then prefix.body end,
       plan = coalesce(ended.plan, prefix.plan)
     from ended
     where prefix.id = ended.prefix_id and prefix.revision = ended.revision
       and (ended.used_at is not null or ended.stopped is not null)`,
    [rows, worker],
  );
  // A statement of its own: it must see what a gateway has planned meanwhile, now that the prefixes are ours. What is
  // pending is found by the index of unfinished jobs, however many are kept that are over.
  return tx.query<Rearmed>(
    `insert into ${SCHEMA}.job
       (id, queue, kind, trigger, owner, prefix_id, revision, conversation, repository, branch, policy, due_at, lapses_at)
     select row.next_id, 'idle/' || prefix.fingerprint, 'warm', 'idle', job.owner, job.prefix_id, job.revision,
       job.conversation, job.repository, job.branch, job.policy, ${fromMs("row.next_due_at")}, prefix.expires_at
     from ${ROWS}
     join ${SCHEMA}.job on job.id = row.job_id and job.worker = $2 and job.attempt = row.attempt
       and job.outcome = 'completed'
     join ${SCHEMA}.prefix on prefix.id = job.prefix_id and prefix.revision = job.revision and prefix.stopped is null
     where row.next_due_at is not null
       and not exists (
         select 1 from ${SCHEMA}.job pending
         where pending.prefix_id = job.prefix_id and pending.finished_at is null and pending.outcome = 'queued')
       and (
         (row.plan ->> 'usdPerDay') is null or (row.plan ->> 'usdPerDay')::double precision > (
           select coalesce(sum(spent.cost_usd), 0) from ${SCHEMA}.result spent
           where spent.owner = job.owner and spent.recorded_at > clock_timestamp() - interval '24 hours'))
     returning id, prefix_id, queue, ${toMs("due_at")} as due`,
    [rows, worker],
  );
}
