/**
 * Leases in the state directory: a flag is a file there, whose time says until when it is up.
 *
 * While a flag is up its file stays as it is but for its time: one that were replaced could be overlooked by who reads
 * the folder in that moment.
 */
import { readlinkSync, rmSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import { isProcessAlive } from "../alive.ts";
import { createLeasesIn, type LeaseFolder, type Leases, LONGEST_MS } from "./leases.ts";

export interface LeaseOptions {
  readonly stateDirectory: string;
  readonly host: string;
  /** Wall clock, epoch ms: the same for all processes. @default Date.now */
  readonly now?: () => number;
}

/** Where the processes of a state directory leave their flags. */
export const LEASE_FOLDER = "leases";

export function createLeases({ stateDirectory, host, now = Date.now }: LeaseOptions): Leases {
  return createLeasesIn({
    folder: leaseFolder(join(stateDirectory, LEASE_FOLDER), now),
    self: { host, pid: process.pid, machine: machineName() },
    own: crypto.randomUUID(),
    isAlive: isProcessAlive,
    timers: systemTimers(),
    now,
  });
}

function leaseFolder(folder: string, now: () => number): LeaseFolder {
  let sweptAt = 0;

  /** Removes what was left behind, of names that nobody asks for any more. */
  async function sweep(): Promise<void> {
    if (Math.abs(now() - sweptAt) < LONGEST_MS) return;
    sweptAt = now();
    for (const file of await readdir(folder)) {
      const path = join(folder, file);
      const found = await stat(path).catch(() => null);
      // A draft has the system's time until it is a flag.
      const at = file.startsWith(".") ? Date.now() : now();
      if (found !== null && Math.abs(at - found.mtimeMs) > LONGEST_MS) await rm(path, { force: true });
    }
  }

  return {
    async prepare() {
      makeFolder(folder);
      await sweep();
    },
    async putUp(file, flag, untilMs) {
      const until = new Date(untilMs);
      const draft = join(folder, `.${file}`);
      try {
        await writeFile(draft, JSON.stringify(flag), { mode: 0o600, flag: "wx" });
        await utimes(draft, until, until);
        await rename(draft, join(folder, file));
      } catch (error) {
        await rm(draft, { force: true }).catch(() => {});
        throw error;
      }
    },
    async extend(file, _, untilMs) {
      const until = new Date(untilMs);
      return (await unlessGone(utimes(join(folder, file), until, until))) !== null;
    },
    files: () => readdir(folder),
    async look(file) {
      const path = join(folder, file);
      const found = await unlessGone(Promise.all([readFile(path, "utf8"), stat(path)]));
      return found && { text: found[0], timeMs: found[1].mtimeMs };
    },
    takeDown(file) {
      try {
        rmSync(join(folder, file), { force: true });
      } catch {
        // It ends by itself.
      }
    },
  };
}

/** Null: there is no such file. */
async function unlessGone<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Process ids mean something only among those who share them. */
function machineName(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}
