import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openCodeDatabaseReader } from "../../src/audit/opencode-database.ts";
import { databaseClass } from "../../src/storage/index.ts";
import { aHome, exchanges, readAll, session } from "./world.ts";
import { exchange } from "./written/exchange.ts";
import { writeOpenCodeDatabase, writeOpenCodeDatabase2 } from "./written/opencode.ts";

let home: string;
let folder: string;
beforeEach(() => {
  home = aHome();
  folder = join(home, ".local/share/opencode");
});

const again = exchange({ startedAt: (exchanges.at(-1)?.startedAt ?? 0) + 600_000, write5m: 27_000, read: 0 });

describe("OpenCode's database", () => {
  it("is left as it was, with nothing of SQLite's beside it", async () => {
    writeOpenCodeDatabase(folder, [session]);
    await readAll(home);
    expect(readdirSync(folder)).toEqual(["opencode.db"]);
  });

  it("is read while OpenCode writes it, with what it wrote last", async () => {
    const path = writeOpenCodeDatabase2(folder, [session]);
    const Database = databaseClass();
    const writer = new Database(path);
    const insert = writer.prepare(
      "INSERT INTO session_message SELECT 'later', session_id, type, 99, 0, 0, json_set(data, '$.time.created', ?) FROM session_message WHERE type = 'assistant' LIMIT 1",
    );
    insert.run(again.startedAt);
    const { conversations } = await readAll(home);
    writer.close();
    expect(conversations[0]?.calls.map(({ startedAt }) => startedAt)).toEqual(
      [...exchanges, again].map(({ startedAt }) => startedAt),
    );
  });

  it("counts once what version 2 has copied from version 1", async () => {
    const path = writeOpenCodeDatabase(folder, [session]);
    const copy = writeOpenCodeDatabase2(
      folder,
      [{ ...session, exchanges: [...exchanges, again] }],
      "made.db",
    );
    const Database = databaseClass();
    const database = new Database(path);
    database.exec(`ATTACH '${copy}' AS made;
      CREATE TABLE session_v2 AS SELECT * FROM made.session_v2;
      CREATE TABLE session_message AS SELECT * FROM made.session_message;`);
    database.close();
    rmSync(copy);
    const { conversations, reading } = await readAll(home);
    expect(conversations).toHaveLength(1);
    expect(conversations[0]?.calls).toHaveLength(exchanges.length + 1);
    expect(reading.repeatedCalls).toBe(exchanges.length);
  });

  it("counts rows that are no JSON, and reads the others", async () => {
    const path = writeOpenCodeDatabase2(folder, [session]);
    const Database = databaseClass();
    const database = new Database(path);
    database.exec("UPDATE session_message SET data = substr(data, 1, 90) WHERE id = 'msg_s1_a1'");
    database.close();
    const { conversations, reading } = await readAll(home);
    expect(conversations[0]?.calls).toHaveLength(exchanges.length - 1);
    expect(reading.brokenLines).toBe(1);
  });

  it("of a version that keeps messages otherwise is said not to be readable", async () => {
    mkdirSync(folder, { recursive: true });
    const Database = databaseClass();
    const database = new Database(join(folder, "opencode.db"));
    database.exec("CREATE TABLE conversation (id text)");
    database.close();
    const { reading } = await readAll(home);
    expect(Object.values(reading.unreadable)).toEqual([1]);
  });

  it("tells how far it has come, in bytes of the file", async () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      exchange({ startedAt: 1_767_000_000_000 + index * 60_000 }),
    );
    const path = writeOpenCodeDatabase2(folder, [{ ...session, exchanges: many }]);
    const told: number[] = [];
    await openCodeDatabaseReader(databaseClass)(path, { onBytes: (bytes) => told.push(bytes) });
    const { size } = statSync(path);
    expect(told.length).toBeGreaterThan(1);
    expect(told.reduce((sum, bytes) => sum + bytes, 0)).toBeCloseTo(size, 3);
  });
});
