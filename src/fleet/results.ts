/** What came of warms, on its way to the gateway whose conversations they were: booked once, however late. */
import * as z from "zod/mini";
import type { Usage } from "../host.ts";
import { type Queryable, toMs } from "./database.ts";
import type { ToldOfPreWarm } from "./prewarm-told.ts";
import { SCHEMA } from "./schema.ts";

interface OfWarm {
  readonly modelName: string;
  readonly policy?: string | undefined;
  readonly warmId?: string | undefined;
}

/** What a gateway hears of a job. Times are epoch ms by the database's clock. */
export type Told =
  | (OfWarm & {
      readonly kind: "warmed";
      readonly usage: Usage;
      /** Null: no price is known. */
      readonly costUsd: number | null;
      readonly startedAt: number;
      readonly missReason?: string | undefined;
      /** When the next one goes out; null: none is planned. */
      readonly nextAt: number | null;
    })
  /** It was sent, and nothing was heard of it: the most that it can have cost, and why there is no other try. */
  | (OfWarm & {
      readonly kind: "aborted";
      readonly usage?: Usage | undefined;
      readonly costUsd: number | null;
      readonly error?: string | undefined;
    })
  /** Nothing more comes of it: why. */
  | (OfWarm & { readonly kind: "failed" | "lapsed"; readonly error: string });

/** What came of a job, of whichever kind. */
export type ToldOfJob = Told | ToldOfPreWarm;

const usage = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  cacheWriteSplit: z.optional(z.object({ ttl5mTokens: z.number(), ttl1hTokens: z.number() })),
});
const ofWarm = { modelName: z.string(), policy: z.optional(z.string()), warmId: z.optional(z.string()) };
const costUsd = z.nullable(z.number());
const told = z.discriminatedUnion("kind", [
  z.object({
    ...ofWarm,
    kind: z.literal("warmed"),
    usage,
    costUsd,
    startedAt: z.number(),
    missReason: z.optional(z.string()),
    nextAt: z.nullable(z.number()),
  }),
  z.object({
    ...ofWarm,
    kind: z.literal("aborted"),
    usage: z.optional(usage),
    costUsd,
    error: z.optional(z.string()),
  }),
  z.object({ ...ofWarm, kind: z.enum(["failed", "lapsed"]), error: z.string() }),
]);

export interface Result {
  readonly id: string;
  readonly jobId: string;
  readonly conversation: string;
  readonly prefixId: string;
  readonly revision: string;
  readonly told: Told;
  readonly recordedAt: number;
}

/** Those that are read here: of another kind, which a newer worker may tell, none is in the way of others. */
const KINDS: readonly Told["kind"][] = ["warmed", "aborted", "failed", "lapsed"];

/** Taken at once, the oldest first. */
const MOST = 500;

/** What an owner has not booked yet. */
export async function unbooked(database: Queryable, owner: string): Promise<readonly Result[]> {
  const rows = await database.query<Omit<Result, "told"> & { readonly told: unknown }>(
    `select id, job_id as "jobId", conversation, prefix_id as "prefixId", revision, told,
       ${toMs("recorded_at")} as "recordedAt"
     from ${SCHEMA}.result where owner = $1 and booked_at is null and conversation is not null
       and kind in (select kind from jsonb_to_recordset($2::jsonb) as x (kind text))
     order by recorded_at limit ${MOST}`,
    [owner, JSON.stringify(KINDS.map((kind) => ({ kind })))],
  );
  return rows.flatMap((row) => {
    const parsed = told.safeParse(row.told);
    return parsed.success ? [{ ...row, told: parsed.data as Told }] : [];
  });
}

export async function markBooked(database: Queryable, ids: readonly string[]): Promise<void> {
  await database.query(
    `update ${SCHEMA}.result set booked_at = clock_timestamp()
     where id in (select id from jsonb_to_recordset($1::jsonb) as x (id uuid))`,
    [JSON.stringify(ids.map((id) => ({ id })))],
  );
}
