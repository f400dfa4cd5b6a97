/** Looks at a store without changing it. */
import { existsSync } from "node:fs";
import { databaseClass } from "./database-class.ts";

export type StoreState =
  | { readonly state: "none" }
  | { readonly state: "sound"; readonly entries: number }
  /** `why` is what SQLite said. */
  | { readonly state: "unusable"; readonly why: string };

export function inspectStore(file: string): StoreState {
  try {
    const Database = databaseClass();
    if (!existsSync(file)) return { state: "none" };
    const database = new Database(file, { readOnly: true });
    try {
      const check = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
      if (check !== "ok") return { state: "unusable", why: String(check) };
      const count = database.prepare("SELECT count(*) AS entries FROM entries").get();
      return { state: "sound", entries: Number(count?.entries) };
    } finally {
      database.close();
    }
  } catch (error) {
    return { state: "unusable", why: error instanceof Error ? error.message : String(error) };
  }
}
