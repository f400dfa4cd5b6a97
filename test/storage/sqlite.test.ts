import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  openSqliteStorage,
  type SqliteStorage,
  type SqliteStorageOptions,
} from "../../src/storage/sqlite.ts";
import { createRecordingLogger, type RecordingLogger } from "../support/recording-logger.ts";

let folder: string;
let file: string;
let logger: RecordingLogger;
let opened: SqliteStorage[];
let children: ChildProcessWithoutNullStreams[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keepwarm-sqlite-"));
  file = join(folder, "state", "keepwarm.sqlite");
  logger = createRecordingLogger();
  opened = [];
  children = [];
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const storage of opened) storage.close();
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function open(options: SqliteStorageOptions = {}): SqliteStorage {
  const storage = openSqliteStorage({ file, logger, ...options });
  opened.push(storage);
  return storage;
}

const shared = (options?: SqliteStorageOptions) => open(options).namespace("shared");
const beside = (part: string): string[] => readdirSync(dirname(file)).filter((name) => name.includes(part));
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

/** Another process, with the lines that it has told so far. */
function another(verb: string, name = "-", number = 0) {
  const script = join(import.meta.dirname, "another-process.ts");
  const child = spawn(process.execPath, [script, verb, file, name, String(number)]);
  children.push(child);
  const ended = once(child, "close");
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return {
    child,
    lines: () => out.split("\n").slice(0, -1),
    errors: () => err,
    told: (line: string) => vi.waitFor(() => expect(out.split("\n"), err).toContain(line), 15_000),
    ended,
  };
}

/** A store of 200 keys, closed: about fifteen pages. */
async function filled(): Promise<void> {
  const storage = open();
  for (let n = 0; n < 200; n++) await storage.namespace("shared").set(`k${n}`, "x".repeat(200));
  storage.close();
}

describe("a store in SQLite", () => {
  it("keeps strings by namespace and key, from one run to the next", async () => {
    const first = open();
    await first.namespace("a").set("key", "of a");
    await first.namespace("b").set("key", "of b");
    await first.namespace("a").set("key", "of a, changed");
    first.close();
    const second = open();
    expect(await second.namespace("a").get("key")).toBe("of a, changed");
    expect(await second.namespace("b").get("key")).toBe("of b");
    expect(await second.namespace("b").has("key")).toBe(true);
    await second.namespace("b").delete("key");
    expect(await second.namespace("b").has("key")).toBe(false);
    expect(await second.namespace("b").get("key")).toBeNull();
    expect(await second.namespace("a").keys()).toEqual(["key"]);
    expect(logger.lines).toEqual([]);
  });

  it("lists by prefix, taking every character as itself", async () => {
    const store = shared();
    const keys = [
      "a%b",
      "a%c",
      "a_b",
      "axb",
      "a*b",
      "a?b",
      "a[b",
      "A%b",
      "é1",
      "😀1",
      "😀2",
      "\u{10ffff}z",
      "",
      "'",
    ];
    for (const key of keys) await store.set(key, key);
    for (const prefix of ["", "a", "a%", "a_", "a*", "a?", "a[", "A", "é", "😀", "\u{10ffff}", "'", "none"]) {
      const expected = keys.filter((key) => key.startsWith(prefix));
      expect((await store.keys(prefix)).toSorted(), prefix).toEqual(expected.toSorted());
    }
    await store.set("after", "a listing that was left early");
    expect(await store.get("after")).toBe("a listing that was left early");
  });

  it("refuses text that SQLite would not give back as it was", async () => {
    const store = shared();
    await expect(store.set("half \ud83d", "1")).rejects.toThrow(/Unicode text/);
    await expect(store.set("key", "half \ud83d")).rejects.toThrow(/Unicode text/);
    await expect(store.set("a\0b", "1")).rejects.toThrow(/no NUL/);
    expect(await store.keys()).toEqual([]);
  });

  it.skipIf(process.platform === "win32")("is its owner's alone", async () => {
    const store = shared();
    await store.set("key", "value");
    expect(mode(dirname(file))).toBe("700");
    for (const suffix of ["", "-wal", "-shm", ".lock"]) expect(mode(file + suffix), suffix).toBe("600");
    opened[0]?.close();
    chmodSync(file, 0o644);
    open();
    expect(mode(file)).toBe("600");
  });

  it("lies in the state directory unless told otherwise", () => {
    vi.stubEnv("KEEPWARM_HOME", join(folder, "home"));
    openSqliteStorage().close();
    vi.unstubAllEnvs();
    expect(existsSync(join(folder, "home", "keepwarm.sqlite"))).toBe(true);
  });

  it("rejects what is asked of it after it was closed", async () => {
    const storage = open();
    const store = storage.namespace("shared");
    storage.close();
    storage.close();
    await expect(store.set("key", "value")).rejects.toMatchObject({ failure: "closed" });
  });

  it("can be open twice in one process, and closing one leaves the other whole", async () => {
    const [one, two] = [open(), open()];
    await one.namespace("shared").set("of one", "1");
    one.close();
    const child = another("write", "child", 50);
    await child.ended;
    await two.namespace("shared").set("of two", "2");
    expect(await shared().keys()).toHaveLength(52);
  });

  it("hides the warning that Node 22 gives of node:sqlite, and no other", async () => {
    const real = process.getBuiltinModule;
    const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    vi.spyOn(process, "getBuiltinModule").mockImplementation(((id: string) => {
      process.emitWarning(
        "SQLite is an experimental feature and might change at any time",
        "ExperimentalWarning",
      );
      process.emitWarning("Another is too", "ExperimentalWarning");
      process.emitWarning("SQLite is deprecated", "DeprecationWarning");
      return real(id);
    }) as typeof real);
    open();
    expect(emitWarning.mock.calls).toEqual([
      ["Another is too", "ExperimentalWarning"],
      ["SQLite is deprecated", "DeprecationWarning"],
    ]);
    expect(process.emitWarning).toBe(emitWarning);
  });

  it("says so where there is no node:sqlite", () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    expect(() => open()).toThrow(/needs node:sqlite/);
  });
});

