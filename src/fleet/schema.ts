/** The fleet's own tables, beside the queue engine's. */
import { type FleetDatabase, tenMinutesOf } from "./database.ts";

/** Its own schema, and that of the queue engine. */
export const SCHEMA = "keepwarm";
export const ENGINE_SCHEMA = "keepwarm_queue";

const VERSION = 3;

/**
 * Of catalogues: `entry` is what is sent, named by a keyed hash of it; `registration` which gateway has it in its
 * catalogue, and what it may cost; `prewarm_spend` what each attempt has cost, or at most can have. Whoever
 * is about to send one holds the first row of `turnstile`, whoever orders an artifact the second.
 */
const PREWARMING = [
  `create table if not exists ${SCHEMA}.entry (
    id text primary key,
    fingerprint text not null,
    key_id text not null,
    body bytea not null,
    model text not null,
    ttl_ms integer not null,
    used_at timestamptz,
    tokens integer,
    scheduled_at timestamptz,
    created_at timestamptz not null default clock_timestamp()
  )`,
  `create table if not exists ${SCHEMA}.registration (
    entry_id text not null,
    gateway text not null,
    name text not null,
    cap_usd double precision not null,
    expires_at timestamptz not null,
    primary key (entry_id, gateway)
  )`,
  `create table if not exists ${SCHEMA}.prewarm_spend (
    job_id uuid not null,
    attempt integer not null,
    usd double precision not null,
    at timestamptz not null default clock_timestamp(),
    primary key (job_id, attempt)
  )`,
  `create index if not exists prewarm_spend_at on ${SCHEMA}.prewarm_spend (at)`,
  `create table if not exists ${SCHEMA}.turnstile (id integer primary key)`,
  `insert into ${SCHEMA}.turnstile values (1), (2) on conflict do nothing`,
  `alter table ${SCHEMA}.job add column if not exists entry text`,
  `alter table ${SCHEMA}.job add column if not exists fresh_ms double precision`,
  `alter table ${SCHEMA}.job add column if not exists event text`,
  `create index if not exists job_event on ${SCHEMA}.job (event) where event is not null`,
];

