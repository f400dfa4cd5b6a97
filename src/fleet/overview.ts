/** What the console and the command show: the queue, one job, and jobs asked for again. */
import { type FleetDatabase, type Queryable, toMs } from "./database.ts";
import { type NamedEntry, registeredEntries } from "./entries.ts";
import { freshnessOf } from "./freshness.ts";
import type { ArtifactOrder, Attempt, JobKind, Outcome, Trigger } from "./job.ts";
import type { WarmPlan } from "./plan.ts";
import { SCHEMA } from "./schema.ts";
import type { FleetStore } from "./store.ts";

/** What is not over yet. */
export interface QueueDepth {
  /** Not claimed yet, whether due or not. */
  readonly queued: number;
  /** Of those, the ones whose time has come. */
  readonly due: number;
  readonly inProgress: number;
}

export interface QueueOverview extends QueueDepth {
  /** In the last 24 hours, as are the next ones. */
  readonly completed: number;
  readonly failed: number;
  readonly lapsed: number;
  readonly cancelled: number;
  /** Conversations and shared prefixes that are kept. */
  readonly prefixes: number;
  /** What the warms of 24 hours cost, in USD, as far as it is known. */
  readonly spentUsd: number;
}

/** One job, with the time of each phase. Times are epoch ms by the database's clock, null until then. */
export interface JobView {
  readonly id: string;
  readonly kind: JobKind;
  readonly trigger: Trigger;
  readonly outcome: Outcome;
  readonly prefixId: string | null;
  readonly conversation: string | null;
  readonly repository: string | null;
  readonly branch: string | null;
  readonly artifact: ArtifactOrder | null;
  /** What a catalogue calls the prefix; null: it is of no catalogue. */
  readonly entry: string | null;
  readonly worker: string | null;
  readonly attempt: number;
  /** Those before this one. */
  readonly attempts: readonly Attempt[];
  readonly queuedAt: number;
  readonly dueAt: number;
  readonly claimedAt: number | null;
  readonly runningAt: number | null;
  readonly finishedAt: number | null;
  readonly error: string | null;
  readonly usage: unknown;
  readonly costUsd: number | null;
  /** When this was asked: what has not ended yet has lasted until then. */
  readonly now: number;
}

const JOB = `job.id, job.kind, job.trigger, job.outcome, job.prefix_id as "prefixId", job.conversation,
  job.repository, job.branch, job.artifact, job.entry, job.worker, job.attempt, job.attempts, job.error, job.usage,
  job.cost_usd as "costUsd", ${toMs("job.queued_at")} as "queuedAt", ${toMs("job.due_at")} as "dueAt",
  ${toMs("job.claimed_at")} as "claimedAt", ${toMs("job.running_at")} as "runningAt",
  ${toMs("job.finished_at")} as "finishedAt", ${toMs("clock_timestamp()")} as now`;

/** How long each phase took, in ms; null for one that was not reached. */
export interface PhaseTimes {
  readonly queuedMs: number;
  readonly claimedMs: number | null;
  readonly runningMs: number | null;
  readonly elapsedMs: number;
}

export function phaseTimes(job: JobView): PhaseTimes {
  const { queuedAt, claimedAt, runningAt, finishedAt, now } = job;
  const end = finishedAt ?? now;
  return {
    queuedMs: (claimedAt ?? end) - queuedAt,
    claimedMs: claimedAt === null ? null : (runningAt ?? end) - claimedAt,
    runningMs: runningAt === null ? null : end - runningAt,
    elapsedMs: end - queuedAt,
  };
}

const OPEN = `select count(*) filter (where outcome = 'queued')::integer as queued,
    count(*) filter (where outcome = 'queued' and due_at <= clock_timestamp())::integer as due,
    count(*) filter (where outcome in ('claimed', 'running'))::integer as "inProgress"
  from ${SCHEMA}.job where finished_at is null`;

/** For who asks often: of the millions of jobs that are over in a day it reads none. */
export async function queueDepth(database: Queryable): Promise<QueueDepth> {
  const [row] = await database.query<QueueDepth>(OPEN);
  if (row === undefined) throw new Error("the database says nothing of its queue");
  return row;
}

export async function queueOverview(database: Queryable): Promise<QueueOverview> {
  const [row] = await database.query<QueueOverview>(
    `select
       open.queued, open.due, open."inProgress", ended.completed, ended.failed, ended.lapsed, ended.cancelled,
       (select count(*)::integer from ${SCHEMA}.prefix where expires_at > clock_timestamp() and stopped is null)
         as prefixes,
       (select coalesce(sum(cost_usd), 0)::double precision from ${SCHEMA}.result
         where recorded_at > clock_timestamp() - interval '24 hours') as "spentUsd"
     from (${OPEN}) open, (
       select count(*) filter (where outcome = 'completed')::integer as completed,
         count(*) filter (where outcome = 'failed')::integer as failed,
         count(*) filter (where outcome = 'lapsed')::integer as lapsed,
         count(*) filter (where outcome = 'cancelled')::integer as cancelled
       from ${SCHEMA}.job where finished_at > clock_timestamp() - interval '24 hours'
     ) ended`,
  );
  if (row === undefined) throw new Error("the database says nothing of its queue");
  return row;
}

