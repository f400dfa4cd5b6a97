/** Whether a gateway runs, and where none does, whether one could. */
import { createServer } from "node:net";
import type { Settings } from "../../config/index.ts";
import { type Discovery, discover } from "../../hub/index.ts";
import { type Finding, good, note, wrong } from "./finding.ts";
import { listenerOn } from "./listener.ts";

export interface GatewayFindings {
  readonly findings: readonly Finding[];
  readonly isRunning: boolean;
}

export async function gatewayFindings(
  directory: string,
  settings: Settings | null,
  version: string,
): Promise<GatewayFindings> {
  let found: Discovery;
  try {
    found = await discover(directory);
  } catch {
    // A token that may not be used is a finding of its own.
    return { findings: [], isRunning: false };
  }
  if (found.state === "running") return { findings: await running(found, version), isRunning: true };
  const ports = settings === null ? [] : await portFindings(settings);
  return { findings: [absent(found), ...ports], isRunning: false };
}

async function running(
  { client, record }: Extract<Discovery, { state: "running" }>,
  version: string,
): Promise<Finding[]> {
  const where = `${record.gatewayUrl}, process ${record.pid}`;
  if (record.version !== version) {
    return [
      note(
        "gateway",
        `${where}, is keepwarm ${record.version}, and this is ${version}`,
        "keepwarm stop, then start it anew",
      ),
    ];
  }
  try {
    const { gateway, conversations } = await client.status();
    const runs = `${gateway.runs.length} ${gateway.runs.length === 1 ? "run" : "runs"}`;
    const enabled = conversations.filter((conversation) => conversation.enabled).length;
    return [
      good(
        "gateway",
        `${where}, has proven itself: ${runs}, ${enabled} of ${conversations.length} conversations on`,
      ),
    ];
  } catch (error) {
    return [wrong("gateway", `${where}: ${error instanceof Error ? error.message : error}`)];
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
      const holder = await listenerOn(port);
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
