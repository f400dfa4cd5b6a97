/** Which of the agents are on this machine. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Agent, Environment } from "./agent.ts";
import { programFile } from "./program-file.ts";
import { AGENTS } from "./table.ts";

export interface InstalledProgram {
  readonly file: string;
  /** Null when it did not say. */
  readonly version: string | null;
}

export interface InstalledAgent extends InstalledProgram {
  readonly agent: Agent;
}

/** How long an agent may take to say its version, in ms. */
const PATIENCE_MS = 10_000;

/** Those on the PATH of that environment. */
export async function installedAgents(env: Environment): Promise<InstalledAgent[]> {
  const found = await Promise.all(
    AGENTS.flatMap((agent) =>
      agent.commands.map(async (command) => {
        const program = await installedProgram(command, env);
        return program && { agent, ...program };
      }),
    ),
  );
  return found.filter((one) => one !== null);
}

/** Null: no program of that name is on the PATH of that environment. */
export async function installedProgram(command: string, env: Environment): Promise<InstalledProgram | null> {
  const program = await programFile(command, env.PATH ?? "");
  if (program.state !== "found") return null;
  return { file: program.file, version: await versionOf(program.file, env) };
}

async function versionOf(file: string, env: Environment): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(file, ["--version"], { env, timeout: PATIENCE_MS });
    return /\d+\.\d+\.\d+[\w.+-]*/.exec(stdout)?.[0] ?? null;
  } catch {
    return null;
  }
}
