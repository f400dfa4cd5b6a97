/** A database inside this process, in a folder of its own. One process owns it. */
import { join } from "node:path";
import type { PGlite, Transaction as PgliteTransaction } from "@electric-sql/pglite";
import { makeFolder } from "../storage/index.ts";
import { takeLock } from "../storage/sqlite.ts";
import type { FleetDatabase, Queryable, Transaction } from "./database.ts";

export class DatabaseOwnedError extends Error {
  override readonly name = "DatabaseOwnedError";
}

/**
 * @param directory null: in memory
 * @throws {DatabaseOwnedError} when another process has it: two would destroy it
 */
export async function openPglite(directory: string | null): Promise<FleetDatabase> {
  // Before the engine touches a file: it takes no lock itself.
  const lock = directory === null ? null : takeLock(join(directory, "owner.lock"));
  if (directory !== null && lock === null) {
    throw new DatabaseOwnedError(
      `the embedded database in ${directory} is another process's: only one may use it, so set DATABASE_URL for a fleet of several`,
    );
  }
  try {
    const [{ PGlite }, { fromPglite }] = await Promise.all([
      import("@electric-sql/pglite"),
      import("pg-boss"),
    ]);
    if (directory !== null) makeFolder(directory);
    const pglite = await PGlite.create(directory === null ? {} : { dataDir: join(directory, "data") });
    const over = (session: PGlite | PgliteTransaction): Transaction => ({
      query: (async (text, values) =>
        (await session.query(text, values === undefined ? undefined : [...values]))
          .rows) as Queryable["query"],
      db: fromPglite(session),
    });
    return {
      backend: "pglite",
      ...over(pglite),
      transaction: (act) => pglite.transaction((tx) => act(over(tx))),
      async close() {
        await pglite.close();
        lock?.release();
      },
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}
