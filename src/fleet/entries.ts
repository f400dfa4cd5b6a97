/** A catalogue's entries as they are kept: what is sent, encrypted, who has them, and how warm they are. */
import { fromMs, type Queryable, toMs } from "./database.ts";
import type { Sealed } from "./keyring.ts";
import { SCHEMA } from "./schema.ts";

/** Times are epoch ms by the database's clock. */
export interface StoredEntry {
  /** A keyed hash of where it is sent, with whose key, and what. */
  readonly id: string;
  /** Of the credential that it is sent with. */
  readonly fingerprint: string;
  readonly sealed: Sealed;
  readonly model: string;
  readonly ttlMs: number;
}

export interface Registered {
  readonly entryId: string;
  /** What the catalogue calls it. */
  readonly name: string;
}

/** How warm an entry is. */
export interface EntryState {
  readonly id: string;
  readonly ttlMs: number;
  /** Start of the last request that is known to have used it, whoever sent it; null: none is. */
  readonly usedAt: number | null;
  /** Of its prefix, by the last answer: none where the API has cached nothing of it. */
  readonly tokens: number | null;
}

const STATE = `entry.id, entry.ttl_ms as "ttlMs", entry.tokens, ${toMs("entry.used_at")} as "usedAt"`;
const ASKED = "jsonb_to_recordset($1::jsonb) as asked";

/** A registration that nobody renews holds for so long: its gateway was killed, and what it ordered is still to be done. */
const REGISTERED_FOR = "interval '1 hour'";

/** Those that are kept already, encrypted with that key. */
export async function keptEntries(
  database: Queryable,
  ids: readonly string[],
  keyId: string,
): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ id: string }>(
    `select entry.id from ${SCHEMA}.entry join ${ASKED} (id text) on asked.id = entry.id where entry.key_id = $2`,
    [JSON.stringify(ids.map((id) => ({ id }))), keyId],
  );
  return new Set(rows.map(({ id }) => id));
}

export async function keepEntry(database: Queryable, entry: StoredEntry): Promise<void> {
  const { id, fingerprint, sealed, model, ttlMs } = entry;
  await database.query(
    `insert into ${SCHEMA}.entry (id, fingerprint, key_id, body, model, ttl_ms) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set key_id = excluded.key_id, body = excluded.body`,
    [id, fingerprint, sealed.keyId, sealed.bytes, model, ttlMs],
  );
}

/** Says what a gateway has in its catalogue from now on, and nothing else. @returns what is known of each */
export async function register(
  database: Queryable,
  gateway: string,
  entries: readonly Registered[],
  capUsd: number,
): Promise<readonly EntryState[]> {
  const rows = JSON.stringify(entries.map(({ entryId, name }) => ({ entry_id: entryId, name })));
  await database.query(
    `delete from ${SCHEMA}.registration
     where gateway = $2 and entry_id not in (select entry_id from ${ASKED} (entry_id text))`,
    [rows, gateway],
  );
  if (entries.length === 0) return [];
  await database.query(
    `insert into ${SCHEMA}.registration (entry_id, gateway, name, cap_usd, expires_at)
     select entry_id, $2, name, $3, clock_timestamp() + ${REGISTERED_FOR} from ${ASKED} (entry_id text, name text)
     on conflict (entry_id, gateway) do update set name = excluded.name, cap_usd = excluded.cap_usd,
       expires_at = excluded.expires_at`,
    [rows, gateway, capUsd],
  );
  return database.query<EntryState>(
    `select ${STATE} from ${SCHEMA}.entry join ${ASKED} (entry_id text) on asked.entry_id = entry.id`,
    [rows],
  );
}

/** A request has used it that was answered. */
export async function noteUse(
  database: Queryable,
  entryId: string,
  usedAt: number,
  tokens: number | null = null,
): Promise<void> {
  await database.query(
    `update ${SCHEMA}.entry set used_at = greatest(used_at, ${fromMs("$2")}), tokens = coalesce($3, tokens) where id = $1`,
    [entryId, usedAt, tokens],
  );
}

/** The API has cached nothing of it: each further time would be paid in full. */
export async function noteUncached(database: Queryable, entryId: string): Promise<void> {
  await database.query(`update ${SCHEMA}.entry set tokens = 0 where id = $1`, [entryId]);
}

/** What was so may be another by now: it is tried once more. */
export async function forgetUncached(database: Queryable, ids: readonly string[]): Promise<void> {
  await database.query(
    `update ${SCHEMA}.entry set tokens = null
     where tokens = 0 and id in (select id from ${ASKED} (id text))`,
    [JSON.stringify(ids.map((id) => ({ id })))],
  );
}

/** An entry that somebody has in a catalogue, by its name. */
export interface NamedEntry extends EntryState {
  readonly name: string;
  readonly gateway: string;
  readonly fingerprint: string;
}

/** The one that was registered last, of those with the same name. */
export function registeredEntries(database: Queryable, name?: string): Promise<readonly NamedEntry[]> {
  return database.query<NamedEntry>(
    `select distinct on (registration.name) registration.name, registration.gateway, entry.fingerprint, ${STATE}
     from ${SCHEMA}.registration join ${SCHEMA}.entry on entry.id = registration.entry_id
     where registration.expires_at > clock_timestamp() and ($1::text is null or registration.name = $1)
     order by registration.name, registration.expires_at desc`,
    [name ?? null],
  );
}

/** What no gateway has in its catalogue any more, once it is cold, and what was spent long ago. */
export async function removeUnregistered(database: Queryable): Promise<void> {
  await database.query(`delete from ${SCHEMA}.registration where expires_at < clock_timestamp()`);
  await database.query(
    `delete from ${SCHEMA}.entry
     where not exists (select 1 from ${SCHEMA}.registration where entry_id = entry.id)
       and coalesce(used_at, created_at) + ttl_ms * interval '1 millisecond' < clock_timestamp()`,
  );
  await database.query(
    `delete from ${SCHEMA}.prewarm_spend where at < clock_timestamp() - interval '48 hours'`,
  );
}

/** What a claimed pre-warm is made of; undefined: nobody has it in a catalogue any more. */
export interface LoadedEntry {
  readonly id: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly keyId: string;
  readonly body: Uint8Array;
  readonly ttlMs: number;
  readonly usedAt: number | null;
  readonly tokens: number | null;
  /** Used so recently, in ms, it need not be sent. */
  readonly freshMs: number;
  /** What an attempt may have cost that was sent and never heard of again, in USD. */
  readonly lostUsd: number | null;
}

export async function loadEntry(database: Queryable, jobId: string): Promise<LoadedEntry | undefined> {
  const [row] = await database.query<LoadedEntry>(
    `select entry.id, job.entry as name, entry.fingerprint, entry.key_id as "keyId", entry.body,
       entry.ttl_ms as "ttlMs", ${toMs("entry.used_at")} as "usedAt", entry.tokens, coalesce(job.fresh_ms, 0) as "freshMs",
       (select usd from ${SCHEMA}.prewarm_spend where job_id = job.id and attempt = job.attempt - 1) as "lostUsd"
     from ${SCHEMA}.job join ${SCHEMA}.entry on entry.id = job.prefix_id
     where job.id = $1 and job.finished_at is null`,
    [jobId],
  );
  return row;
}
