/** What OpenCode keeps: 2.0 and 1.18 a database each of their own kind, 1.0 files; and what they export. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { databaseClass } from "../../../src/storage/index.ts";
import { CONTENT, type Content, type Exchange, ids, type Session, SHORT } from "./exchange.ts";

export interface OpenCodeSession extends Session {
  readonly parentId?: string;
}

const FINISH = { end_turn: "stop", tool_use: "tool-calls", question: "tool-calls" } as const;
/** What runs after an answer, inside of the message's own time. */
const TOOL_MS = 40_000;

export function openCodeMessages(session: OpenCodeSession, messages = session.id) {
  const id = ids(`msg_${messages}_`);
  return session.exchanges.flatMap((exchange) => {
    const user = { id: id(), role: "user", time: { created: exchange.startedAt }, summary: { diffs: [] } };
    const data = {
      parentID: user.id,
      role: "assistant",
      mode: "build",
      path: { cwd: session.cwd, root: "/" },
      cost: 0,
      tokens: {
        total: 0,
        input: exchange.uncached,
        output: exchange.output,
        reasoning: 0,
        cache: { write: exchange.write5m + exchange.write1h, read: exchange.read },
      },
      modelID: exchange.model,
      providerID: "anthropic",
      time: {
        created: exchange.startedAt,
        completed: exchange.endedAt + (exchange.stop === "end_turn" ? 0 : TOOL_MS),
      },
      finish: FINISH[exchange.stop],
    };
    return [
      { info: user, parts: [{ type: "text", text: CONTENT }] },
      { info: { id: id(), ...data }, parts: partsOf(exchange) },
    ];
  });
}

function partsOf({ stop, endedAt }: Exchange): object[] {
  const tool = stop === "question" ? "question" : "bash";
  return [
    { type: "step-start" },
    { type: "text", text: CONTENT, time: { start: endedAt - 5, end: endedAt } },
    ...(stop === "end_turn"
      ? []
      : [
          {
            type: "tool",
            tool,
            callID: "toolu_1",
            state: {
              status: "completed",
              input: { command: CONTENT },
              output: CONTENT,
              time: { start: endedAt, end: endedAt + TOOL_MS },
            },
          },
        ]),
    { type: "step-finish", reason: FINISH[stop] },
  ];
}

/** Below `root`, which stands for `~/.local/share/opencode`. */
export function writeOpenCodeDatabase(
  root: string,
  sessions: readonly OpenCodeSession[],
  messages?: string,
): string {
  mkdirSync(root, { recursive: true });
  const file = join(root, "opencode.db");
  const Database = databaseClass();
  const database = new Database(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE session (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, directory text NOT NULL, title text NOT NULL, time_created integer NOT NULL);
    CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
    CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
    CREATE INDEX part_message_id_id_idx ON part (message_id, id);
  `);
  const part = ids("prt_");
  for (const session of sessions) {
    database
      .prepare("INSERT INTO session VALUES (?, 'global', ?, ?, ?, 0)")
      .run(session.id, session.parentId ?? null, session.cwd, CONTENT);
    for (const { info, parts } of openCodeMessages(session, messages ?? session.id)) {
      const { id, ...data } = info;
      database
        .prepare("INSERT INTO message VALUES (?, ?, 0, 0, ?)")
        .run(id, session.id, JSON.stringify(data));
      for (const one of parts) {
        database
          .prepare("INSERT INTO part VALUES (?, ?, ?, 0, 0, ?)")
          .run(`${session.id}${part()}`, id, session.id, JSON.stringify(one));
      }
    }
  }
  database.close();
  return file;
}

/** As 2.0 keeps it: one row a message, its parts inside. */
export function writeOpenCodeDatabase2(
  root: string,
  sessions: readonly OpenCodeSession[],
  file = "opencode.db",
): string {
  mkdirSync(root, { recursive: true });
  const path = join(root, file);
  const Database = databaseClass();
  const database = new Database(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE session_v2 (id text PRIMARY KEY, project_id text NOT NULL, parent_id text, fork_session_id text, slug text NOT NULL, directory text NOT NULL, title text, time_created integer NOT NULL);
    CREATE TABLE session_message (id text PRIMARY KEY, session_id text NOT NULL, type text NOT NULL, seq integer NOT NULL, time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
  `);
  for (const session of sessions) {
    database
      .prepare("INSERT INTO session_v2 VALUES (?, 'global', ?, NULL, ?, ?, ?, 0)")
      .run(session.id, session.parentId ?? null, CONTENT, session.cwd, CONTENT);
    database.exec("BEGIN");
    const put = database.prepare("INSERT INTO session_message VALUES (?, ?, ?, ?, 0, 0, ?)");
    for (const [index, exchange] of session.exchanges.entries()) {
      const user = { text: CONTENT, time: { created: exchange.startedAt } };
      put.run(`msg_${session.id}_u${index}`, session.id, "user", index * 2, JSON.stringify(user));
      put.run(
        `msg_${session.id}_a${index}`,
        session.id,
        "assistant",
        index * 2 + 1,
        JSON.stringify(answer2(exchange, session.content ?? SHORT)),
      );
    }
    database.exec("COMMIT");
  }
  database.close();
  return path;
}

function answer2(exchange: Exchange, content: Content) {
  const { startedAt, endedAt, stop } = exchange;
  const isTool = stop !== "end_turn";
  const tool = {
    type: "tool",
    id: "toolu_1",
    name: stop === "question" ? "question" : "bash",
    state: {
      status: "completed",
      input: { command: content.model },
      content: [{ type: "text", text: content.tool }],
    },
    // Its input streams in while the answer does.
    time: { created: startedAt + 10, ran: endedAt, completed: endedAt + TOOL_MS },
  };
  return {
    agent: "build",
    model: { id: exchange.model, providerID: "anthropic" },
    time: { created: startedAt, streamed: endedAt, completed: endedAt + (isTool ? TOOL_MS : 0) },
    content: [{ type: "text", text: content.model }, ...(isTool ? [tool] : [])],
    finish: FINISH[stop],
    cost: 0,
    tokens: {
      input: exchange.uncached,
      output: exchange.output,
      reasoning: 0,
      cache: { write: exchange.write5m + exchange.write1h, read: exchange.read },
    },
  };
}

export function writeOpenCodeStorage(root: string, session: OpenCodeSession): string {
  const storage = join(root, "storage");
  const put = (path: string, value: unknown) => {
    mkdirSync(dirname(join(storage, path)), { recursive: true });
    writeFileSync(join(storage, path), JSON.stringify(value, null, 2));
  };
  put(`session/global/${session.id}.json`, {
    id: session.id,
    projectID: "global",
    ...(session.parentId === undefined ? {} : { parentID: session.parentId }),
    directory: session.cwd,
    title: CONTENT,
  });
  for (const { info, parts } of openCodeMessages(session)) {
    put(`message/${session.id}/${info.id}.json`, { ...info, sessionID: session.id });
    for (const [index, one] of parts.entries()) put(`part/${info.id}/prt_${index}.json`, one);
  }
  return storage;
}

export function writeOpenCodeExport(file: string, session: OpenCodeSession): string {
  mkdirSync(dirname(file), { recursive: true });
  const info = {
    id: session.id,
    ...(session.parentId === undefined ? {} : { parentID: session.parentId }),
    directory: session.cwd,
    title: CONTENT,
  };
  writeFileSync(file, JSON.stringify({ info, messages: openCodeMessages(session) }, null, 2));
  return file;
}
