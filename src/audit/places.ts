/** Where each agent keeps its transcripts, by its own rules and environment. */
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import * as z from "zod";
import type { Agent } from "./conversation.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** A folder, or a single file; whether it is there or not. */
export interface Place {
  readonly agent: Agent;
  readonly path: string;
}

/** What is set but empty counts as not set. */
export function placesOf(env: Env = process.env, home: string = env.HOME || homedir()): Place[] {
  const data = env.XDG_DATA_HOME || join(home, ".local", "share");
  return [
    ...claudeCode(env, home),
    ...pi(env, home),
    ...ohMyPi(env, home),
    ...openCode(env, join(data, "opencode")),
    ...codex(env, home),
  ];
}

function claudeCode(env: Env, home: string): Place[] {
  const roots = env.CLAUDE_CONFIG_DIR
    ? [env.CLAUDE_CONFIG_DIR]
    : [join(home, ".claude"), join(env.XDG_CONFIG_HOME || join(home, ".config"), "claude")];
  return roots.map((root) => ({ agent: "claude-code", path: join(root, "projects") }));
}

const piSettings = z.object({ sessionDir: z.string() });

function pi(env: Env, home: string): Place[] {
  const root = env.PI_CODING_AGENT_DIR || join(home, ".pi", "agent");
  const moved = env.PI_CODING_AGENT_SESSION_DIR || sessionDirOf(join(root, "settings.json"), home);
  // What was written before they were moved is still there.
  const paths = new Set([...(moved ? [moved] : []), join(root, "sessions")]);
  return [...paths].map((path) => ({ agent: "pi", path }));
}

/** Null where it is not set, or is another one for each project. */
function sessionDirOf(settings: string, home: string): string | null {
  try {
    const { sessionDir } = piSettings.parse(JSON.parse(readFileSync(settings, "utf8")));
    const path = /^~[\\/]/.test(sessionDir) ? join(home, sessionDir.slice(2)) : sessionDir;
    return isAbsolute(path) ? path : null;
  } catch {
    return null;
  }
}

/** Its formats are pi's, its folders are its own, one for each profile. */
function ohMyPi(env: Env, home: string): Place[] {
  const root = join(home, env.PI_CONFIG_DIR || ".omp");
  const shared = env.XDG_DATA_HOME ? [join(env.XDG_DATA_HOME, "omp")] : [];
  const folders = [
    join(root, "agent"),
    ...foldersIn(join(root, "profiles")).map((profile) => join(profile, "agent")),
    ...shared,
    ...shared.flatMap((folder) => foldersIn(join(folder, "profiles"))),
  ];
  return folders.map((folder) => ({ agent: "pi", path: join(folder, "sessions") }));
}

function openCode(env: Env, root: string): Place[] {
  const database = env.OPENCODE_DB ?? "";
  const moved = database === "" || database === ":memory:" ? [] : [database];
  return [
    { agent: "opencode", path: root },
    ...moved.map((path): Place => ({ agent: "opencode", path: isAbsolute(path) ? path : join(root, path) })),
  ];
}

function codex(env: Env, home: string): Place[] {
  const root = env.CODEX_HOME || join(home, ".codex");
  return ["sessions", "archived_sessions"].map((folder) => ({ agent: "codex", path: join(root, folder) }));
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
}
