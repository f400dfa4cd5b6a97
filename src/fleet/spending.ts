/**
 * What each owner's warms have cost of late, added up as they are recorded: reading a day's results for each warm would
 * cost more than all else. A worker adds to rows of its own, so that none waits for another.
 */
import { tenMinutesOf } from "./database.ts";
import { SCHEMA } from "./schema.ts";

const DAY_SLOTS = 144;

/** A statement. @param source of rows with `owner` and `cost_usd` that were just recorded @param worker who adds */
export function addSpent(source: string, worker: string): string {
  return `insert into ${SCHEMA}.spent as known (owner, slot, worker, usd)
    select owner, ${tenMinutesOf("clock_timestamp()")}, ${worker}, sum(cost_usd) from ${source} where cost_usd > 0 group by owner
    on conflict (owner, slot, worker) do update set usd = known.usd + excluded.usd`;
}

/** An expression: USD of the last 24 hours, and of up to ten minutes more. @param owner an expression; left out: of all */
export function daySpentUsd(owner?: string): string {
  const ofOwner = owner === undefined ? "" : `spent.owner = ${owner} and`;
  return `(select coalesce(sum(usd), 0)::double precision from ${SCHEMA}.spent
    where ${ofOwner} spent.slot >= ${tenMinutesOf("clock_timestamp()")} - ${DAY_SLOTS})`;
}

/** A statement: what is too old to count. */
export const REMOVE_SPENT = `delete from ${SCHEMA}.spent where slot < ${tenMinutesOf("clock_timestamp()")} - ${DAY_SLOTS}`;
