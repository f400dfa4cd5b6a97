/** What is in keepwarm's file, and what is not its file at all. */
import type { DatabaseSync } from "node:sqlite";
import { StorageError } from "./storage-error.ts";

const SCHEMA_VERSION = 1;

export const SCHEMA = `
  BEGIN IMMEDIATE;
  CREATE TABLE entries (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (namespace, key)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${SCHEMA_VERSION};
  COMMIT;
`;

/** Whether the schema is still to be made. @throws {StorageError} for a newer keepwarm's and for another program's file */
export function isEmpty(database: DatabaseSync, file: string): boolean {
  const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
  if (version > SCHEMA_VERSION) {
    throw new StorageError(
      "newer",
      `${file} was written by a newer keepwarm (schema ${version}; this one knows ${SCHEMA_VERSION}). Update keepwarm, or give this one another folder with KEEPWARM_HOME.`,
    );
  }
  if (version === 0 && database.prepare("SELECT 1 FROM sqlite_schema").get()) {
    throw new StorageError(
      "failed",
      `${file} is another program's database. Give keepwarm a file of its own.`,
    );
  }
  return version === 0;
}
