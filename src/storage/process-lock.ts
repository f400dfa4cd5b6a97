/** Something that one process at a time may be. Ends with the process, however that ends. */
import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { databaseClass } from "./database-class.ts";
import { makeFolder } from "./make-folder.ts";

export interface ProcessLock {
  release(): void;
}

/**
 * Takes the lock of a file, which stays empty; null when another process holds it. The lock is SQLite's own,
 * because Node has none.
 */
export function takeLock(file: string): ProcessLock | null {
  makeFolder(dirname(file));
  closeSync(openSync(file, "a", 0o600));
  const Database = databaseClass();
  const database = new Database(file, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return { release: () => database.close() };
  } catch {
    database.close();
    return null;
  }
}
