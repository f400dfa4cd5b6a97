/** A word in every text that a transcript can hold: if it ever comes out again, something was kept. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { databaseClass } from "../../../src/storage/index.ts";

export const CANARY = "CANARY";

/** What tells records, calls and their order apart, and is no text of anybody's. */
const STRUCTURE = new Set([
  "type",
  "subtype",
  "role",
  "id",
  "uuid",
  "parentUuid",
  "requestRef",
  "requestId",
  "sessionId",
  "session_id",
  "agentId",
  "parentId",
  "parentID",
  "forked_from_id",
  "sessionID",
  "timestamp",
  "cwd",
  "directory",
  "model",
  "modelID",
  "stop_reason",
  "stopReason",
  "finish",
  "kind",
]);

/** The same value, with the canary in each of its other texts and a field more wherever there can be one. */
export function planted(value: unknown, key = ""): unknown {
  if (typeof value === "string") return STRUCTURE.has(key) ? value : `${CANARY} ${value} ${CANARY}`;
  if (Array.isArray(value)) return value.map((one) => planted(one, key));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, one]) => [name, planted(one, name)]);
  return { ...Object.fromEntries(fields), aFieldOfTomorrow: CANARY, [`${CANARY}_key`]: CANARY };
}

/** In all files of a folder: of lines, of JSON, and databases. */
export function plantIn(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    if (name.endsWith(".jsonl")) {
      const lines = readFileSync(path, "utf8").trim().split("\n");
      const torn = `{"type":"assistant","usage":{"input_tokens":1},"message":"${CANARY}`;
      writeFileSync(path, [...lines.map(plantedLine), torn].join("\n"));
    } else if (name.endsWith(".json")) writeFileSync(path, plantedLine(readFileSync(path, "utf8")));
    else if (name.endsWith(".db")) plantInDatabase(path);
  }
}

function plantedLine(line: string): string {
  return JSON.stringify(planted(JSON.parse(line)));
}

function plantInDatabase(path: string): void {
  const Database = databaseClass();
  const database = new Database(path);
  for (const table of ["message", "part", "session_message"]) {
    const isThere = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table);
    if (isThere === undefined) continue;
    const put = database.prepare(`UPDATE ${table} SET data = ? WHERE id = ?`);
    for (const { id, data } of database.prepare(`SELECT id, data FROM ${table}`).all()) {
      put.run(plantedLine(String(data)), id ?? null);
    }
  }
  database.close();
}

const at = "2026-01-05T10:00:30.000Z";

/** Records that hold text and are no calls, such as each agent writes them. */
export const BESIDES: Readonly<Record<"claude-code" | "pi" | "codex", readonly object[]>> = {
  "claude-code": [
    { type: "summary", summary: CANARY, leafUuid: "x" },
    { type: "custom-title", customTitle: CANARY, sessionId: "x" },
    { type: "ai-title", aiTitle: CANARY, sessionId: "x" },
    { type: "system", subtype: "compact_boundary", content: CANARY, timestamp: at, uuid: "x" },
    {
      type: "file-history-snapshot",
      snapshot: { trackedFileBackups: { [`/home/${CANARY}`]: { path: CANARY } } },
    },
    { type: "attachment", attachment: { type: "hook_success", content: CANARY }, timestamp: at, uuid: "y" },
    { type: "progress", data: { type: "bash_progress", output: CANARY }, timestamp: at, uuid: "z" },
    {
      type: "assistant",
      error: CANARY,
      isApiErrorMessage: true,
      message: {
        id: "e",
        model: "<synthetic>",
        content: [{ type: "text", text: CANARY }],
        usage: { input_tokens: 0 },
      },
      timestamp: at,
    },
  ],
  pi: [
    { type: "session_info", name: CANARY, timestamp: at },
    { type: "label", label: CANARY, timestamp: at },
    { type: "compaction", summary: CANARY, details: { readFiles: [CANARY] }, timestamp: at },
    { type: "branch_summary", summary: CANARY, timestamp: at },
    { type: "custom_message", customType: CANARY, content: CANARY, timestamp: at },
    { type: "message", timestamp: at, message: { role: "bashExecution", command: CANARY, output: CANARY } },
  ],
  codex: [
    { timestamp: at, type: "event_msg", payload: { type: "agent_message", message: CANARY } },
    { timestamp: at, type: "event_msg", payload: { type: "agent_reasoning", text: CANARY } },
    {
      timestamp: at,
      type: "event_msg",
      payload: { type: "item_completed", item: { type: "UserMessage", content: [{ text: CANARY }] } },
    },
    { timestamp: at, type: "event_msg", payload: { type: "error", message: CANARY } },
    {
      timestamp: at,
      type: "compacted",
      payload: { message: CANARY, replacement_history: [{ type: "message", content: [{ text: CANARY }] }] },
    },
    { timestamp: at, type: "turn_context", payload: { user_instructions: CANARY, summary: CANARY } },
  ],
};