export interface JobQuery {
  /** @default every one */
  readonly outcome?: Outcome;
  /** @default 50 */
  readonly limit?: number;
}

/** The one that changed last first; of those that wait, the one that is due next. */
export function listJobs(
  database: Queryable,
  { outcome, limit = 50 }: JobQuery = {},
): Promise<readonly JobView[]> {
  // In two halves, each of which is read by its index: together they would be sorted whole, a week of them.
  return database.query<JobView>(
    `select * from (
       (select ${JOB} from ${SCHEMA}.job where finished_at is null and ($1::text is null or outcome = $1)
        order by coalesce(running_at, claimed_at) desc nulls last, due_at limit $2)
       union all
       (select ${JOB} from ${SCHEMA}.job where finished_at is not null and ($1::text is null or outcome = $1)
        order by finished_at desc limit $2)
     ) either
     order by coalesce("finishedAt", "runningAt", "claimedAt") desc nulls last, "dueAt" limit $2`,
    [outcome ?? null, limit],
  );
}

/** @param id the job's, or as much of its beginning as tells it from others. Null: there is no such job. */
export async function findJob(database: Queryable, id: string): Promise<JobView | null> {
  const digits = id.replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{4,32}$/.test(digits)) return null;
  // From the first id that begins so to the last, which its index finds.
  const rows = await database.query<JobView>(
    `select ${JOB} from ${SCHEMA}.job where job.id between $1::uuid and $2::uuid limit 2`,
    [digits.padEnd(32, "0"), digits.padEnd(32, "f")],
  );
  return rows.length === 1 ? (rows[0] ?? null) : null;
}

export type Requeued = { readonly jobId: string } | { readonly problem: string };

/** Another job for what a failed one was to do. @returns why there is none, as a sentence */
export async function requeue(database: FleetDatabase, store: FleetStore, id: string): Promise<Requeued> {
  const job = await findJob(database, id);
  if (job === null) return { problem: `There is no job ${id}.` };
  if (job.finishedAt === null) return { problem: `Job ${job.id} has not ended: it is ${job.outcome}.` };
  const [row] = await database.query<{
    owner: string;
    revision: string | null;
    policy: string | null;
    plan: WarmPlan;
  }>(
    `select job.owner, job.revision, job.policy, prefix.plan from ${SCHEMA}.job
     left join ${SCHEMA}.prefix on prefix.id = job.prefix_id and prefix.revision = job.revision
     where job.id = $1`,
    [job.id],
  );
  if (job.artifact !== null && row !== undefined) {
    return { jobId: await store.order(job.artifact, row.owner, "manual") };
  }
  const { prefixId } = job;
  if (job.kind === "prewarm") return requeuePreWarm(database, store, job);
  const again =
    row?.plan == null || row.revision === null || prefixId === null
      ? null
      : await store.replan({
          prefixId,
          revision: row.revision,
          trigger: "manual",
          dueAt: job.now,
          plan: { ...row.plan, warms: Math.max(1, row.plan.warms) },
          ...(row.policy === null ? {} : { policy: row.policy }),
        });
  return again === null
    ? {
        problem: `The prefix of job ${job.id} is not kept any more: the conversation's next turn starts afresh.`,
      }
    : { jobId: again };
}

async function requeuePreWarm(
  database: FleetDatabase,
  store: FleetStore,
  { id, prefixId }: JobView,
): Promise<Requeued> {
  const entry = (await registeredEntries(database)).find((one) => one.id === prefixId);
  return entry === undefined
    ? { problem: `No gateway has the prefix of job ${id} in its catalogue any more.` }
    : preWarmByHand(store, entry);
}

/** Orders what a gateway has in its catalogue, for it. @returns why nothing is ordered, as a sentence */
export async function preWarmByHand(store: FleetStore, entry: NamedEntry): Promise<Requeued> {
  const { id, name, gateway, ttlMs } = entry;
  const freshMs = freshnessOf("asked", false, ttlMs, null);
  const ordered = await store.preWarms.order({
    entryId: id,
    name,
    owner: gateway,
    trigger: "manual",
    freshMs,
  });
  if (ordered.kind === "queued") return { jobId: ordered.jobId };
  return {
    problem:
      ordered.kind === "warm"
        ? `${name} is still warm: nothing is to be sent.`
        : `${name} is not kept any more: is it still in the catalogue?`,
  };
}