describe("a store shared by several processes", () => {
  it("loses no row of four that write at once", async () => {
    const writers = ["a", "b", "c", "d"].map((name) => another("write", name, 250));
    await Promise.all(writers.map(({ ended }) => ended));
    for (const writer of writers) expect(writer.lines(), writer.errors()).toHaveLength(250);
    expect(await shared().keys()).toHaveLength(1000);
  });

  it("loses nothing acknowledged when a writer is killed in the middle", async () => {
    for (let round = 0; round < 5; round++) {
      const writer = another("write", `round ${round}`, 1_000_000);
      await writer.told(`round ${round}:${100 + 37 * round}`);
      writer.child.kill("SIGKILL");
      await writer.ended;
      const kept = new Set(await shared().keys(`round ${round}:`));
      expect(writer.lines().length).toBeGreaterThan(100);
      expect(writer.lines().filter((key) => !kept.has(key))).toEqual([]);
    }
    expect(logger.lines).toEqual([]);
  });

  it("rejects with a sentence when another keeps it locked too long, and goes on afterwards", async () => {
    const store = shared({ lockTimeoutMs: 50 });
    await store.set("before", "1");
    const holder = another("hold");
    await holder.told("held");
    const refusal = store.set("meanwhile", "2");
    await expect(refusal).rejects.toMatchObject({ name: "StorageError", failure: "locked" });
    await expect(refusal).rejects.toThrow(/Another process has kept .* locked for 50 ms/);
    expect(await store.get("before")).toBe("1");
    holder.child.stdin.end();
    await holder.ended;
    await store.set("afterwards", "3");
    expect(await store.keys()).toEqual(["afterwards", "before"]);
  });
});

