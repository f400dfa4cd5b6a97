import type { DatabaseSync } from "node:sqlite";
import { StorageError } from "./storage-error.ts";

/** Loaded when first needed: hosts without node:sqlite can still import what imports this. */
export function databaseClass(): typeof DatabaseSync {
  const { emitWarning } = process;
  // Node 22 calls node:sqlite experimental, once, as it is loaded; that one is hidden and no other.
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === "ExperimentalWarning" && /SQLite/.test(String(warning))) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof emitWarning;
  try {
    const sqlite = process.getBuiltinModule?.("node:sqlite");
    if (sqlite) return sqlite.DatabaseSync;
  } finally {
    process.emitWarning = emitWarning;
  }
  throw new StorageError("failed", "keepwarm's store needs node:sqlite, which Node has from 22.13 on.");
}
