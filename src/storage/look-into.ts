/** Reads a store without changing what is in it: neither is one created, nor is a damaged one set aside. */
import type { DatabaseSync } from "node:sqlite";
import type { StorageNamespace } from "../host.ts";
import { databaseClass } from "./database-class.ts";
import { isEmpty } from "./schema.ts";
import { CORRUPT, forPeople, isDamage, StorageError } from "./storage-error.ts";

export interface ReadOnlyStore {
  namespace(name: string): Pick<StorageNamespace, "get" | "keys">;
  close(): void;
}

/** How long another process may keep the file locked, in ms. */
const LOCK_TIMEOUT_MS = 2_000;

/** @param file one that is there @throws {StorageError} */
export function lookInto(file: string): ReadOnlyStore {
  return told(file, () => {
    const Database = databaseClass();
    const database = new Database(file, { readOnly: true, timeout: LOCK_TIMEOUT_MS });
    try {
      const problem = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
      if (problem !== "ok") throw Object.assign(new Error(String(problem)), { errcode: CORRUPT });
      return isEmpty(database, file) ? nothingIn(database) : entriesIn(database, file);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function entriesIn(database: DatabaseSync, file: string): ReadOnlyStore {
  const get = database.prepare("SELECT value FROM entries WHERE namespace = ? AND key = ?");
  const keysFrom = database.prepare("SELECT key FROM entries WHERE namespace = ? AND key >= ? ORDER BY key");
  return {
    namespace: (name) => ({
      get: async (key) => {
        const entry = told(file, () => get.get(name, key));
        return typeof entry?.value === "string" ? entry.value : null;
      },
      keys: async (prefix = "") => {
        const entries = told(file, () => keysFrom.all(name, prefix));
        return entries.map(({ key }) => String(key)).filter((key) => key.startsWith(prefix));
      },
    }),
    close: () => database.close(),
  };
}

/** Whoever created it ended before there was anything in it. */
function nothingIn(database: DatabaseSync): ReadOnlyStore {
  return {
    namespace: () => ({ get: async () => null, keys: async () => [] }),
    close: () => database.close(),
  };
}

function told<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isDamage(error)) throw forPeople(error, file, LOCK_TIMEOUT_MS);
    throw new StorageError(
      "damaged",
      `${file} is damaged (${error.message}), so what it holds cannot be told. The next keepwarm start sets it aside, deletes nothing, and begins anew.`,
      error,
    );
  }
}
