import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { lookInto } from "../../src/storage/index.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";

function aFile(): { folder: string; file: string; content: () => Record<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-look-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // SQLite leaves an empty log where it may only read; the next who writes takes it away.
  const content = () =>
    Object.fromEntries(
      readdirSync(folder)
        .filter((name) => !/-(wal|shm)$/.test(name))
        .map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
    );
  return { folder, file: join(folder, "keepwarm.sqlite"), content };
}

async function filled(file: string): Promise<void> {
  const storage = openSqliteStorage({ file });
  for (let n = 0; n < 200; n++) await storage.namespace("shared").set(`k${n}`, "x".repeat(200));
  await storage.namespace("other").set("k0", "theirs");
  storage.close();
}

/** Everything that is there to be read. */
async function told(file: string): Promise<readonly string[]> {
  const store = lookInto(file);
  try {
    return await store.namespace("shared").keys();
  } finally {
    store.close();
  }
}

describe("a look into a store", () => {
  it("tells what is in it, by namespace and prefix", async () => {
    const { file } = aFile();
    await filled(file);
    const store = lookInto(file);
    const shared = store.namespace("shared");
    expect(await shared.keys()).toHaveLength(200);
    expect(await shared.keys("k19")).toEqual([
      "k19",
      "k190",
      "k191",
      "k192",
      "k193",
      "k194",
      "k195",
      "k196",
      "k197",
      "k198",
      "k199",
    ]);
    expect(await shared.get("k0")).toBe("x".repeat(200));
    expect(await shared.get("none")).toBeNull();
    expect(await store.namespace("other").get("k0")).toBe("theirs");
    store.close();
  });

  it("changes nothing", async () => {
    const { file, content } = aFile();
    await filled(file);
    const before = content();
    await told(file);
    expect(content()).toEqual(before);
  });

  it("tells what a process has stored that was killed, and what one stores that goes on", async () => {
    const { file } = aFile();
    const script = join(import.meta.dirname, "another-process.ts");
    const child = spawn(process.execPath, [script, "write", file, "late", "1000000"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const ended = once(child, "close");
    let lines = 0;
    for await (const chunk of child.stdout) {
      lines += String(chunk).split("\n").length - 1;
      if (lines < 100) continue;
      expect((await told(file)).length).toBeGreaterThanOrEqual(lines);
      child.kill("SIGKILL");
      break;
    }
    await ended;
    expect((await told(file)).length).toBeGreaterThanOrEqual(lines);
  });

  it("finds nothing in a file that nothing was written to", async () => {
    const { file, content } = aFile();
    writeFileSync(file, "");
    expect(await told(file)).toEqual([]);
    expect(content()).toEqual({ "keepwarm.sqlite": "" });
  });

  it.each([
    ["is no database", (file: string) => writeFileSync(file, "x".repeat(5_000))],
    ["was cut short", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 20_000))],
  ])("says that a file is damaged that %s, and leaves it", async (_, damage) => {
    const { file, content } = aFile();
    await filled(file);
    damage(file);
    const before = content();
    expect(() => lookInto(file)).toThrow(
      /keepwarm\.sqlite is damaged \(.+\), so what it holds cannot be told\. The next keepwarm start sets it aside/,
    );
    expect(content()).toEqual(before);
  });

  it("says that a file is a newer keepwarm's, or another program's", async () => {
    const [newer, theirs] = [aFile(), aFile()];
    await filled(newer.file);
    const database = new DatabaseSync(newer.file);
    database.exec("PRAGMA user_version = 7");
    database.close();
    expect(() => lookInto(newer.file)).toThrow(/written by a newer keepwarm \(schema 7/);
    const another = new DatabaseSync(theirs.file);
    another.exec("CREATE TABLE theirs (x)");
    another.close();
    expect(() => lookInto(theirs.file)).toThrow(/another program's database/);
  });
});
