/** A process that serves an address, beside the one that measures. */
import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Served {
  readonly pid: number;
  readonly url: string;
  /** Ends it, and resolves when it has ended. */
  stop(): Promise<void>;
}

export interface ServedScript extends Served {
  /** Sends it a message. */
  tell(message: object): void;
}

/**
 * @param script forked; sends its URL as its first message, and goes when it is disconnected
 * @param told gets its further messages
 */
export async function startScript(
  script: string,
  args: readonly string[] = [],
  told: (message: unknown) => void = () => {},
): Promise<ServedScript> {
  const child = fork(script, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [url] = await Promise.race([once(child, "message"), ended(child, script)]);
  child.on("message", told);
  return {
    pid: child.pid ?? 0,
    url: String(url),
    stop: () => end(child),
    tell: (message) => void child.send(message),
  };
}

export interface ServedGateway extends Served {
  /** Its state directory. */
  readonly directory: string;
}

export interface GatewayArguments {
  readonly upstream: string;
  readonly args?: readonly string[];
  /** For its Node. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The built command, as a person runs it, in a state directory of its own. Needs `npm run build`. */
export async function startGateway(options: GatewayArguments): Promise<ServedGateway> {
  const { upstream, args = [], nodeArgs = [], env = {} } = options;
  const directory = mkdtempSync(join(tmpdir(), "keepwarm-bench-"));
  const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
  const ports = ["--port", "0", "--console-port", "0", "--upstream", upstream];
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("KEEPWARM_"));
  const child = spawn(
    process.execPath,
    [...nodeArgs, cli, "start", ...ports, "--log-level", "error", ...args],
    {
      env: { ...Object.fromEntries(own), KEEPWARM_KEEP_WARM: "always", ...env, KEEPWARM_HOME: directory },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const url = await Promise.race([gatewayUrl(child), ended(child, cli)]);
  const stop = async () => {
    await end(child);
    rmSync(directory, { recursive: true, force: true });
  };
  return { pid: child.pid ?? 0, url, directory, stop };
}

function gatewayUrl(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let printed = "";
  // To the end: a pipe that nobody reads would stop it.
  child.stdout?.on("data", (chunk: Buffer) => {
    printed += chunk;
    const url = /^keepwarm gateway: (\S+)/m.exec(printed)?.[1];
    if (url !== undefined) resolve(url);
  });
  return promise;
}

async function ended(child: ChildProcess, what: string): Promise<never> {
  const [code, signal] = await once(child, "exit");
  throw new Error(`${what} ended (${signal ?? code})`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Resident memory of a process, in MB of 1,000,000 bytes. */
export function residentMb(pid: number): number {
  return (Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1_024) / 1e6;
}
