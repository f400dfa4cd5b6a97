/** Any program on an Anthropic SDK, or on what else takes its base URL from the environment. */
import type { Agent, Environment } from "./agent.ts";
import { claudeCodePlugin } from "./claude-code-plugin.ts";

/** In the order in which they count. litellm, and so aider, asks for the second and, since 2026, for the first. */
const VARIABLES = ["ANTHROPIC_BASE_URL", "ANTHROPIC_API_BASE"] as const;

export const anyProgram: Agent = {
  id: "any",
  title: "Any other program",
  commands: [],
  packages: [],
  tried: null,
  use: "keepwarm run -- <command>",
  switchesOff: [],
  destination: async ({ env }) => ({ upstream: baseUrlIn(env), basePath: "" }),
  point: async (pointing) => ({
    args: pointing.args,
    // It may be on the Agent SDK, or a shell in which Claude Code is started.
    env: { ...baseUrlVariables(pointing.baseUrl), ...(await claudeCodePlugin(pointing)) },
    notes: [],
  }),
};

/** The base URL that an environment names; null where it names none. */
export function baseUrlIn(env: Environment): string | null {
  // An empty variable counts as unset.
  return VARIABLES.map((name) => env[name]).find(Boolean) ?? null;
}

/** What makes a program that reads its environment use `baseUrl`. */
export function baseUrlVariables(baseUrl: string): Readonly<Record<string, string>> {
  return Object.fromEntries(VARIABLES.map((name) => [name, baseUrl]));
}
