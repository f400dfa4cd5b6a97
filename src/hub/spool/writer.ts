/**
 * The ledger of a process that must not open the store: a file of its own, to which it only appends, and which the
 * hub takes in. See line.ts.
 */
import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { appendFile, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StorageNamespace } from "../../host.ts";
import { makeFolder } from "../../storage/index.ts";
import { isProcessAlive } from "../alive.ts";
import { entryIn, lineOf, maySpool, SPOOL_FOLDER, SPOOL_NAME, type SpoolEntry } from "./line.ts";

export interface SpoolOptions {
  readonly stateDirectory: string;
  /** What the program is called: part of the file's name. */
  readonly host: string;
  /** Beyond it what newer lines say again is left out, in bytes. @default 262_144 */
  readonly maxBytes?: number;
  /** Spools of processes that have ended, which no hub ever took in; beyond it the oldest go. @default 500 */
  readonly maxFiles?: number;
}

export interface Spool {
  /** For a ledger: what it sets is in the file soon. */
  readonly storage: StorageNamespace;
  /** Writes at once what has not been written yet: nothing is waited for when a process ends. Never throws. */
  flush(): void;
}

const MAX_BYTES = 262_144;
const MAX_FILES = 500;

/** Makes nothing before there is something to write. */
export function createSpool({ stateDirectory, host, ...bounds }: SpoolOptions): Spool {
  const { maxBytes = MAX_BYTES, maxFiles = MAX_FILES } = bounds;
  const folder = join(stateDirectory, SPOOL_FOLDER);
  const file = join(folder, `${host}-${process.pid}-${randomBytes(6).toString("hex")}.ndjson`);
  /** The entries of this process, which a ledger may read again. */
  const entries = new Map<string, string>();
  let waiting: string[] = [];
  let onTheirWay: string[] = [];
  let writing: Promise<void> | null = null;
  let bytes = 0;
  let isTorn = false;
  let isMade = false;

  async function write(): Promise<void> {
    // A moment later, so that what is booked together is written together.
    await null;
    onTheirWay = waiting;
    waiting = [];
    if (onTheirWay.length === 0) return;
    try {
      if (!isMade) makeFolder(folder);
      const text = (isTorn ? "\n" : "") + onTheirWay.join("");
      // What is there of it, should it fail, is half a line.
      isTorn = true;
      await appendFile(file, text, { mode: 0o600 });
      isTorn = false;
      bytes += text.length;
      if (!isMade) void removeOldest(folder, maxFiles).catch(() => {});
      isMade = true;
      if (bytes > maxBytes) bytes = await shorten(file);
    } finally {
      onTheirWay = [];
    }
  }

  function append(entry: SpoolEntry): Promise<void> {
    waiting.push(lineOf(entry));
    const before = writing;
    if (before !== null && waiting.length > 1) return before;
    const next = (before ?? Promise.resolve()).catch(() => {}).then(write);
    writing = next;
    return next;
  }

  return {
    storage: {
      get: async (key) => entries.get(key) ?? null,
      has: async (key) => entries.has(key),
      keys: async (prefix = "") => [...entries.keys()].filter((key) => key.startsWith(prefix)),
      async set(key, value) {
        // What is made of several rows is the hub's to make.
        if (!maySpool({ key, value })) return;
        entries.set(key, value);
        await append({ key, value });
      },
      async delete(key) {
        if (entries.delete(key) && maySpool({ key, value: null })) await append({ key, value: null });
      },
    },
    flush() {
      const text = [...onTheirWay, ...waiting].join("");
      if (text === "") return;
      waiting = [];
      try {
        makeFolder(folder);
        // Perhaps again, which does no harm.
        appendFileSync(file, `\n${text}`, { mode: 0o600 });
      } catch {
        // Nobody is left to be told.
      }
    },
  };
}

/** Leaves of each entry only what it is now. Resolves with the file's length. */
async function shorten(file: string): Promise<number> {
  const latest = new Map<string, SpoolEntry>();
  for (const line of (await readFile(file, "utf8")).split("\n")) {
    const entry = entryIn(line);
    if (entry === null) continue;
    latest.delete(entry.key);
    latest.set(entry.key, entry);
  }
  const text = [...latest.values()].map(lineOf).join("");
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    // Renamed into place, so that whoever reads it meanwhile reads one or the other, whole.
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return text.length;
}

/** Of the spools whose processes have ended. */
async function removeOldest(folder: string, maxFiles: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => SPOOL_NAME.test(name));
  if (names.length <= maxFiles) return;
  const ended = names.filter((name) => !isProcessAlive(Number(SPOOL_NAME.exec(name)?.[1])));
  const dated = await Promise.all(
    ended.map(async (name) => ({
      name,
      at: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
    })),
  );
  const oldest = dated.toSorted((a, b) => a.at - b.at).slice(0, names.length - maxFiles);
  for (const { name } of oldest) await rm(join(folder, name), { force: true });
}
