/** OpenCode's SQLite database, which is only read. */
import { stat } from "node:fs/promises";
import * as z from "zod";
import type { Sighting } from "./conversation.ts";
import { OpenCodeSessions, openCodeMessage, openCodeSighting, toolPartOf } from "./opencode.ts";
import { type Reader, type Transcript, text } from "./transcript.ts";

export type DatabaseClass = typeof import("node:sqlite").DatabaseSync;

const sessionRow = z.object({ id: z.string(), parent_id: text, directory: text });
const messageRow = z.object({ id: z.string(), session_id: z.string(), data: z.string() });
const partRow = z.object({ data: z.string() });

/** Rows between two chances for a progress bar to be drawn. */
const ROWS_A_TURN = 500;

/** @param databaseClass loads SQLite, which is not everywhere and warns on some versions of Node */
export function openCodeDatabaseReader(databaseClass: () => DatabaseClass): Reader {
  return async (path, options): Promise<Transcript> => {
    const sightings: Sighting[] = [];
    const sessions = new OpenCodeSessions();
    const Database = databaseClass();
    const database = new Database(path, { readOnly: true, timeout: 2_000 });
    let broken = 0;
    try {
      for (const row of database.prepare("SELECT id, parent_id, directory FROM session").iterate()) {
        const session = sessionRow.safeParse(row);
        if (session.success) sessions.add(session.data.id, session.data.parent_id, session.data.directory);
      }
      const parts = database.prepare(
        `SELECT data FROM part WHERE message_id = ? AND data LIKE '%"type":"tool"%'`,
      );
      const messages = database.prepare(
        `SELECT id, session_id, data FROM message WHERE data LIKE '%"role":"assistant"%'`,
      );
      let count = 0;
      for (const row of messages.iterate()) {
        count += 1;
        if (count % ROWS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
        const found = messageRow.safeParse(row);
        const value = found.success ? parsed(found.data.data) : undefined;
        if (value === undefined) broken += 1;
        const message = openCodeMessage.safeParse(value);
        if (!found.success || !message.success) continue;
        const tools = parts
          .all(found.data.id)
          .flatMap((part) => toolPartOf(parsed(partRow.safeParse(part).data?.data ?? "")) ?? []);
        const sighting = openCodeSighting(found.data.session_id, sessions, message.data, tools);
        if (sighting !== null) sightings.push(sighting);
      }
    } finally {
      database.close();
    }
    options?.onBytes?.((await stat(path)).size);
    return { sightings, projects: sessions.projects, broken };
  };
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
