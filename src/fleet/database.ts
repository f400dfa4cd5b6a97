/** The database that gateways and workers share, whichever engine it is. */
import type { Db } from "pg-boss";

export type Backend = "postgres" | "cockroachdb" | "pglite";

export interface Queryable {
  /** One statement, `$1` for its first value. Rejects with the driver's error. */
  query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

export interface Transaction extends Queryable {
  /** For the queue engine's own statements, so that they are part of it. */
  readonly db: Db;
}

export interface FleetDatabase extends Transaction {
  readonly backend: Backend;
  /** All of it or nothing. Not to be nested: an embedded database has one connection. */
  transaction<Result>(act: (tx: Transaction) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** A moment as this code has it: epoch ms. */
export function toMs(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::double precision`;
}

/** The same the other way. */
export function fromMs(parameter: string): string {
  return `to_timestamp(${parameter}::double precision / 1000)`;
}

/** Which ten minutes, counted from the epoch, a moment belongs to. */
export function tenMinutesOf(moment: string): string {
  return `floor(extract(epoch from ${moment}) / 600)::bigint`;
}

/**
 * What is handed over as JSON, as rows. The planner cannot know how many there are and takes a hundred for granted, which
 * makes it read whole tables; so it is told.
 */
export function rowsOf(parameter: string, columns: string, count: number): string {
  return `(select * from jsonb_to_recordset(${parameter}::jsonb) as told (${columns}) limit ${count})`;
}
