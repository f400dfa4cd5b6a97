/** What one worker was told of the API's limits, for all of them. */
import type { RateLimit, RateLimitBucket } from "../anthropic/index.ts";
import { fromMs, type Queryable, toMs } from "./database.ts";
import { SCHEMA } from "./schema.ts";

/** Below this share of a limit nothing is warmed: the rest is for real requests. */
const LEAST_SHARE = 0.05;

/** How long a limit counts whose end was not told, in ms: the API's are per minute. */
const ASSUMED_WINDOW_MS = 60_000;

/** Epoch ms until which there is no room for warms; null where there is. */
export function tightUntil(limits: RateLimit | null, now: number): number | null {
  const buckets = Object.values(limits ?? {}).filter((one): one is RateLimitBucket => one !== undefined);
  const ends = buckets.filter(isTight).map(({ resetAt }) => resetAt ?? now + ASSUMED_WINDOW_MS);
  return ends.length === 0 ? null : Math.max(...ends);
}

function isTight({ limit, remaining }: RateLimitBucket): boolean {
  return limit !== null && limit > 0 && remaining !== null && remaining < limit * LEAST_SHARE;
}

/** @param realm whose limits they are: a credential's fingerprint */
export async function noteLimit(
  database: Queryable,
  realm: string,
  until: number,
  reason: string,
): Promise<void> {
  await database.query(
    `insert into ${SCHEMA}.rate_limit as known (realm, until, reason) values ($1, ${fromMs("$2")}, $3)
     on conflict (realm) do update set until = excluded.until, reason = excluded.reason
     where known.until < excluded.until`,
    [realm, until, reason],
  );
}

/** Until when each realm is to be left alone, in epoch ms by the database's clock. */
export async function currentLimits(database: Queryable): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query<{ realm: string; until: number }>(
    `select realm, ${toMs("until")} as until from ${SCHEMA}.rate_limit where until > clock_timestamp()`,
  );
  return new Map(rows.map(({ realm, until }) => [realm, until]));
}
