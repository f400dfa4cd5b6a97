/** Which database a process works on: the server that `DATABASE_URL` names, or one inside itself. */
import type { Backend, FleetDatabase } from "./database.ts";
import { openPglite } from "./pglite.ts";
import { openPostgres } from "./postgres.ts";
import { installTables } from "./schema.ts";

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
}

/**
 * With its tables.
 * @param named a server, or the folder of a database that nobody else has
 * @throws {DatabaseOwnedError}, or an error that says what is wrong with the server
 */
export async function openDatabase(
  named: NamedDatabase | { readonly folder: string },
  { name, connections }: OpenDatabaseOptions,
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
    await installTables(database).catch(unreachable);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The driver's own words hold an address, and may hold a user's name. */
function unreachable(error: unknown): never {
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  if (code === null || !/^(E[A-Z_]+|28...|3D000|57P0.)$/.test(code)) throw error;
  throw new Error(
    `the database of DATABASE_URL cannot be used (${code}): is it there, and may this user use it?`,
  );
}
