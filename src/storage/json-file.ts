/**
 * Storage that outlives the process, for programs that must not open SQLite: one JSON file, replaced whole.
 *
 * Several processes may share it. Each reads what is there before it writes, under a lock, and changes its own keys
 * alone; what is asked for is always answered from the file as it stands.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod/mini";
import type { Logger, StorageNamespace } from "../host.ts";
import { withFileLock } from "./file-lock.ts";
import { makeFolder } from "./make-folder.ts";

export interface JsonFileStorageOptions {
  readonly file: string;
  /** Told when a damaged file was set aside. */
  readonly logger: Pick<Logger, "error">;
  /** Entries of one namespace that are kept; beyond it those written longest ago go. @default 2_000 */
  readonly maxEntries?: number;
}

export interface JsonFileStorage {
  /** The strings of one name, apart from those of every other. */
  namespace(name: string): StorageNamespace;
}

type Namespaces = Record<string, Record<string, string>>;

const VERSION = 1;
const MAX_ENTRIES = 2_000;

// What a newer version adds beside them travels along.
const fileSchema = z.looseObject({
  version: z.int().check(z.minimum(1)),
  namespaces: z.record(z.string(), z.record(z.string(), z.string())),
});
type Contents = z.infer<typeof fileSchema>;

/** The file cannot be read or written. `message` says which, and what the system said. */
export class JsonFileError extends Error {
  override readonly name = "JsonFileError";
}

/** Nothing is read or made before it is asked for. */
export function createJsonFileStorage(options: JsonFileStorageOptions): JsonFileStorage {
  const { file, logger, maxEntries = MAX_ENTRIES } = options;
  let read: { readonly stamp: string; readonly contents: Contents } | null = null;
  let writing: Promise<void> = Promise.resolve();

  function contents(): Contents {
    const stamp = stampOf(file);
    if (stamp === null) return empty();
    if (read?.stamp === stamp) return read.contents;
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      // Replaced between the two, or gone.
      if (codeOf(error) === "ENOENT") return empty();
      throw unusable("read", error);
    }
    const parsed = parse(text);
    // Taken before the text, so that what changes meanwhile is read again.
    if (parsed) read = { stamp, contents: parsed };
    return parsed ?? setAside();
  }

  function setAside(): Contents {
    const aside = `${file}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, "-")}-${randomBytes(3).toString("hex")}`;
    try {
      renameSync(file, aside);
    } catch (error) {
      // Another process did so first.
      if (codeOf(error) === "ENOENT") return empty();
      throw unusable("set aside, though it is damaged", error);
    }
    logger.error(
      `keepwarm: ${file} is damaged. It was set aside as ${aside}, nothing was deleted, and what was stored there has to be set again.`,
      { file, aside },
    );
    return empty();
  }

  /** One change after the other, of this process too. */
  function change(edit: (namespaces: Namespaces) => boolean): Promise<void> {
    const done = writing.then(() => changeNow(edit));
    writing = done.catch(() => {});
    return done;
  }

  async function changeNow(edit: (namespaces: Namespaces) => boolean): Promise<void> {
    try {
      makeFolder(dirname(file));
      await withFileLock(`${file}.lock`, () => {
        const { namespaces, ...others } = contents();
        const edited = structuredClone(namespaces);
        if (edit(edited)) replace({ ...others, namespaces: edited });
      });
    } catch (error) {
      throw error instanceof JsonFileError ? error : unusable("written", error);
    }
  }

  function replace(next: Contents): void {
    const draft = `${file}.${process.pid}-${randomBytes(6).toString("hex")}`;
    try {
      writeFileSync(draft, JSON.stringify(next), { mode: 0o600, flag: "wx" });
      if (process.platform !== "win32") chmodSync(draft, 0o600);
      renameSync(draft, file);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  function unusable(doing: string, error: unknown): JsonFileError {
    const said = error instanceof Error ? error.message : String(error);
    return new JsonFileError(`keepwarm's ${file} could not be ${doing} (${said})`);
  }

  return {
    namespace(name) {
      const entries = () => {
        const { namespaces } = contents();
        return new Map(Object.entries(own(namespaces, name) ?? {}));
      };
      return {
        get: async (key) => entries().get(key) ?? null,
        has: async (key) => entries().has(key),
        keys: async (prefix = "") => [...entries().keys()].filter((key) => key.startsWith(prefix)),
        set: (key, value) =>
          change((namespaces) => {
            const known = own(namespaces, name);
            if (own(known, key) === value) return false;
            // At the end, as the one written last.
            const kept = Object.entries(known ?? {}).filter(([other]) => other !== key);
            namespaces[name] = Object.fromEntries([...kept, [key, value]].slice(-maxEntries));
            return true;
          }),
        delete: (key) =>
          change((namespaces) => {
            const known = own(namespaces, name);
            if (own(known, key) === undefined) return false;
            const kept = Object.entries(known ?? {}).filter(([other]) => other !== key);
            namespaces[name] = Object.fromEntries(kept);
            return true;
          }),
      };
    },
  };
}

function own<T>(record: Record<string, T> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

function empty(): Contents {
  return { version: VERSION, namespaces: {} };
}

function parse(text: string): Contents | null {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** What tells one state of the file from another; null where there is none. */
function stampOf(file: string): string | null {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino}-${size}-${mtimeMs}`;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}
