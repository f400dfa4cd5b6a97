/** A lock that is a file: for programs without SQLite, and for as long as it takes to replace a small file. */
import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** After which a lock is its holder's no more, because nothing it guards takes so long, in ms. */
const STALE_MS = 3_000;
/** How long it is waited for, in ms. */
const PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 5;

/**
 * Runs `act` while no other process, and no one else in this one, has the lock.
 *
 * @throws the system's error where the lock cannot be made, and when its holder does not let go
 */
export async function withFileLock<T>(path: string, act: () => T): Promise<T> {
  const own = `${process.pid}-${randomBytes(9).toString("base64url")}`;
  for (const since = Date.now(); !taken(path, own); ) {
    if (Date.now() - since > PATIENCE_MS) throw new Error(`${path} is held by another process`);
    breakStale(path);
    // It keeps nobody from ending.
    await sleep(LOOK_AGAIN_MS * (1 + Math.random()), undefined, { ref: false });
  }
  try {
    // At once: nobody can find it stale in the middle of a few writes.
    return act();
  } finally {
    if (holderOf(path) === own) rmSync(path, { force: true });
  }
}

function taken(path: string, own: string): boolean {
  try {
    writeFileSync(path, own, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Moved away, and only then looked at: of several that do so one gets it, and what turns out to be fresh is put back
 * unless another lock is there by now.
 */
function breakStale(path: string): void {
  const ageMs = ageOf(path);
  if (ageMs === null || ageMs < STALE_MS) return;
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, aside);
    const moved = ageOf(aside);
    if (moved !== null && moved < STALE_MS) linkSync(aside, path);
  } catch {
    // Another was faster.
  } finally {
    rmSync(aside, { force: true });
  }
}

function ageOf(path: string): number | null {
  try {
    // One from the future was written before a clock was set back.
    return Math.abs(Date.now() - statSync(path).mtimeMs);
  } catch {
    return null;
  }
}

function holderOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
