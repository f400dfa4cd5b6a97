/** Where transcripts are: the agents' own folders, or paths that a person gives. */
import { type Dirent, existsSync } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Agent } from "./conversation.ts";

type Env = Readonly<Record<string, string | undefined>>;

export type Format =
  | "claude-code"
  | "pi"
  | "codex"
  | "opencode-storage"
  | "opencode-database"
  | "opencode-export";

export interface Source {
  readonly path: string;
  readonly agent: Agent;
  readonly format: Format;
  /** Of its file or files, for a progress bar; a guess where counting would take long. */
  readonly bytes: number;
  /** Epoch ms of the last change. */
  readonly changedAt: number;
}

export interface AgentFolder {
  readonly agent: Agent;
  readonly folder: string;
}

const AGENT_OF: Readonly<Record<Format, Agent>> = {
  "claude-code": "claude-code",
  pi: "pi",
  codex: "codex",
  "opencode-storage": "opencode",
  "opencode-database": "opencode",
  "opencode-export": "opencode",
};

/** The folders of each agent, whether they are there or not. */
export function agentFolders(env: Env = process.env, home: string = env.HOME || homedir()): AgentFolder[] {
  const claude = env.CLAUDE_CONFIG_DIR
    ? [env.CLAUDE_CONFIG_DIR]
    : [join(home, ".claude"), join(env.XDG_CONFIG_HOME || join(home, ".config"), "claude")];
  const piAgent = env.PI_CODING_AGENT_DIR || join(home, ".pi", "agent");
  const codex = env.CODEX_HOME || join(home, ".codex");
  return [
    ...claude.map((folder): AgentFolder => ({ agent: "claude-code", folder: join(folder, "projects") })),
    { agent: "pi", folder: env.PI_CODING_AGENT_SESSION_DIR || join(piAgent, "sessions") },
    { agent: "pi", folder: join(home, ".omp", "agent", "sessions") },
    { agent: "opencode", folder: join(env.XDG_DATA_HOME || join(home, ".local", "share"), "opencode") },
    { agent: "codex", folder: join(codex, "sessions") },
    { agent: "codex", folder: join(codex, "archived_sessions") },
  ];
}

/** What the agents of this machine have kept. */
export async function findOwn(folders: readonly AgentFolder[]): Promise<Source[]> {
  const found: Source[] = [];
  for (const { agent, folder } of folders) {
    if (!existsSync(folder)) continue;
    const format = agent === "opencode" ? undefined : agent;
    for (const source of await findIn(resolve(folder), format)) {
      // In an agent's own folder another agent's would be a stray.
      if (source.agent === agent) found.push(source);
    }
  }
  return found;
}

/** What is at a path: a transcript, or a folder of them. @throws what the file system throws */
export async function findAt(path: string): Promise<Source[]> {
  const absolute = resolve(path);
  const { isDirectory, size, mtimeMs } = await facts(absolute);
  if (isDirectory) return findIn(absolute);
  const format = await formatOf(absolute);
  return format === null ? [] : [sourceOf(absolute, format, size, mtimeMs)];
}

async function facts(path: string): Promise<{ isDirectory: boolean; size: number; mtimeMs: number }> {
  const found = await stat(path);
  return { isDirectory: found.isDirectory(), size: found.size, mtimeMs: found.mtimeMs };
}

function sourceOf(path: string, format: Format, bytes: number, changedAt: number): Source {
  return { path, agent: AGENT_OF[format], format, bytes, changedAt };
}

/** @param assumed what its `.jsonl` files are, where that is known: they need not be looked into */
async function findIn(folder: string, assumed?: Format): Promise<Source[]> {
  const found: Source[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entries = await readdir(next, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (next === folder) throw error;
      return [] as Dirent[];
    });
    if (isStorage(next, entries)) {
      const newest = (await facts(join(next, "message")).catch(() => null))?.mtimeMs ?? 0;
      found.push(sourceOf(next, "opencode-storage", 0, newest));
      continue;
    }
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) {
        waiting.push(path);
        continue;
      }
      // Links to files are followed, links to folders are not: they may lead round in a circle.
      if (!/\.(?:jsonl|json|db)$/.test(entry.name)) continue;
      const file = await facts(path).catch(() => null);
      if (file === null || file.isDirectory || file.size === 0) continue;
      const format = assumed !== undefined && entry.name.endsWith(".jsonl") ? assumed : await formatOf(path);
      if (format !== null) found.push(sourceOf(path, format, file.size, file.mtimeMs));
    }
  }
  return found;
}

function isStorage(folder: string, entries: readonly Dirent[]): boolean {
  return basename(folder) === "storage" && entries.some(({ name }) => name === "message");
}

const HEAD_BYTES = 64 << 10;
const SQLITE = "SQLite format 3\0";

/** By what it begins with; null for what no reader knows. */
async function formatOf(path: string): Promise<Format | null> {
  const head = await headOf(path);
  if (path.endsWith(".db")) {
    return head.startsWith(SQLITE) && /^opencode/.test(basename(path)) ? "opencode-database" : null;
  }
  if (path.endsWith(".json")) {
    return /^\s*\{\s*"info"\s*:/.test(head) && head.includes('"messages"') ? "opencode-export" : null;
  }
  if (/"type":\s*"session_meta"/.test(head)) return "codex";
  if (/^\s*\{[^\n]*"type":\s*"session"[^\n]*"id":/.test(head)) return "pi";
  return /"(?:sessionId|parentUuid|leafUuid)":/.test(head) ? "claude-code" : null;
}

async function headOf(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => null);
  if (file === null) return "";
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    return head.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}