describe("a store that cannot be written", () => {
  it("rejects with a sentence when the disk is full, keeps what it has, and goes on when there is room", async () => {
    const sqlite = process.getBuiltinModule("node:sqlite");
    const databases: DatabaseSync[] = [];
    class SmallDisk extends DatabaseSync {
      constructor(path: string, options: object) {
        super(path, options);
        this.exec("PRAGMA max_page_count = 8");
        databases.push(this);
      }
    }
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({ ...sqlite, DatabaseSync: SmallDisk } as never);
    const store = shared();
    await store.set("small", "1");
    const refusal = store.set("large", "x".repeat(100_000));
    await expect(refusal).rejects.toMatchObject({ name: "StorageError", failure: "full" });
    await expect(refusal).rejects.toThrow(/There is no room .* Free some/);
    expect(await store.keys()).toEqual(["small"]);
    databases.find((database) => database.isOpen)?.exec("PRAGMA max_page_count = 100");
    await store.set("large", "x".repeat(100_000));
    expect(await store.keys()).toEqual(["large", "small"]);
    expect(logger.lines).toEqual([]);
  });

  it("says that its folder is read-only", () => {
    mkdirSync(dirname(file), { mode: 0o555 });
    // Root may write anywhere but where the kernel says no.
    const readOnly = process.getuid?.() === 0 ? "/sys" : dirname(file);
    expect(() => open({ file: join(readOnly, "keepwarm.sqlite") })).toThrow(/keepwarm may not write \S+/);
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  it("says that its folder is not one", () => {
    writeFileSync(dirname(file), "a file");
    expect(() => open()).toThrow(/keepwarm could not use .*ENOTDIR|keepwarm could not use .*EEXIST/);
  });

  it("leaves the file of a newer keepwarm as it is", async () => {
    await filled();
    const database = new DatabaseSync(file);
    database.exec("PRAGMA user_version = 7");
    database.close();
    const before = readFileSync(file);
    expect(() => open()).toThrow(
      /written by a newer keepwarm \(schema 7; this one knows 1\)\. Update keepwarm/,
    );
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(beside("corrupt")).toEqual([]);
  });

  it("leaves another program's database as it is", () => {
    mkdirSync(dirname(file));
    const database = new DatabaseSync(file);
    database.exec("CREATE TABLE theirs (x)");
    database.close();
    expect(() => open()).toThrow(/another program's database/);
    expect(beside("-wal")).toEqual([]);
  });
});

describe("a damaged store", () => {
  const overwrite = (at: number, bytes: number): void => {
    // Left open: to close it would release the locks of a store that is open in this process.
    writeSync(openSync(file, "r+"), Buffer.alloc(bytes, 0xa5), 0, bytes, at);
  };
  const damages: readonly [string, () => void][] = [
    [
      "is not a database",
      () => writeFileSync(file, "not a database, but long enough to be read as one".repeat(40)),
    ],
    ["is shorter than a header", () => truncateSync(file, 50)],
    ["was truncated", () => truncateSync(file, 4096 * 5)],
    ["has a garbage page", () => overwrite(4096 * 6, 4096)],
    ["has a garbage header", () => overwrite(0, 100)],
  ];

  it.each(damages)(
    "that %s is set aside whole, with a message, and an empty one opens",
    async (_, damage) => {
      await filled();
      damage();
      const damaged = readFileSync(file);
      const store = shared();
      expect(await store.keys()).toEqual([]);
      await store.set("fresh", "1");
      const [aside] = beside("corrupt");
      expect(aside).toMatch(/^keepwarm\.sqlite\.corrupt-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/);
      expect(readFileSync(join(dirname(file), aside ?? "")).equals(damaged)).toBe(true);
      expect(logger.lines).toHaveLength(1);
      expect(logger.at("error")[0]?.message).toContain(`set aside as ${join(dirname(file), aside ?? "")}`);
      opened[1]?.close();
      expect(await shared().get("fresh")).toBe("1");
      expect(logger.lines).toHaveLength(1);
    },
  );

  it("takes its log with it, written but not yet in the file, and deletes nothing", async () => {
    await filled();
    const writer = another("write", "late", 1_000_000);
    await writer.told("late:30");
    writer.child.kill("SIGKILL");
    await writer.ended;
    // In the file and not in the log, so that the log does not heal it.
    overwrite(4096 * 3, 4096);
    const [before, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
    shared();
    const aside = join(dirname(file), beside("corrupt")[0] ?? "");
    expect(beside("corrupt")).toEqual(["", "-shm", "-wal"].map((suffix) => basename(aside) + suffix));
    expect(readFileSync(aside).equals(before)).toBe(true);
    expect(readFileSync(`${aside}-wal`).equals(log)).toBe(true);
  });

  it.each(["emptied", "removed"])("that was %s beside a full log is not taken for a new one", async (how) => {
    const writer = another("write", "late", 1_000_000);
    await writer.told("late:30");
    writer.child.kill("SIGKILL");
    await writer.ended;
    const log = readFileSync(`${file}-wal`);
    if (how === "emptied") truncateSync(file);
    else rmSync(file);
    expect(await shared().keys()).toEqual([]);
    const [aside = ""] = beside("corrupt").filter((name) => name.endsWith("-wal"));
    expect(readFileSync(join(dirname(file), aside)).equals(log)).toBe(true);
    expect(logger.at("error")).toHaveLength(1);
  });

  it("is reported as a warning of the process when there is no logger", () => {
    mkdirSync(dirname(file));
    writeFileSync(file, "not a database".repeat(100));
    const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    openSqliteStorage({ file }).close();
    expect(emitWarning).toHaveBeenCalledExactlyOnceWith(
      expect.stringContaining("set aside"),
      "KeepwarmWarning",
    );
  });

  it("is set aside once when eight processes meet it at once, and the fresh one keeps what all of them store", async () => {
    for (let round = 0; round < 3; round++) {
      rmSync(dirname(file), { recursive: true, force: true });
      mkdirSync(dirname(file));
      writeFileSync(file, "not a database".repeat(100));
      const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
      const met = names.map((name) => another("meet", name, Date.now() + 600));
      await Promise.all(met.map(({ ended }) => ended));
      expect(met.flatMap((child) => child.lines()).toSorted(), met[0]?.errors()).toEqual(names);
      expect(beside("corrupt")).toHaveLength(1);
      expect(await shared().keys()).toEqual(names);
      opened.pop()?.close();
    }
  });

  it("is left by a process that had it open: what that one stores is found in the fresh one", async () => {
    await filled();
    const other = another("obey");
    await other.told("ready");
    other.child.stdin.write("before\n");
    await other.told("before");
    overwrite(4096 * 6, 4096);
    const store = shared();
    expect(logger.at("error")).toHaveLength(1);
    await store.set("mine", "1");
    other.child.stdin.write("after\n");
    await other.told("after");
    expect(await store.keys()).toEqual(["after", "mine"]);
    other.child.stdin.end();
    await other.ended;
    await store.set("mine too", "1");
    opened.at(-1)?.close();
    expect(await shared().keys()).toEqual(["after", "mine", "mine too"]);
    expect(beside("corrupt").filter((name) => !/-(wal|shm)$/.test(name))).toHaveLength(1);
  });

  it("found while in use is set aside too, and the program goes on", async () => {
    await filled();
    const store = shared();
    // Another's row, so that what was read before the damage is not answered from memory.
    await another("write", "other", 1).ended;
    overwrite(0, 4096 * 12);
    await store.set("fresh", "1");
    expect(await store.keys()).toEqual(["fresh"]);
    expect(beside("corrupt").length).toBeGreaterThan(0);
    expect(logger.at("error")[0]?.message).toContain("set aside");
  });
});

it.skipIf(process.platform === "win32")("a store moved away in use is told of, and begun anew", async () => {
  const store = shared();
  await store.set("old", "1");
  renameSync(dirname(file), `${dirname(file)}-moved`);
  await store.set("new", "2");
  expect(await store.keys()).toEqual(["new"]);
  expect(logger.at("warn")[0]?.message).toContain("was moved or removed while in use");
});