/** Epochs are the database's clock. What is secret is in the `body` of `prefix` and `entry` alone, encrypted. */
const TABLES = [
  `create schema if not exists ${SCHEMA}`,
  `create table if not exists ${SCHEMA}.version (version integer not null)`,
  `create table if not exists ${SCHEMA}.prefix (
    id text primary key,
    owner text not null,
    conversation text not null,
    revision uuid not null,
    fingerprint text not null,
    key_id text not null,
    body bytea,
    model text not null,
    ttl_ms integer not null,
    used_at timestamptz,
    expires_at timestamptz not null,
    plan jsonb not null,
    stopped text,
    repository text,
    branch text,
    created_at timestamptz not null default clock_timestamp()
  )`,
  `create index if not exists prefix_expires on ${SCHEMA}.prefix (expires_at)`,
  `create table if not exists ${SCHEMA}.job (
    id uuid primary key,
    queue text not null,
    kind text not null,
    trigger text not null,
    owner text not null,
    prefix_id text,
    revision uuid,
    conversation text,
    repository text,
    branch text,
    artifact jsonb,
    policy text,
    warm_id text,
    due_at timestamptz not null,
    lapses_at timestamptz,
    queued_at timestamptz not null default clock_timestamp(),
    claimed_at timestamptz,
    running_at timestamptz,
    finished_at timestamptz,
    worker text,
    attempt integer not null default 0,
    attempts jsonb not null default '[]',
    outcome text not null default 'queued',
    error text,
    usage jsonb,
    cost_usd double precision
  )`,
  `create index if not exists job_open on ${SCHEMA}.job (prefix_id) where finished_at is null`,
  // Not by outcome: then each of its steps would have to be noted in every index.
  `drop index if exists ${SCHEMA}.job_unfinished`,
  `create index if not exists job_due on ${SCHEMA}.job (due_at) where finished_at is null`,
  // With the outcome: a day's are counted without looking at the jobs themselves.
  `drop index if exists ${SCHEMA}.job_finished`,
  `create index if not exists job_over on ${SCHEMA}.job (finished_at, outcome) where finished_at is not null`,
  `create index if not exists job_failed on ${SCHEMA}.job (finished_at) where outcome = 'failed'`,
  `create table if not exists ${SCHEMA}.result (
    id uuid primary key,
    job_id uuid not null,
    attempt integer not null,
    kind text not null,
    owner text not null,
    conversation text,
    prefix_id text,
    revision uuid,
    told jsonb not null,
    cost_usd double precision,
    recorded_at timestamptz not null default clock_timestamp(),
    booked_at timestamptz,
    unique (job_id, attempt)
  )`,
  `create index if not exists result_unbooked on ${SCHEMA}.result (owner, recorded_at) where booked_at is null`,
  `create index if not exists result_recorded on ${SCHEMA}.result (recorded_at)`,
  `create table if not exists ${SCHEMA}.spent (
    owner text not null,
    slot bigint not null,
    worker text not null,
    usd double precision not null,
    primary key (owner, slot, worker)
  )`,
  `create table if not exists ${SCHEMA}.worker (
    id text primary key,
    host text not null,
    pid integer not null,
    version text not null,
    started_at timestamptz not null default clock_timestamp(),
    beat_at timestamptz not null default clock_timestamp(),
    concurrency integer not null,
    active integer not null default 0,
    jobs integer not null default 0,
    state text not null default 'working'
  )`,
  `create table if not exists ${SCHEMA}.gateway (
    id text primary key,
    host text not null,
    pid integer not null,
    version text not null,
    started_at timestamptz not null default clock_timestamp(),
    beat_at timestamptz not null default clock_timestamp()
  )`,
  `create table if not exists ${SCHEMA}.rate_limit (
    realm text primary key,
    until timestamptz not null,
    reason text not null
  )`,
  `create table if not exists ${SCHEMA}.artifact (
    repository text not null,
    branch text not null,
    type text not null,
    parameters text not null,
    revision text not null,
    content text not null,
    made_at timestamptz not null default clock_timestamp(),
    primary key (repository, branch, type, parameters)
  )`,
  ...PREWARMING,
];

/**
 * Needs the right to create schemas only where they are missing or of an older version. Those of a newer one stay as they
 * are: in an update they come first.
 */
export async function installTables(database: FleetDatabase): Promise<void> {
  if (((await installedVersion(database)) ?? 0) >= VERSION) return;
  await database.transaction(async (tx) => {
    // One at a time: several processes may start on an empty database.
    if (database.backend === "postgres") await tx.query("select pg_advisory_xact_lock(4777)");
    for (const statement of TABLES) await tx.query(statement);
    // What had been recorded before it was added up.
    await tx.query(
      `insert into ${SCHEMA}.spent (owner, slot, worker, usd)
       select owner, ${tenMinutesOf("recorded_at")}, '', sum(cost_usd) from ${SCHEMA}.result
       where cost_usd > 0 and not exists (select 1 from ${SCHEMA}.spent) group by 1, 2`,
    );
    await tx.query(`delete from ${SCHEMA}.version`);
    await tx.query(`insert into ${SCHEMA}.version values ($1)`, [VERSION]);
  });
}

export async function hasTables(database: FleetDatabase): Promise<boolean> {
  return (await installedVersion(database)) !== null;
}

async function installedVersion(database: FleetDatabase): Promise<number | null> {
  const [found] = await database.query<{ there: string | null }>("select to_regclass($1)::text as there", [
    `${SCHEMA}.version`,
  ]);
  if (!found?.there) return null;
  const [row] = await database.query<{ version: number }>(`select version from ${SCHEMA}.version`);
  return row?.version ?? null;
}
