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
