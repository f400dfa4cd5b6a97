/**
 * The README's table of agents. Each of its rows is printed by the run that shows it, and stands in the README word for
 * word: a row that says something else than what was driven fails the run.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "vitest";
import { installedVersion, listedVersion } from "./install.ts";
import { installedPiWithThreads, PI_WITH_THREADS_VERSION } from "./install-pi.ts";

interface Row {
  readonly agent: string;
  /** What its person types. */
  readonly command: string;
  /** Those whose versions are driven, in `test/hosts/package.json`. */
  readonly packages: readonly string[];
  /** Of the same, installed in another way. */
  readonly besides?: readonly { readonly version: string; installed(): string | undefined }[];
  /** How it is driven, where there are several ways. */
  readonly ways?: string;
}

const ROWS = {
  claudeCode: {
    agent: "Claude Code",
    command: "`keepwarm install claude-code`, then `/warm on`",
    packages: ["@anthropic-ai/claude-code"],
    ways: "terminal, JSON lines",
  },
  claudeCodeRun: {
    agent: "Claude Code, through the gateway",
    command: "`keepwarm run -- claude`, then `/warm on`",
    packages: ["@anthropic-ai/claude-code"],
    ways: "terminal, JSON lines",
  },
  agentSdk: {
    agent: "Claude Agent SDK",
    command: "`keepwarm run -- node agent.mjs`",
    packages: ["@anthropic-ai/claude-agent-sdk"],
  },
  openCode: {
    agent: "OpenCode",
    command: "`keepwarm install opencode`, then `/warm`; or `keepwarm run -- opencode`",
    packages: ["opencode-ai"],
    ways: "server, terminal; `run`, `serve`",
  },
  pi: {
    agent: "pi",
    command: "`keepwarm install pi`, then `/warm on`",
    packages: ["@earendil-works/pi-coding-agent"],
    besides: [{ version: PI_WITH_THREADS_VERSION, installed: installedPiWithThreads }],
  },
  openClaw: {
    agent: "OpenClaw",
    command: "`keepwarm install openclaw`, then `/warm on`",
    packages: ["openclaw"],
  },
  cline: {
    agent: "Cline",
    command: "`keepwarm start`, and one line in its settings ([how](docs/agents.md#cline))",
    packages: ["cline"],
  },
  clouds: {
    agent: "`AnthropicBedrock`, `AnthropicVertex`",
    command: "`keepwarm.wrap(client)` ([how](docs/sdk.md))",
    packages: ["@anthropic-ai/bedrock-sdk", "@anthropic-ai/vertex-sdk"],
  },
} as const satisfies Readonly<Record<string, Row>>;

export type RowName = keyof typeof ROWS;

export const ROW_NAMES = Object.keys(ROWS) as RowName[];

const HEAD = "| agent | command | what `npm run test:hosts` drives |\n|---|---|---|\n";

function rowText(name: RowName): string {
  const { agent, command, packages, besides = [], ways }: Row = ROWS[name];
  const versions = [...packages.map(listedVersion), ...besides.map(({ version }) => version)].join(", ");
  return `| ${agent} | ${command} | ${versions}${ways === undefined ? "" : `: ${ways}`} |`;
}

/** The whole table, as it has to stand in the README. */
export function tableText(): string {
  return HEAD + ROW_NAMES.map((name) => `${rowText(name)}\n`).join("");
}

export function readme(): string {
  return readFileSync(resolve("README.md"), "utf8");
}

export interface Shown {
  /** The least share of its prefix that any return read. */
  readonly readShare: number;
  readonly warms: number;
  /** Which of the row's it was, where it has several. */
  readonly version?: string;
}

/** Prints it past the test runner, which would put its own lines around it. */
export function showRow(name: RowName, { readShare, warms, version }: Shown): void {
  const { packages, besides = [] }: Row = ROWS[name];
  for (const one of packages) expect(installedVersion(one), one).toBe(listedVersion(one));
  for (const one of besides) expect(one.installed()).toBe(one.version);
  const row = rowText(name);
  if (version !== undefined) expect(row).toContain(version);
  expect(readme()).toContain(`${row}\n`);
  const read = `each return read ${(100 * readShare).toFixed(1)} % of its prefix or more`;
  process.stdout.write(
    `${row}\n  ${version === undefined ? "" : `${version}: `}after pauses of four lifetimes, over ${warms} warms, ${read}\n`,
  );
}
