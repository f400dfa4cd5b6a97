/** Takes what other processes have spooled into the store. What is taken in twice is there once. */
import { rm } from "node:fs/promises";
import type { Logger, StorageNamespace, Timers } from "../../host.ts";
import { isProcessAlive } from "../alive.ts";
import { readSpool, type SpoolFile, type SpoolMark, spoolDrafts, spoolFiles } from "./read.ts";

export interface IntakeOptions {
  readonly stateDirectory: string;
  /** The ledger's. */
  readonly storage: StorageNamespace;
  readonly logger: Pick<Logger, "warn">;
  readonly timers: Timers;
  /** Something new was taken in. */
  readonly onChange?: () => void;
  /** How often it looks, in ms. @default 3_000 */
  readonly everyMs?: number;
}

export interface Intake {
  /** Takes in what is there by now. Never rejects. */
  now(): Promise<void>;
  /** Begins nothing more; {@link Intake.now} resolves once nothing is under way. */
  dispose(): void;
}

const EVERY_MS = 3_000;

export function createIntake(options: IntakeOptions): Intake {
  const { stateDirectory, storage, logger, timers, onChange, everyMs = EVERY_MS } = options;
  const marks = new Map<string, SpoolMark>();
  /** Told once, and not with every look. */
  const troubles = new Set<string>();
  let looking: Promise<void> = Promise.resolve();
  let timer: number | null = null;
  let disposed = false;

  async function look(): Promise<void> {
    if (disposed) return;
    const files = await spoolFiles(stateDirectory);
    let isNew = false;
    for (const file of files) {
      if (disposed) return;
      try {
        isNew = (await take(file)) || isNew;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (!troubles.has(file.path))
          logger.warn("keepwarm: a spool could not be taken in", { file: file.path, reason });
        troubles.add(file.path);
      }
    }
    for (const path of marks.keys()) if (files.every((file) => file.path !== path)) marks.delete(path);
    for (const { path, pid } of await spoolDrafts(stateDirectory)) {
      if (!isProcessAlive(pid)) await rm(path, { force: true }).catch(() => {});
    }
    if (isNew) onChange?.();
  }

  /** Resolves with whether there was anything. */
  async function take({ path, pid }: SpoolFile): Promise<boolean> {
    // Before it is read: what a process writes before its end is there by then.
    const isOver = !isProcessAlive(pid);
    const part = await readSpool(path, marks.get(path) ?? null);
    if (part === null) return false;
    for (const { key, value } of part.entries.values()) {
      if (value === null) await storage.delete(key);
      else await storage.set(key, value);
    }
    // Only now: what could not be stored is read again.
    marks.set(path, part.mark);
    troubles.delete(path);
    if (isOver) {
      await rm(path, { force: true });
      marks.delete(path);
    }
    return part.entries.size > 0;
  }

  function now(): Promise<void> {
    looking = looking.then(look).catch(() => {});
    return looking;
  }

  function later(): void {
    if (disposed) return;
    timer = timers.setTimer(() => {
      void now().then(later);
    }, everyMs);
  }

  void now().then(later);

  return {
    now,
    dispose() {
      disposed = true;
      if (timer !== null) timers.clearTimer(timer);
    },
  };
}
