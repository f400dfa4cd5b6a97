import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { freePort } from "../../support/free-port.ts";

/** How a process ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with its first match in stdout. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts a script in a session of its own, so that no terminal of ours reaches it. */
export function start(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [resolve(script), ...args], { env, detached: true });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said.stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, ...said }));
  });
  return {
    child,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(said.stdout);
          if (match !== null) resolve(match);
        };
        child.stdout.on("data", look);
        void ended.then(() => reject(new Error(`ended after: ${said.stdout}${said.stderr}`)));
        look();
      }),
  };
}

/** A person's machine: a home, a state directory, and gateways that end with the test. */
export interface Machine {
  readonly home: string;
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** `keepwarm run` with these arguments. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Running;
  /** What the gateways noted, one line each. */
  happened(): string[];
  /** Resolves when that has been noted so many times. */
  has(pattern: RegExp, times?: number): Promise<void>;
  gatewayPid(): number;
  /** A gateway that somebody starts by hand. */
  startGateway(...flags: readonly string[]): Running;
}

export async function machine(): Promise<Machine> {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-home-"));
  const directory = join(home, "state");
  const env = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    TMPDIR: home,
    KEEPWARM_HOME: directory,
    KEEPWARM_PORT: String(await freePort()),
  };
  const noted = () => {
    const file = join(directory, "happened.log");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  };
  onTestFinished(async () => {
    for (const line of noted()) {
      const pid = /^started (\d+)/.exec(line)?.[1];
      if (pid !== undefined) endProcess(Number(pid));
    }
    // What was just killed may still be at its files.
    for (let attempt = 0; attempt < 20; attempt += 1) {
      try {
        return rmSync(home, { recursive: true, force: true });
      } catch {
        await sleep(50);
      }
    }
  });
  return {
    home,
    directory,
    env,
    run: (args, more = {}) => start("test/support/run-under-test.ts", args, { ...env, ...more }),
    happened: noted,
    async has(pattern, times = 1) {
      while (noted().filter((line) => pattern.test(line)).length < times) await sleep(20);
    },
    gatewayPid: () => JSON.parse(readFileSync(join(directory, "gateway.json"), "utf8")).pid,
    startGateway: (...flags) => start("test/support/stand-in-gateway.ts", ["start", ...flags], env),
  };
}

export function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
