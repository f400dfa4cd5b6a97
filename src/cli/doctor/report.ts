/** The doctor's report, for people and for programs. */
import type { InstalledAgent } from "../../agents/index.ts";
import { bold, dim, green, red, yellow } from "../style.ts";
import type { Finding } from "./finding.ts";

export interface ExaminedAgent extends InstalledAgent {
  /** What keepwarm does inside it, as a sentence; null where it does nothing there. */
  readonly inside: string | null;
}

export interface Report {
  readonly findings: readonly Finding[];
  readonly agents: readonly ExaminedAgent[];
}

const MARKS = { good: green("✓"), note: yellow("!"), wrong: red("✗") } as const;

export function isWell({ findings }: Report): boolean {
  return findings.every(({ state }) => state !== "wrong");
}

export function asText({ findings, agents }: Report): string {
  const widest = Math.max(...findings.map(({ about }) => about.length));
  const lines = findings.flatMap(({ about, state, says, todo }) => [
    `${MARKS[state]} ${about.padEnd(widest)}  ${says}`,
    ...(todo === undefined ? [] : [`  ${" ".repeat(widest)}  → ${todo}`]),
  ]);
  return [...lines, "", ...agentLines(agents)].join("\n");
}

function agentLines(agents: readonly ExaminedAgent[]): string[] {
  if (agents.length === 0) {
    return ["No agent that keepwarm knows is on the PATH. keepwarm run -- <command> runs any other."];
  }
  return agents.flatMap(({ agent, file, version, inside }) => [
    `${bold(agent.title)} ${version ?? "(its version is unknown)"}  ${dim(file)}`,
    `  ${agent.use}`,
    ...(inside === null ? [] : [`  ${inside}`]),
    ...(agent.switchesOff.length === 0 ? [] : ["  Through a gateway it does without:"]),
    ...agent.switchesOff.map((sentence) => `  - ${sentence}`),
  ]);
}

export function asJson(report: Report): string {
  const agents = report.agents.map(({ agent, file, version, inside }) => ({
    id: agent.id,
    title: agent.title,
    file,
    version,
    triedVersion: agent.tried,
    use: agent.use,
    inside,
    switchesOff: agent.switchesOff,
  }));
  return JSON.stringify({ ok: isWell(report), findings: report.findings, agents }, null, 2);
}
