/** What a worker records of a job on its way: claimed, running. Many at once, because many are due at once. */
import { type Queryable, rowsOf, toMs } from "./database.ts";
import type { ArtifactOrder, JobKind, Outcome, Trigger } from "./job.ts";
import { ENGINE_SCHEMA, SCHEMA } from "./schema.ts";

/** A job that is this worker's. Times are epoch ms by the database's clock. */
export interface Claim {
  readonly id: string;
  readonly queue: string;
  readonly kind: JobKind;
  readonly trigger: Trigger;
  /** From 1. */
  readonly attempt: number;
  readonly owner: string;
  readonly prefixId: string | null;
  readonly revision: string | null;
  readonly conversation: string | null;
  readonly artifact: ArtifactOrder | null;
  readonly policy: string | null;
  readonly warmId: string | null;
  readonly dueAt: number;
  readonly lapsesAt: number | null;
  /** The attempt before was sending, and nothing is known of what came of it. */
  readonly mayHaveBeenSent: boolean;
  /** What is to be sent; null where it was changed, dropped or stopped since, and of an artifact. */
  readonly prefix: ClaimedPrefix | null;
}

/** What a claimed warm is made of. */
export interface ClaimedPrefix {
  readonly keyId: string;
  readonly body: Uint8Array;
  readonly fingerprint: string;
  readonly model: string;
  readonly ttlMs: number;
  readonly usedAt: number | null;
  /** A {@link WarmPlan}, unchecked. */
  readonly plan: unknown;
}

export interface Started {
  readonly id: string;
  readonly runningAt: number;
  readonly expiresAt: number;
}

interface Attempted {
  readonly id: string;
  readonly attempt: number;
}

type ClaimedRow = Omit<Claim, "prefix"> & {
  readonly [Key in keyof ClaimedPrefix]: ClaimedPrefix[Key] | null;
};

/**
 * Says whose the jobs are from now on, and what they are made of. What is left out has come to its end meanwhile, or is
 * another's by now, who has it in a later attempt.
 */
export async function claimJobs(
  database: Queryable,
  worker: string,
  jobs: readonly Attempted[],
): Promise<readonly Claim[]> {
  const rows = await database.query<ClaimedRow>(
    `with asked as (select * from ${rowsOf("$1", "id uuid, attempt integer", jobs.length)} as asked),
     before as (
       select job.id, job.claimed_at, job.running_at, job.worker, job.attempt, job.error, job.outcome
       from ${SCHEMA}.job join asked on asked.id = job.id
     ),
     claimed as (
       update ${SCHEMA}.job set outcome = 'claimed', claimed_at = clock_timestamp(), running_at = null,
         worker = $2, attempt = asked.attempt,
         attempts = case when before.claimed_at is null then job.attempts else job.attempts || jsonb_build_object(
           'attempt', before.attempt, 'worker', before.worker, 'claimedAt', ${toMs("before.claimed_at")},
           'runningAt', ${toMs("before.running_at")}, 'error', before.error) end
       from asked, before
       where job.id = asked.id and before.id = job.id and job.finished_at is null and job.attempt < asked.attempt
       returning job.id, job.queue, job.kind, job.trigger, job.attempt, job.owner, job.prefix_id, job.revision,
         job.conversation, job.artifact, job.policy, job.warm_id, job.due_at, job.lapses_at,
         before.outcome = 'running' as may_have_been_sent
     )
     select claimed.id, claimed.queue, claimed.kind, claimed.trigger, claimed.attempt, claimed.owner,
       claimed.prefix_id as "prefixId", claimed.revision, claimed.conversation, claimed.artifact, claimed.policy,
       claimed.warm_id as "warmId", ${toMs("claimed.due_at")} as "dueAt", ${toMs("claimed.lapses_at")} as "lapsesAt",
       claimed.may_have_been_sent as "mayHaveBeenSent",
       prefix.key_id as "keyId", prefix.body, prefix.fingerprint, prefix.model, prefix.ttl_ms as "ttlMs", prefix.plan,
       ${toMs("prefix.used_at")} as "usedAt"
     from claimed left join ${SCHEMA}.prefix on prefix.id = claimed.prefix_id
       and prefix.revision = claimed.revision and prefix.stopped is null and prefix.body is not null`,
    [JSON.stringify(jobs), worker],
  );
  return rows.map(claimOf);
}

function claimOf({ keyId, body, fingerprint, model, ttlMs, plan, usedAt, ...claim }: ClaimedRow): Claim {
  const isThere = keyId !== null && body !== null && fingerprint !== null && model !== null && ttlMs !== null;
  return { ...claim, prefix: isThere ? { keyId, body, fingerprint, model, ttlMs, plan, usedAt } : null };
}

/**
 * The last look before a warm is sent, and the note that it is: of its revision, by this worker, in this attempt. What is
 * left out must not be sent.
 */
export function startWarms(
  database: Queryable,
  worker: string,
  jobs: readonly Attempted[],
): Promise<readonly Started[]> {
  return database.query<Started>(
    `update ${SCHEMA}.job set outcome = 'running', running_at = clock_timestamp()
     from ${SCHEMA}.prefix, ${rowsOf("$1", "id uuid, attempt integer", jobs.length)} as asked
     where job.id = asked.id and job.attempt = asked.attempt and job.worker = $2 and job.outcome = 'claimed'
       and prefix.id = job.prefix_id and prefix.revision = job.revision and prefix.stopped is null
       and prefix.expires_at > clock_timestamp()
     returning job.id, ${toMs("job.running_at")} as "runningAt", ${toMs("prefix.expires_at")} as "expiresAt"`,
    [JSON.stringify(jobs), worker],
  );
}

/** The same of an artifact, which has no prefix. */
export function startArtifacts(
  database: Queryable,
  worker: string,
  jobs: readonly Attempted[],
): Promise<readonly Pick<Started, "id" | "runningAt">[]> {
  return database.query(
    `update ${SCHEMA}.job set outcome = 'running', running_at = clock_timestamp()
     from ${rowsOf("$1", "id uuid, attempt integer", jobs.length)} as asked
     where job.id = asked.id and job.attempt = asked.attempt and job.worker = $2 and job.outcome = 'claimed'
     returning job.id, ${toMs("job.running_at")} as "runningAt"`,
    [JSON.stringify(jobs), worker],
  );
}

/** States in which the engine still has the job: somebody works at it, or will. */
const ALIVE = "'created', 'retry', 'active'";

/** Jobs of which nothing has been heard for long, and which the engine has given up, or never had. */
export function lostJobs(
  database: Queryable,
  silentMs: number,
): Promise<readonly { readonly id: string; readonly outcome: Outcome }[]> {
  return database.query(
    `select job.id, job.outcome from ${SCHEMA}.job
     left join ${ENGINE_SCHEMA}.job as engine on engine.name = job.queue and engine.id = job.id
     where job.finished_at is null
       and coalesce(job.running_at, job.claimed_at, job.due_at)
         < clock_timestamp() - $1::double precision * interval '1 millisecond'
       and (engine.id is null or engine.state::text not in (${ALIVE}))
     order by job.due_at
     limit 200`,
    [silentMs],
  );
}
