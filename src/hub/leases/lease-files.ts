/**
 * Leases: of several processes that could do the same thing, one does it.
 *
 * Each process has a file of its own for each lease it wants, and puts up its flag there: the file's time says until
 * when. First for a moment, to ask; when no other flag is up, for as long as it wants the lease; and then it looks once
 * more. Of two that come so far at least the later one looks after the other's flag was up, and gives way: so never both
 * go on, however long one of them was stopped in between. Nobody has to take a lease away from anybody: a flag whose
 * time is over, or whose process has ended, simply does not count.
 *
 * While a flag is up its file stays as it is but for its time: one that were replaced could be overlooked by who reads
 * the folder in that moment.
 */
import { randomBytes } from "node:crypto";
import { readlinkSync, rmSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { makeFolder } from "../../storage/index.ts";
import { isProcessAlive } from "../alive.ts";

export interface LeaseHolder {
  /** The program: `pi`, `gateway`. */
  readonly host: string;
  readonly pid: number;
}

export type LeaseAnswer =
  | { readonly granted: true }
  /** `holder` is null where several asked at once, and none of them has it yet. */
  | { readonly granted: false; readonly holder: LeaseHolder | null };

export interface Leases {
  /**
   * Takes a lease, or renews the one that is held, for so long.
   *
   * @param name letters and digits
   * @throws the system's error where it cannot be written
   */
  take(name: string, lifeMs: number): Promise<LeaseAnswer>;
  /** Gives it back, if it is held. Never throws. */
  release(name: string): void;
  releaseAll(): void;
}

export interface LeaseOptions {
  readonly stateDirectory: string;
  readonly host: string;
  /** Wall clock, epoch ms: the same for all processes. @default Date.now */
  readonly now?: () => number;
}

const leaseFile = z.object({
  host: z.string(),
  pid: z.int().check(z.positive()),
  /** Whose process ids these are. */
  machine: z.string(),
  /** A flag that is up for no longer than that may only be asking, in ms. */
  askingMs: z.number(),
});

interface Flag extends LeaseHolder {
  readonly isHeld: boolean;
}

/** No cache entry lives longer: a flag that says so was put up by another clock, in ms. */
const LONGEST_MS = 2 * 3_600_000;
/** In which who asks has got its answer, in ms; less for a lease that is short itself. */
const ASKING_MS = 5_000;
const TRIES = 8;

export function createLeases({ stateDirectory, host, now = Date.now }: LeaseOptions): Leases {
  const folder = join(stateDirectory, "leases");
  const own = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const machine = machineName();
  /** Until when, in epoch ms. */
  const held = new Map<string, number>();
  let sweptAt = 0;

  /** Each time it asks, a process has another file: what others sweep away is never one that it uses. */
  const files = new Map<string, string>();
  let asked = 0;

  async function putUp(name: string, untilMs: number, askingMs: number): Promise<void> {
    const until = new Date(untilMs);
    const known = files.get(name);
    if (known !== undefined) {
      try {
        return await utimes(known, until, until);
      } catch (error) {
        // Somebody has cleared the folder.
        if (codeOf(error) !== "ENOENT") throw error;
      }
    }
    const fresh = `${name}.${own}-${++asked}`;
    const draft = join(folder, `.${fresh}`);
    try {
      await writeFile(draft, JSON.stringify({ host, pid: process.pid, machine, askingMs }), {
        mode: 0o600,
        flag: "wx",
      });
      await utimes(draft, until, until);
      await rename(draft, join(folder, fresh));
      files.set(name, join(folder, fresh));
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** The others' flags that count. */
  async function others(name: string): Promise<Flag[]> {
    const flags: Flag[] = [];
    for (const file of await readdir(folder)) {
      if (!file.startsWith(`${name}.`) || file.startsWith(`${name}.${own}-`)) continue;
      const flag = await flagIn(join(folder, file));
      if (flag !== null) flags.push(flag);
    }
    return flags;
  }

  /** Null: it does not count. What cannot be read is somebody's. */
  async function flagIn(path: string): Promise<Flag | null> {
    try {
      const { mtimeMs } = await stat(path);
      const leftMs = mtimeMs - now();
      if (leftMs <= 0 || leftMs > LONGEST_MS) return null;
      const { host, pid, machine: its, askingMs } = leaseFile.parse(JSON.parse(await readFile(path, "utf8")));
      if (its === machine && pid !== process.pid && !isProcessAlive(pid)) return null;
      return { host, pid, isHeld: leftMs > askingMs };
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  function release(name: string): void {
    const file = files.get(name);
    held.delete(name);
    files.delete(name);
    try {
      if (file !== undefined) rmSync(file, { force: true });
    } catch {
      // It ends by itself.
    }
  }

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

  /** The flag is up without a break: whoever asks meanwhile finds it, and gives way. */
  async function renewed(name: string, until: number, askingMs: number): Promise<boolean> {
    const heldUntil = held.get(name) ?? 0;
    if (heldUntil - now() < askingMs) return false;
    if (until > heldUntil) await putUp(name, until, askingMs);
    // Unless we were stopped in between, for longer than it was ours.
    if ((await others(name)).some(({ isHeld }) => isHeld)) return false;
    held.set(name, Math.max(until, heldUntil));
    return true;
  }

  async function ask(name: string, lifeMs: number): Promise<LeaseAnswer> {
    makeFolder(folder);
    await sweep();
    const askingMs = Math.min(ASKING_MS, lifeMs / 4);
    if (await renewed(name, now() + lifeMs, askingMs)) return { granted: true };
    release(name);
    for (let tries = 1; ; tries++) {
      await putUp(name, now() + askingMs, askingMs);
      let rivals = await others(name);
      if (rivals.length === 0) {
        const until = now() + lifeMs;
        await putUp(name, until, askingMs);
        // Who only asks will find ours, and give way.
        rivals = (await others(name)).filter(({ isHeld }) => isHeld);
        if (rivals.length === 0 && until - now() > askingMs) {
          held.set(name, until);
          return { granted: true };
        }
      }
      release(name);
      const holder = rivals.find(({ isHeld }) => isHeld);
      if (holder !== undefined) return { granted: false, holder: { host: holder.host, pid: holder.pid } };
      if (tries === TRIES) return { granted: false, holder: null };
      // Two asked at once: not at once again.
      await sleep(10 + Math.random() * 40 * tries, undefined, { ref: false });
    }
  }

  const asking = new Map<string, Promise<unknown>>();

  return {
    take(name, lifeMs) {
      // One after the other: one that gives way must not take down the flag of one that has it.
      const answer = (asking.get(name) ?? Promise.resolve()).then(() => ask(name, lifeMs));
      const over = answer
        .catch(() => {})
        .then(() => {
          if (asking.get(name) === over) asking.delete(name);
        });
      asking.set(name, over);
      return answer;
    },
    release,
    releaseAll() {
      for (const name of files.keys()) release(name);
    },
  };
}

/** Process ids mean something only among those who share them. */
function machineName(): string {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
