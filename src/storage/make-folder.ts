import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder of keepwarm's own, and those above it that are missing, for its owner alone. Step by step: Node's
 * own recursion never ends where a file system answers that a folder is missing for one that cannot be made (`/proc`).
 *
 * @throws the system's error
 */
export function makeFolder(path: string): void {
  if (made(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  // With its parent there, what is missing now is no folder above it.
  mkdirIfMissing(path);
}

/** False when one above it is missing. */
function made(path: string): boolean {
  try {
    mkdirIfMissing(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function mkdirIfMissing(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile; what is there may be a file as well.
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST" && statSync(path).isDirectory();
    if (!isThere) throw error;
  }
}
