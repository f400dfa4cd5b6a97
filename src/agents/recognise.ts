/** Which agent a command starts, also through a package runner or Node. */
import { basename } from "node:path";
import type { Agent } from "./agent.ts";
import { anyProgram } from "./any-program.ts";
import { AGENTS } from "./table.ts";

export interface Recognised {
  readonly agent: Agent;
  /** How many of the arguments come before the agent's own. */
  readonly leading: number;
}

/** Words of a package runner that come before what it runs. */
const RUNNERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  npx: [[]],
  pnpx: [[]],
  bunx: [[]],
  npm: [["exec"], ["x"]],
  pnpm: [["dlx"], ["exec"]],
  yarn: [["dlx"], ["exec"], []],
  bun: [["x"], ["run"], []],
  node: [[]],
  tsx: [[]],
};

/** Options of theirs that take a value of their own. */
const VALUED = new Set([
  "-p",
  "--package",
  "-r",
  "--require",
  "--import",
  "--loader",
  "--env-file",
  "-C",
  "--dir",
]);

export function recognise(command: string, args: readonly string[]): Recognised {
  const name = programName(command);
  const started = agentOf(command);
  if (started !== null) return { agent: started, leading: 0 };
  for (const words of RUNNERS[name] ?? []) {
    if (!words.every((word, index) => args[index] === word)) continue;
    const at = firstOperand(args, words.length);
    const agent = at === null ? null : agentOf(args[at] ?? "");
    if (at !== null && agent !== null) return { agent, leading: at + 1 };
  }
  return { agent: anyProgram, leading: 0 };
}

function firstOperand(args: readonly string[], from: number): number | null {
  for (let index = from; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") continue;
    if (!arg.startsWith("-")) return index;
    if (VALUED.has(arg)) index += 1;
  }
  return null;
}

/** By the name of its program or package (`opencode-ai@latest`), or by a path into its package. */
function agentOf(word: string): Agent | null {
  const path = word.replaceAll("\\", "/");
  const packageName = path.replace(/(?<=.)@[^/@]*$/, "");
  return (
    AGENTS.find(
      ({ commands, packages }) =>
        commands.includes(programName(word)) ||
        packages.some((name) => packageName === name || path.includes(`/node_modules/${name}/`)),
    ) ?? null
  );
}

function programName(word: string): string {
  return basename(word.replaceAll("\\", "/")).replace(/\.(exe|cmd|ps1|[cm]?js|ts)$/i, "");
}
