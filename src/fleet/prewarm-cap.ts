/** What all workers' pre-warms may cost together: looked at and held back in one, right before one is sent. */
import { type FleetDatabase, toMs } from "./database.ts";
import { SCHEMA } from "./schema.ts";

/** What was found at the last look before a pre-warm is sent. Times are epoch ms by the database's clock. */
export type LastLook =
  | { readonly kind: "held"; readonly runningAt: number }
  /** Its gateway has called it off or is switched off, or the job is another worker's. */
  | { readonly kind: "gone" }
  /** Somebody has used it meanwhile. */
  | { readonly kind: "warm"; readonly usedAt: number }
  | { readonly kind: "capped"; readonly spentUsd: number; readonly capUsd: number };

export interface Attempted {
  readonly id: string;
  readonly attempt: number;
}

interface Seen {
  readonly capUsd: number | null;
  readonly spentUsd: number;
  readonly usedAt: number | null;
  readonly isFresh: boolean;
}

/**
 * Holds back the most that it can cost, and records that the job runs, unless it must not be sent. One worker at a time:
 * whoever comes next sees what this one has held back.
 */
export function holdBack(
  database: FleetDatabase,
  worker: string,
  { id, attempt }: Attempted,
  mostUsd: number,
): Promise<LastLook> {
  return database.transaction(async (tx): Promise<LastLook> => {
    await tx.query(`select id from ${SCHEMA}.turnstile where id = 1 for update`);
    const [seen] = await tx.query<Seen>(
      `select registration.cap_usd as "capUsd", ${toMs("entry.used_at")} as "usedAt",
         entry.used_at is not null
           and entry.used_at > clock_timestamp() - coalesce(job.fresh_ms, 0) * interval '1 millisecond' as "isFresh",
         (select coalesce(sum(usd), 0) from ${SCHEMA}.prewarm_spend
           where at > clock_timestamp() - interval '24 hours')::double precision as "spentUsd"
       from ${SCHEMA}.job
       join ${SCHEMA}.entry on entry.id = job.prefix_id
       left join ${SCHEMA}.registration on registration.entry_id = entry.id and registration.gateway = job.owner
         and registration.expires_at > clock_timestamp()
       where job.id = $1 and job.attempt = $2 and job.worker = $3 and job.outcome = 'claimed'`,
      [id, attempt, worker],
    );
    if (seen === undefined || seen.capUsd === null) return { kind: "gone" };
    const { usedAt, isFresh, spentUsd, capUsd } = seen;
    if (isFresh && usedAt !== null) return { kind: "warm", usedAt };
    if (spentUsd + mostUsd > capUsd) return { kind: "capped", spentUsd, capUsd };
    const [started] = await tx.query<{ runningAt: number }>(
      `update ${SCHEMA}.job set outcome = 'running', running_at = clock_timestamp()
       where id = $1 and attempt = $2 and worker = $3 and outcome = 'claimed'
       returning ${toMs("running_at")} as "runningAt"`,
      [id, attempt, worker],
    );
    if (started === undefined) return { kind: "gone" };
    await tx.query(`insert into ${SCHEMA}.prewarm_spend (job_id, attempt, usd) values ($1, $2, $3)`, [
      id,
      attempt,
      mostUsd,
    ]);
    return { kind: "held", runningAt: started.runningAt };
  });
}

/** What it was in the end, in place of the most that it could have been. */
export async function settleSpend(
  database: FleetDatabase,
  { id, attempt }: Attempted,
  usd: number,
): Promise<void> {
  await database.query(`update ${SCHEMA}.prewarm_spend set usd = $3 where job_id = $1 and attempt = $2`, [
    id,
    attempt,
    usd,
  ]);
}

/** What all pre-warms of the fleet have cost in 24 hours, with what is under way, in USD. */
export async function preWarmsUsd(database: FleetDatabase): Promise<number> {
  const [row] = await database.query<{ usd: number }>(
    `select coalesce(sum(usd), 0)::double precision as usd from ${SCHEMA}.prewarm_spend
     where at > clock_timestamp() - interval '24 hours'`,
  );
  return row?.usd ?? 0;
}
