/** OpenCode's SQLite database, which is only read: version 1's messages and their parts, and version 2's. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import type { Sighting } from "./conversation.ts";
import {
  OpenCodeSessions,
  openCodeMessage,
  openCodeMessage2,
  openCodeSighting,
  toolPartOf,
} from "./opencode.ts";
import { type Reader, type Transcript, text } from "./transcript.ts";

export type DatabaseClass = typeof import("node:sqlite").DatabaseSync;
type Database = InstanceType<DatabaseClass>;

const named = z.object({ name: z.string() });
const counted = z.object({ count: z.number() });
const sessionRow = z.object({ id: z.string(), parent_id: text, directory: text });
const messageRow = z.object({ id: z.string(), session_id: z.string(), data: z.string() });
const partRow = z.object({ data: z.string() });

/** Rows between two chances for a progress bar to be drawn. */
const ROWS_A_TURN = 200;

/** @param databaseClass loads SQLite, which is not everywhere and warns on some versions of Node */
export function openCodeDatabaseReader(databaseClass: () => DatabaseClass): Reader {
  return async (path, { onBytes } = {}): Promise<Transcript> => {
    const sightings: Sighting[] = [];
    const sessions = new OpenCodeSessions();
    let broken = 0;
    const { size } = await stat(path);
    const database = opened(databaseClass(), path);
    try {
      const tables = tablesOf(database);
      // Version 2 keeps version 1's tables, and has copied what was in them.
      const queries = MESSAGES.filter(({ table }) => tables.has(table));
      if (queries.length === 0) throw Object.assign(new Error("no messages"), { code: "no messages inside" });
      for (const table of ["session", "session_v2"].filter((name) => tables.has(name))) {
        for (const row of database.prepare(`SELECT id, parent_id, directory FROM ${table}`).iterate()) {
          const session = sessionRow.safeParse(row);
          if (session.success) sessions.add(session.data.id, session.data.parent_id, session.data.directory);
        }
      }
      const inAll = queries.reduce((sum, query) => sum + rowsOf(database, query), 0);
      let done = 0;
      for (const { table, where, sightingOf } of queries) {
        const read = sightingOf(database, sessions);
        const rows = database.prepare(`SELECT id, session_id, data FROM ${table} WHERE ${where}`);
        for (const row of rows.iterate()) {
          done += 1;
          if (done % ROWS_A_TURN === 0) {
            onBytes?.(size * (ROWS_A_TURN / inAll));
            await new Promise((resolve) => setImmediate(resolve));
          }
          const message = messageRow.safeParse(row);
          const value = message.success ? parsed(message.data.data) : undefined;
          if (value === undefined) broken += 1;
          else if (message.success) {
            const sighting = read(message.data, value);
            if (sighting !== null) sightings.push(sighting);
          }
        }
      }
      onBytes?.(inAll === 0 ? size : size * ((done % ROWS_A_TURN) / inAll));
    } finally {
      database.close();
    }
    return { sightings, projects: sessions.projects, broken };
  };
}

interface Messages {
  readonly table: string;
  readonly where: string;
  readonly sightingOf: (
    database: Database,
    sessions: OpenCodeSessions,
  ) => (row: z.infer<typeof messageRow>, value: unknown) => Sighting | null;
}

const MESSAGES: readonly Messages[] = [
  {
    table: "session_message",
    where: "type IN ('assistant', 'compaction')",
    sightingOf: (_, sessions) => (row, value) => {
      const found = openCodeMessage2.safeParse(value);
      if (!found.success) return null;
      const { message, tools } = found.data;
      return openCodeSighting(row.session_id, sessions, message, tools);
    },
  },
  {
    table: "message",
    where: `data LIKE '%"role":"assistant"%'`,
    sightingOf: (database, sessions) => {
      const parts = database.prepare(
        `SELECT data FROM part WHERE message_id = ? AND data LIKE '%"type":"tool"%'`,
      );
      return (row, value) => {
        const found = openCodeMessage.safeParse(value);
        if (!found.success) return null;
        const tools = parts
          .all(row.id)
          .flatMap((part) => toolPartOf(parsed(partRow.safeParse(part).data?.data ?? "")) ?? []);
        return openCodeSighting(row.session_id, sessions, found.data, tools);
      };
    },
  },
];

/**
 * While nobody writes it, it is opened as a file that never changes: otherwise SQLite leaves two files of its
 * own beside it. While OpenCode runs they are there anyway, and hold what is newest.
 */
function opened(Database: DatabaseClass, path: string): Database {
  const isInUse = existsSync(`${path}-wal`) || existsSync(`${path}-shm`);
  if (isInUse) {
    try {
      return checked(new Database(path, { readOnly: true, timeout: 2_000 }));
    } catch {
      // In a folder that may not be written, it can only be read as it was when it was last put in order.
    }
  }
  const asIs = pathToFileURL(path);
  asIs.searchParams.set("immutable", "1");
  return checked(new Database(asIs, { readOnly: true }));
}

/** Opening alone reads nothing. @throws what SQLite throws */
function checked(database: Database): Database {
  try {
    tablesOf(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function tablesOf(database: Database): ReadonlySet<string> {
  const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  return new Set(rows.map((row) => named.parse(row).name));
}

function rowsOf(database: Database, { table, where }: Messages): number {
  return counted.parse(database.prepare(`SELECT count(*) AS count FROM ${table} WHERE ${where}`).get()).count;
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
