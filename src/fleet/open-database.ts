/** Which database a process works on: the server that `DATABASE_URL` names, or one inside itself. */
import type { Backend, FleetDatabase } from "./database.ts";
import { openPglite } from "./pglite.ts";
import { openPostgres } from "./postgres.ts";
import { hasTables, installTables } from "./schema.ts";

/** What `DATABASE_URL` names. */
export interface NamedDatabase {
  readonly databaseUrl: string;
  /** Undefined: the server is asked what it is. */
  readonly backend: Exclude<Backend, "pglite"> | undefined;
}

export interface OpenDatabaseOptions {
  /** What the server's list of sessions shows. */
  readonly name: string;
  /** Connections at most. */
  readonly connections?: number;
  /** Whether tables that are not there are made. @default true */
  readonly makesTables?: boolean;
}

/**
 * With its tables.
 * @param named a server, or the folder of a database that nobody else has
 * @throws {DatabaseOwnedError} {@link DatabaseAwayError}, or an error that says what is wrong with the server
 */
export async function openDatabase(
  named: NamedDatabase | { readonly folder: string },
  { name, connections, makesTables = true }: OpenDatabaseOptions,
): Promise<FleetDatabase> {
  const database = await ("folder" in named
    ? openPglite(named.folder)
    : openPostgres({
        url: named.databaseUrl,
        backend: named.backend,
        name,
        ...(connections === undefined ? {} : { connections }),
      }).catch(unreachable));
  try {
    if (!makesTables && !(await hasTables(database).catch(unreachable))) throw new NoFleetError();
    await installTables(database).catch(unreachable);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Somebody only looks: whatever database that is, it is to stay as it is. */
class NoFleetError extends Error {
  constructor() {
    super(
      "the database of DATABASE_URL holds no fleet: is it the right one? A worker or a gateway with --fleet makes its tables when it starts, as keepwarm fleet migrate does",
    );
  }
}

/** It does not answer, and may later. */
export class DatabaseAwayError extends Error {}

/** Of the system and of PostgreSQL: nobody is there, or it is just starting or ending. */
const AWAY = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|57P0.)$/;
/** There is such a server, and it does not let this user in, or has no such database. */
const REFUSED = /^(E[A-Z_]+|28...|3D000)$/;

/** The driver's own words hold an address, and may hold a user's name. */
function unreachable(error: unknown): never {
  if (!(error instanceof Error)) throw error;
  const code = "code" in error ? String(error.code) : "";
  const isLate = code === "" && /timeout/i.test(error.message);
  const says = `the database of DATABASE_URL cannot be used (${isLate ? "no answer in time" : code}): ${advice(code)}`;
  if (isLate || AWAY.test(code)) throw new DatabaseAwayError(says);
  throw REFUSED.test(code) ? new Error(says) : error;
}

function advice(code: string): string {
  if (code.startsWith("28")) return "its server does not let this user in: are name and password right?";
  if (code === "3D000") return "its server has no database of that name: create it, or correct the name";
  return "is it there, and may this user use it?";
}
