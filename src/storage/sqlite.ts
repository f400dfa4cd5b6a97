/**
 * Storage that outlives the process: one SQLite file that all of a person's keepwarm processes share.
 *
 * Every answer is given for the file that is at its path *now*: another process may have set a damaged one
 * aside since we opened it, and what we would write into that one nobody would read again.
 */
import { chmodSync, closeSync, openSync, renameSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Logger, StorageNamespace } from "../host.ts";
import { databaseClass } from "./database-class.ts";
import { makeFolder } from "./make-folder.ts";
import { isEmpty, SCHEMA } from "./schema.ts";
import { stateDirectory } from "./state-directory.ts";
import { CORRUPT, forPeople, isDamage, StorageError } from "./storage-error.ts";

export { type ProcessLock, takeLock } from "./process-lock.ts";
export { StorageError, type StorageFailure } from "./storage-error.ts";

export interface SqliteStorageOptions {
  /** @default `keepwarm.sqlite` in {@link stateDirectory} */
  readonly file?: string;
  /** Told when a damaged file was set aside. @default warnings of the process (`process.emitWarning`) */
  readonly logger?: Pick<Logger, "warn" | "error">;
  /**
   * How long another process may keep the file locked before an operation is given up, in ms. The whole
   * program waits meanwhile: SQLite is called synchronously. @default 2000
   */
  readonly lockTimeoutMs?: number;
}

export interface SqliteStorage {
  /** The strings of one name, apart from those of every other. */
  namespace(name: string): StorageNamespace;
  /** What was stored stays; every later call is rejected. */
  close(): void;
}

/** What SQLite keeps beside a file. Left beside another one, they would be replayed into it. */
const COMPANIONS = ["-wal", "-shm", "-journal"];
/** An operation is tried again this often when its file turns out to be damaged or not to be in its place. */
const ATTEMPTS = 3;

interface Connection {
  readonly database: DatabaseSync;
  readonly identity: string;
  readonly get: StatementSync;
  readonly set: StatementSync;
  readonly delete: StatementSync;
  readonly keysFrom: StatementSync;
}

