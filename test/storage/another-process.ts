/**
 * Another process that uses the store: `node another-process.ts <verb> <file> <name> [number]`.
 * It tells on stdout, a line each, what it was acknowledged.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";

const [verb = "", file = "", name = "", number = "0"] = process.argv.slice(2);
const tell = (line: string): void => void writeSync(1, `${line}\n`);

const verbs: Record<string, () => Promise<void>> = {
  /** Stores `number` keys, one after the other. */
  write: async () => {
    const store = openSqliteStorage({ file }).namespace("shared");
    for (let n = 0; n < Number(number); n++) {
      await store.set(`${name}:${n}`, "x".repeat(200));
      tell(`${name}:${n}`);
    }
  },
  /** Opens the store at an instant that it shares with others, and stores one key. */
  meet: async () => {
    while (Date.now() < Number(number));
    const storage = openSqliteStorage({ file });
    await storage.namespace("shared").set(name, "here");
    tell(name);
    storage.close();
  },
  /** Stores each key that it reads on stdin. */
  obey: async () => {
    const store = openSqliteStorage({ file }).namespace("shared");
    tell("ready");
    for await (const key of createInterface({ input: process.stdin })) {
      await store.set(key, "here");
      tell(key);
    }
  },
  /** Keeps the file locked until stdin ends. */
  hold: async () => {
    const database = new DatabaseSync(file);
    database.exec("BEGIN IMMEDIATE");
    tell("held");
    for await (const _ of process.stdin);
    database.close();
  },
};

await verbs[verb]?.();
