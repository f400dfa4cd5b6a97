/** What a file is, by what it begins with. */
import { open } from "node:fs/promises";
import { basename } from "node:path";
import type { Agent } from "./conversation.ts";
import { isDamage, isPacked, unpacked } from "./packed.ts";

export type Format =
  | "claude-code"
  | "pi"
  | "codex"
  | "opencode-storage"
  | "opencode-database"
  | "opencode-export";

export const AGENT_OF: Readonly<Record<Format, Agent>> = {
  "claude-code": "claude-code",
  pi: "pi",
  codex: "codex",
  "opencode-storage": "opencode",
  "opencode-database": "opencode",
  "opencode-export": "opencode",
};

const HEAD_BYTES = 64 << 10;
const SQLITE = "SQLite format 3\0";
/** By whatever name: OpenCode can be told another, and what was made after it has its own. */
const MESSAGES = /CREATE TABLE [`"]?(?:session_)?message[`"]? \([^)]*\bsession_id\b/;
const LINES = /\.jsonl(?:\.zst|\.gz)?$/;
const CANDIDATE = /\.(?:jsonl(?:\.zst|\.gz)?|json|db)$/;

/** Whether a file of this name can be a transcript at all. */
export function isCandidate(name: string): boolean {
  return CANDIDATE.test(name);
}

/** Whether it holds records a line. */
export function isOfLines(name: string): boolean {
  return LINES.test(name);
}

/** Null for what no reader knows. @throws what the file system throws */
export async function formatOf(path: string): Promise<Format | null> {
  const head = await headOf(path);
  if (head.startsWith(SQLITE)) {
    return /^opencode/.test(basename(path)) || MESSAGES.test(head) ? "opencode-database" : null;
  }
  if (path.endsWith(".json") && /^\s*\{\s*"info"\s*:/.test(head)) {
    return head.includes('"messages"') ? "opencode-export" : null;
  }
  if (/"type":\s*"session_meta"/.test(head)) return "codex";
  if (/^\s*\{[^\n]*"type":\s*"session"[^\n]*"id":/.test(head)) return "pi";
  return /"(?:sessionId|parentUuid|leafUuid)":/.test(head) ? "claude-code" : null;
}

async function headOf(path: string): Promise<string> {
  if (isPacked(path)) {
    try {
      for await (const piece of unpacked(path)) return piece.toString("latin1", 0, HEAD_BYTES);
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    return "";
  }
  const file = await open(path, "r");
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    return head.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}
