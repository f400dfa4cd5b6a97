/** Looks at everything that keepwarm needs, and changes nothing. */
import { statSync } from "node:fs";
import { installedAgents } from "../../agents/index.ts";
import { type Config, loadConfig, unknownVariables } from "../../config/index.ts";
import { isLoopback } from "../../hub/index.ts";
import { installedPlugin } from "../../install/index.ts";
import { stateDirectory } from "../../storage/index.ts";
import { explain } from "../errors.ts";
import { openToNetwork } from "../open-to-network.ts";
import { type Finding, good, note, wrong } from "./finding.ts";
import { gatewayFindings, UNTIL_RIGHT } from "./gateway.ts";
import { pluginFindings } from "./plugins.ts";
import type { ExaminedAgent, Report } from "./report.ts";
import { stateFindings } from "./state.ts";
import { upstreamFindings } from "./upstream.ts";

export { asJson, asText, isWell, type Report } from "./report.ts";

export interface ExamineOptions {
  readonly version: string;
  /** Whether the upstream is left out. */
  readonly offline: boolean;
  readonly env: NodeJS.ProcessEnv;
}

export async function examine({ version, offline, env }: ExamineOptions): Promise<Report> {
  const directory = stateDirectory(env);
  const { config, finding } = configFinding(env);
  const gateway = gatewayFindings(directory, config, version);
  // What runs is what matters; where nothing does, what would be started.
  const upstream = (await gateway).upstream ?? config?.settings.upstream;
  const [state, reached, agents] = await Promise.all([
    stateFindings(directory),
    offline ? [] : upstream === undefined ? [note("upstream", UNTIL_RIGHT)] : upstreamFindings(upstream),
    examinedAgents(directory, env),
  ]);
  return {
    findings: [
      good("keepwarm", `${version}, on Node ${process.versions.node}`),
      finding,
      ...hostFindings(config?.settings.host),
      ...environmentFindings(env, config?.settings.port),
      ...state,
      ...(await gateway).findings,
      // In what is no folder there are none, and that is said already.
      ...(isFolderOrMissing(directory) ? pluginFindings(directory, version) : []),
      ...reached,
    ],
    agents,
  };
}

async function examinedAgents(directory: string, env: NodeJS.ProcessEnv): Promise<ExaminedAgent[]> {
  const found = await installedAgents(env);
  return Promise.all(
    found.map(async (one) => {
      const isInstalled = installedPlugin(directory, one.agent.id).state === "sound";
      const inside = (await one.agent.inside?.({ version: one.version, isInstalled })) ?? null;
      return { ...one, inside };
    }),
  );
}

function configFinding(env: NodeJS.ProcessEnv): { config: Config | null; finding: Finding } {
  try {
    const config = loadConfig({ env });
    const chosen = Object.values(config.inForce).filter(({ origin }) => origin.from !== "default").length;
    const count = chosen === 0 ? "all defaults" : `${chosen} ${chosen === 1 ? "setting" : "settings"} chosen`;
    return { config, finding: good("settings", `${count}; keepwarm config shows them`) };
  } catch (error) {
    if (!env.KEEPWARM_CONFIG && !isFolderOrMissing(stateDirectory(env))) {
      return {
        config: null,
        finding: note("settings", "not read: the state folder, where they are, is none"),
      };
    }
    const says = explain(error).replaceAll("\n", "; ");
    return {
      config: null,
      finding: wrong("settings", says, "correct it there; keepwarm config says when it is right"),
    };
  }
}

function hostFindings(host?: string): Finding[] {
  const open = host === undefined ? null : openToNetwork(host);
  return open === null ? [] : [note("host", open, "where that is not meant, keepwarm config unset host")];
}

function isFolderOrMissing(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true;
}

function environmentFindings(env: NodeJS.ProcessEnv, port?: number): Finding[] {
  return [
    ...unknownVariables(env).map((sentence) => note("environment", sentence, "correct it, or unset it")),
    ...baseUrlFindings(env.ANTHROPIC_BASE_URL, port),
  ];
}

/** What of a shell's own changes where requests go. */
function baseUrlFindings(url: string | undefined, port?: number): Finding[] {
  if (!url) return [];
  const about = "ANTHROPIC_BASE_URL";
  const parsed = URL.parse(url);
  if (parsed === null) return [wrong(about, "is no URL", "correct it, or unset it")];
  // Without what may be a password.
  const where = `is ${parsed.origin}${parsed.pathname}`;
  return isLoopback(parsed.hostname) && Number(parsed.port) === port
    ? [note(about, `${where}, the gateway: what is started here uses it without keepwarm run too`)]
    : [note(about, `${where}: keepwarm run sends requests on to there`)];
}
