/** What came of a pre-warm, on its way to the gateway that has it in its catalogue. */
import * as z from "zod/mini";
import type { PreWarmed } from "../prewarm/index.ts";
import { type Queryable, toMs } from "./database.ts";
import { SCHEMA } from "./schema.ts";

/** Times are epoch ms by the database's clock. */
export interface ToldOfPreWarm extends PreWarmed {
  readonly kind: "prewarmed";
  readonly modelName: string;
}

const tokens = z.number();
const usage = z.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  cacheWriteSplit: z.optional(z.object({ ttl5mTokens: tokens, ttl1hTokens: tokens })),
});

const told = z.object({
  kind: z.literal("prewarmed"),
  name: z.string(),
  cause: z.enum(["connect", "commit", "miss", "schedule", "hours", "asked"]),
  at: z.number(),
  outcome: z.enum(["wrote", "read", "part", "warm", "nothing", "refused", "failed"]),
  why: z.nullable(z.string()),
  model: z.nullable(z.string()),
  usage: z.nullable(usage),
  costUsd: z.nullable(z.number()),
  isBound: z.boolean(),
  lapsesAt: z.nullable(z.number()),
});

export function toldOf(done: PreWarmed): ToldOfPreWarm {
  return { ...done, kind: "prewarmed", modelName: done.model ?? "" };
}

/** Null: it is no pre-warm's. */
export function preWarmedOf(row: unknown): PreWarmed | null {
  const parsed = told.safeParse(row);
  if (!parsed.success) return null;
  const { kind: _, ...done } = parsed.data;
  return done as PreWarmed;
}

export interface UnbookedPreWarm {
  readonly id: string;
  readonly done: PreWarmed;
}

/** Taken at once, the oldest first. */
const MOST = 500;

/** What a gateway has not booked yet of the pre-warms that were its own. */
export async function unbookedPreWarms(
  database: Queryable,
  owner: string,
): Promise<readonly UnbookedPreWarm[]> {
  const rows = await database.query<{ id: string; told: unknown }>(
    `select id, told from ${SCHEMA}.result
     where owner = $1 and booked_at is null and kind = 'prewarmed' order by recorded_at limit ${MOST}`,
    [owner],
  );
  return rows.flatMap(({ id, told: row }) => {
    const done = preWarmedOf(row);
    return done === null ? [] : [{ id, done }];
  });
}

/** How jobs have ended that somebody waits for. */
export interface EndedJob {
  readonly id: string;
  readonly owner: string;
  readonly outcome: string;
  readonly error: string | null;
  readonly done: PreWarmed | null;
}

export async function endedJobs(database: Queryable, ids: readonly string[]): Promise<readonly EndedJob[]> {
  const rows = await database.query<Omit<EndedJob, "done"> & { readonly told: unknown }>(
    `select job.id, job.owner, job.outcome, job.error, result.told
     from ${SCHEMA}.job left join ${SCHEMA}.result on result.job_id = job.id and result.attempt = job.attempt
     where job.finished_at is not null and job.id in (select id from jsonb_to_recordset($1::jsonb) as x (id uuid))`,
    [JSON.stringify(ids.map((id) => ({ id })))],
  );
  return rows.map(({ told: row, ...job }) => ({ ...job, done: preWarmedOf(row) }));
}

/**
 * Ends a pre-warm that the engine has given up, and has what it may have cost booked. @returns whether it is one that had
 * not ended
 */
export async function endLostPreWarm(
  database: Queryable,
  { id, resultId, error }: { readonly id: string; readonly resultId: string; readonly error: string },
): Promise<boolean> {
  const rows = await database.query(
    `with ended as (
       update ${SCHEMA}.job set outcome = 'failed', error = $2, finished_at = clock_timestamp()
       where id = $1 and kind = 'prewarm' and finished_at is null
       returning id, attempt, owner, prefix_id, trigger, entry, running_at
     ), bound as (
       select ended.*, spend.usd from ended left join ${SCHEMA}.prewarm_spend spend
         on spend.job_id = ended.id and spend.attempt = ended.attempt and ended.running_at is not null
     )
     insert into ${SCHEMA}.result (id, job_id, attempt, kind, owner, prefix_id, told, cost_usd)
     select $3, id, attempt, 'prewarmed', owner, prefix_id, jsonb_build_object(
         'kind', 'prewarmed', 'modelName', '', 'name', coalesce(entry, ''), 'at', ${toMs("clock_timestamp()")},
         'cause', case trigger when 'manual' then 'asked' else trigger end, 'outcome', 'failed', 'why', $2::text,
         'model', null, 'usage', null, 'costUsd', usd, 'isBound', usd is not null, 'lapsesAt', null), usd
     from bound
     on conflict do nothing returning id`,
    [id, error, resultId],
  );
  return rows.length > 0;
}
