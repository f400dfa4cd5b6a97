/**
 * Leases: of several processes that could do the same thing, one does it.
 *
 * Each process has a file of its own for each lease it wants, and puts up its flag there, which says until when it is
 * up. First for a moment, to ask; when no other flag is up, for as long as it wants the lease; and then it looks once
 * more. Of two that come so far at least the later one looks after the other's flag was up, and gives way: so never both
 * go on, however long one of them was stopped in between. Nobody has to take a lease away from anybody: a flag whose
 * time is over, or whose process has ended, simply does not count.
 */
import * as z from "zod/mini";
import type { Timers } from "../../host.ts";

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

/** What a flag's file says. */
const flagText = z.object({
  host: z.string(),
  pid: z.int().check(z.positive()),
  /** Whose process ids these are; empty where its process cannot tell. */
  machine: z.string(),
  /** A flag that is up for no longer than that may only be asking, in ms. */
  askingMs: z.number(),
  /** Until when it is up, in epoch ms, where its file's time does not say so. */
  untilMs: z.optional(z.number()),
});
export type FlagText = z.infer<typeof flagText>;

/** The folder that all processes share. Rejects with the system's error where it cannot be used. */
export interface LeaseFolder {
  /** Whatever is to be done before it is asked. */
  prepare(): Promise<void>;
  /** Puts up a flag in a file that is not there yet: whole, or not at all. */
  putUp(file: string, flag: FlagText, untilMs: number): Promise<void>;
  /** Lets a flag of ours stay up until then, without a break. False: somebody has cleared the folder. */
  extend(file: string, flag: FlagText, untilMs: number): Promise<boolean>;
  files(): Promise<readonly string[]>;
  /** Null: it is gone. */
  look(file: string): Promise<{ readonly text: string; readonly timeMs: number } | null>;
  /** Takes it down. Never throws. */
  takeDown(file: string): void;
}

export interface LeaseContext {
  readonly folder: LeaseFolder;
  readonly self: LeaseHolder & Pick<FlagText, "machine">;
  /** What no other process calls itself: letters, digits and `-`. */
  readonly own: string;
  /** Of those who name the same machine, or none. */
  readonly isAlive: (pid: number) => boolean;
  readonly timers: Timers;
  /** Wall clock, epoch ms: the same for all processes. */
  readonly now: () => number;
}

interface Flag extends LeaseHolder {
  readonly isHeld: boolean;
}

/** No cache entry lives longer: a flag that says so was put up by another clock, in ms. */
export const LONGEST_MS = 2 * 3_600_000;
/** In which who asks has got its answer, in ms; less for a lease that is short itself. */
const ASKING_MS = 5_000;
const TRIES = 8;

export function createLeasesIn({ folder, self, own, isAlive, timers, now }: LeaseContext): Leases {
  /** Until when, in epoch ms. */
  const held = new Map<string, number>();
  /** Each time it asks, a process has another file: what others sweep away is never one that it uses. */
  const files = new Map<string, string>();
  let asked = 0;

  async function putUp(name: string, untilMs: number, askingMs: number): Promise<void> {
    const flag = { ...self, askingMs };
    const known = files.get(name);
    if (known !== undefined && (await folder.extend(known, flag, untilMs))) return;
    const fresh = `${name}.${own}-${++asked}`;
    await folder.putUp(fresh, flag, untilMs);
    files.set(name, fresh);
  }

  /** The others' flags that count. */
  async function others(name: string): Promise<Flag[]> {
    const flags: Flag[] = [];
    for (const file of await folder.files()) {
      if (!file.startsWith(`${name}.`) || file.startsWith(`${name}.${own}-`)) continue;
      const flag = await flagIn(file);
      if (flag !== null) flags.push(flag);
    }
    return flags;
  }

  /** Null: it does not count. What cannot be read is somebody's. */
  async function flagIn(file: string): Promise<Flag | null> {
    const found = await folder.look(file);
    if (found === null) return null;
    // Half written, and by nobody who is still at it.
    if (found.timeMs < now() - LONGEST_MS) return null;
    const { host, pid, machine, askingMs, untilMs } = flagText.parse(JSON.parse(found.text));
    const leftMs = (untilMs ?? found.timeMs) - now();
    if (leftMs <= 0 || leftMs > LONGEST_MS) return null;
    if (machine === self.machine && pid !== self.pid && !isAlive(pid)) return null;
    return { host, pid, isHeld: leftMs > askingMs };
  }

  function release(name: string): void {
    const file = files.get(name);
    held.delete(name);
    files.delete(name);
    if (file !== undefined) folder.takeDown(file);
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
    await folder.prepare();
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
      await new Promise<void>((resolve) => {
        timers.setTimer(resolve, 10 + Math.random() * 40 * tries);
      });
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