/** Opens the store, and creates it where there is none. @throws {StorageError} */
export function openSqliteStorage(options: SqliteStorageOptions = {}): SqliteStorage {
  const { logger = processWarnings, lockTimeoutMs = 2000 } = options;
  const file = resolve(options.file ?? join(stateDirectory(), "keepwarm.sqlite"));
  const Database = databaseClass();
  let connection: Connection | undefined;
  let closed = false;

  /**
   * Opening, setting aside and closing exclude one another across processes: a file is renamed only by who has
   * just found it damaged, and SQLite, which removes `-wal` by its name when it closes, removes its own.
   * The lock is SQLite's own, on a file that stays empty: it ends with its process, however that ends.
   */
  function alone<T>(act: () => T): T {
    createPrivate(`${file}.lock`);
    const lock = new Database(`${file}.lock`, { timeout: lockTimeoutMs });
    try {
      lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return act();
    } finally {
      lock.close();
    }
  }

  function connect(): Connection {
    makeFolder(dirname(file));
    return alone(() => {
      // A set-aside that was cut short, or a file that was removed by hand. SQLite would delete what is left.
      if (!sizeOf(file) && sizeOf(`${file}-wal`)) {
        setAside("it is missing or empty, but its write-ahead log is not");
      }
      for (let attempt = 1; ; attempt++) {
        createPrivate(file);
        const database = new Database(file, { timeout: lockTimeoutMs });
        try {
          return prepared(database);
        } catch (error) {
          if (!isDamage(error) || attempt === ATTEMPTS) {
            database.close();
            throw error;
          }
          setAside(error.message, database);
        }
      }
    });
  }

  function prepared(database: DatabaseSync): Connection {
    const problem = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    if (problem !== "ok") throw Object.assign(new Error(String(problem)), { errcode: CORRUPT });
    const isNew = isEmpty(database, file);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    if (isNew) database.exec(SCHEMA);
    return {
      database,
      identity: identityOf(file),
      get: database.prepare("SELECT value FROM entries WHERE namespace = ? AND key = ?"),
      set: database.prepare(
        "INSERT INTO entries VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
      ),
      delete: database.prepare("DELETE FROM entries WHERE namespace = ? AND key = ?"),
      keysFrom: database.prepare("SELECT key FROM entries WHERE namespace = ? AND key >= ? ORDER BY key"),
    };
  }

  function setAside(reason: string, suspect?: DatabaseSync): void {
    // Closed, SQLite writes the log into the file and deletes it, unless it sees that the file has moved.
    // Windows moves no open file.
    if (process.platform === "win32") suspect?.close();
    const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
    let aside = `${file}.corrupt-${stamp}`;
    for (let n = 2; ["", ...COMPANIONS].some((suffix) => exists(aside + suffix)); n++) {
      aside = `${file}.corrupt-${stamp}-${n}`;
    }
    try {
      // The file first: from here on its other users see that it has moved.
      for (const suffix of ["", ...COMPANIONS]) {
        if (exists(file + suffix)) renameSync(file + suffix, aside + suffix);
      }
    } finally {
      if (suspect?.isOpen) suspect.close();
    }
    logger.error(
      `keepwarm: ${file} is damaged (${reason}). It was set aside as ${aside}, nothing was deleted, and an empty one takes its place: what was stored has to be set again.`,
      { file, aside, reason },
    );
  }

  function letGo(): void {
    const { database } = connection ?? {};
    connection = undefined;
    try {
      if (database?.isOpen) alone(() => database.close());
    } catch {
      // Whoever holds the lock does not let go. What was stored is in the log already, which the next to open takes in.
    }
  }

  /** Every verb is safe to do twice: it is done again where its file was not the one in place. */
  function perform<T>(verb: (connection: Connection) => T): T {
    for (let attempt = 1; ; attempt++) {
      if (closed) throw new StorageError("closed", `keepwarm's store ${file} is closed already.`);
      try {
        connection ??= connect();
        const answer = verb(connection);
        if (identityOf(file) === connection.identity) return answer;
        if (attempt === ATTEMPTS) throw new StorageError("failed", `${file} is replaced again and again.`);
        logger.warn(`keepwarm: ${file} was moved or removed while in use; going on with what is there now`, {
          file,
        });
      } catch (error) {
        const replaced = connection !== undefined && identityOf(file) !== connection.identity;
        if (attempt === ATTEMPTS || !(replaced || isDamage(error))) {
          throw forPeople(error, file, lockTimeoutMs);
        }
      }
      letGo();
    }
  }

  perform(() => undefined);

  return {
    namespace: (name) => {
      keepable(name);
      return {
        get: async (key) => {
          keepable(key);
          return (perform((store) => store.get.get(name, key))?.value as string | undefined) ?? null;
        },
        set: async (key, value) => {
          keepable(key);
          keepable(value);
          perform((store) => store.set.run(name, key, value));
        },
        delete: async (key) => {
          keepable(key);
          perform((store) => store.delete.run(name, key));
        },
        has: async (key) => {
          keepable(key);
          return perform((store) => store.get.get(name, key)) !== undefined;
        },
        keys: async (prefix = "") => {
          keepable(prefix);
          return perform((store) => {
            const keys: string[] = [];
            // Text is ordered by its bytes, so what begins with a prefix stands together, from the prefix on.
            for (const { key } of store.keysFrom.iterate(name, prefix)) {
              if (!(key as string).startsWith(prefix)) break;
              keys.push(key as string);
            }
            return keys;
          });
        },
      };
    },
    close: () => {
      closed = true;
      letGo();
    },
  };
}

/**
 * Creates the file, for its owner alone, unless it is there. One that is there is not opened: closing it
 * would release the locks that SQLite holds on it in this process (https://www.sqlite.org/howtocorrupt.html § 2.2).
 */
function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const { mode } = statSync(file);
    if (process.platform !== "win32" && (mode & 0o777) !== 0o600) chmodSync(file, 0o600);
  }
}

/** A surrogate without its partner has no UTF-8, and Node 22 reads text only up to a NUL: two such keys would be one. */
function keepable(text: string): void {
  if (!text.isWellFormed() || text.includes("\0")) {
    throw new TypeError("keepwarm's store keeps Unicode text: no NUL, and no half of a surrogate pair.");
  }
}

const exists = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined;
const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

function identityOf(file: string): string {
  try {
    const { dev, ino } = statSync(file, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return "out of reach";
  }
}

const processWarnings: Pick<Logger, "warn" | "error"> = {
  warn: (message) => process.emitWarning(message, "KeepwarmWarning"),
  error: (message) => process.emitWarning(message, "KeepwarmWarning"),
};
