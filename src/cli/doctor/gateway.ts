/** Whether a gateway runs, and where none does, whether one could. */
import { createServer } from "node:net";
import { type Config, type Settings, valueText } from "../../config/index.ts";
import { type ControlClient, type Discovery, discover, type GatewayRecord } from "../../hub/index.ts";
import { holderOf } from "../port-holder.ts";
import { comparedWith } from "../running-settings.ts";
import { type Finding, good, note, wrong } from "./finding.ts";

export const UNTIL_RIGHT = "not checked until the settings are right";

export interface GatewayFindings {
  readonly findings: readonly Finding[];
  /** Where the running one sends requests on to; null where none runs, or it does not say. */
  readonly upstream: string | null;
}

export async function gatewayFindings(
  directory: string,
  config: Config | null,
  version: string,
): Promise<GatewayFindings> {
  let found: Discovery;
  try {
    found = await discover(directory);
  } catch {
    // A token that may not be used is a finding of its own.
    return { findings: [], upstream: null };
  }
  if (found.state === "running") return running(found, config, version);
  const ports = config === null ? [note("gateway ports", UNTIL_RIGHT)] : await portFindings(config.settings);
  return { findings: [absent(found), ...ports], upstream: null };
}

async function running(
  { client, record }: Extract<Discovery, { state: "running" }>,
  config: Config | null,
  version: string,
): Promise<GatewayFindings> {
  const where = `${record.gatewayUrl}, process ${record.pid}`;
  try {
    const { gateway, conversations } = await client.status();
    const runs = `${gateway.runs.length} ${gateway.runs.length === 1 ? "run" : "runs"}`;
    const enabled = conversations.filter((conversation) => conversation.enabled).length;
    const standing = `${where}, has proven itself: ${runs}, ${enabled} of ${conversations.length} conversations on`;
    const finding = record.version === version ? good("gateway", standing) : another(where, record, version);
    const findings = [finding, ...(await ownTroubles(client)), ...(await otherwise(client, config))];
    return { findings, upstream: gateway.upstream };
  } catch (error) {
    const finding =
      record.version === version
        ? wrong("gateway", `${where}: ${error instanceof Error ? error.message : error}`)
        : another(where, record, version);
    return { findings: [finding], upstream: null };
  }
}

/** What it says itself is wrong with it. */
async function ownTroubles(client: ControlClient): Promise<Finding[]> {
  // One of an older version says nothing of that.
  const { problems } = await client.health().catch(() => ({ problems: [] }));
  // Whether its API can be reached is asked now.
  const others = problems.filter(({ about }) => about !== "upstream");
  return others.map(({ sentence }) => wrong("gateway", sentence));
}

function another(where: string, record: GatewayRecord, version: string): Finding {
  const says = `${where}, is keepwarm ${record.version}, and this is ${version}`;
  return note("gateway", says, "keepwarm stop, then start it anew");
}

/** It may have been given others by flags, or have been running when they were changed by hand. */
async function otherwise(client: ControlClient, config: Config | null): Promise<Finding[]> {
  if (config === null) return [];
  try {
    const { instead } = await comparedWith(client, config);
    return instead.map(({ name, text, where }) => {
      const wanted = valueText(name, config.settings[name]) || "not set";
      return note(
        "gateway settings",
        `${name} is ${text || "not set"} in the running gateway (${where}), and the settings say ${wanted}`,
        "where that is not meant, keepwarm stop, then start it anew",
      );
    });
  } catch (error) {
    return [note("gateway settings", `unknown: ${error instanceof Error ? error.message : error}`)];
  }
}

function absent(found: Exclude<Discovery, { state: "running" }>): Finding {
  switch (found.state) {
    case "none":
      return good("gateway", "none is running; keepwarm run starts one");
    case "stale":
      return note("gateway", `none is running, and the last one did not end in order: ${found.why}`);
    case "silent":
      return wrong(
        "gateway",
        `process ${found.record.pid} does not answer at ${found.record.controlUrl}`,
        "end that process; keepwarm run starts another",
      );
    case "impostor":
      return wrong(
        "gateway",
        `what answers at ${found.record.controlUrl} is not the gateway that was started here`,
        "if it is one, its token was replaced: end it and start it anew",
      );
  }
}

async function portFindings({ host, port, consolePort }: Settings): Promise<Finding[]> {
  const findings = await Promise.all([
    portFinding("port", host, port),
    // On loopback, whatever the gateway's own address is.
    portFinding("consolePort", "127.0.0.1", consolePort),
  ]);
  return findings.filter((finding) => finding !== null);
}

async function portFinding(setting: string, host: string, port: number): Promise<Finding | null> {
  if (port === 0) return null;
  const code = await listenError(host, port);
  const about = setting === "port" ? "gateway port" : "console port";
  const another = `keepwarm config set ${setting} <another>`;
  switch (code) {
    case null:
      return good(about, `${port} is free`);
    case "EADDRINUSE": {
      const holder = await holderOf(port);
      return wrong(about, `${port} is taken${holder === null ? "" : ` by ${holder}`}`, another);
    }
    case "EACCES":
      return wrong(about, `${port} may not be used`, another);
    case "EADDRNOTAVAIL":
      return wrong(about, `${host} is no address of this machine`, "keepwarm config set host 127.0.0.1");
    default:
      return wrong(about, `${host}:${port} cannot be used (${code})`, another);
  }
}

function listenError(host: string, port: number): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
