/** Finds the gateway, or starts one that lives on its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ControlClient, controlToken, discover } from "../../hub/index.ts";
import { trusted } from "../gateway.ts";

/** How a gateway is started: what goes before its settings. */
export interface GatewayCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** How long a gateway may take until it can be found, in ms. */
const PATIENCE_MS = 15_000;
/** How long the one that another process has just started is waited for, when ours found the port taken, in ms. */
const OTHERS_PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 50;
/** A log that is longer begins anew, in bytes. */
const LONGEST_LOG = 10_000_000;
/** A gateway outlives the shell that it was started from, and has no use for that shell's secrets. */
const SECRET = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;

export interface StartOptions {
  readonly directory: string;
  readonly command: GatewayCommand;
  readonly env: NodeJS.ProcessEnv;
  /** Flags of its settings. @default none */
  readonly flags?: readonly string[];
  readonly signal?: AbortSignal;
}

/** @throws a sentence with what to do */
export async function findOrStartGateway(options: StartOptions): Promise<ControlClient> {
  return trusted(await discover(options.directory)) ?? startGateway(options);
}

async function startGateway({ directory, command, env, flags = [], signal }: StartOptions) {
  // It makes the folder as well, and says so for people where that cannot be done.
  await controlToken(directory);
  const log = await openLog(directory);
  const child = spawn(command.file, [...command.args, ...flags], {
    detached: true,
    stdio: ["ignore", log.handle.fd, log.handle.fd],
    env: Object.fromEntries(
      Object.entries(env).filter(([name]) => name.startsWith("KEEPWARM_") || !SECRET.test(name)),
    ),
  });
  const over = whenOver(child);
  child.unref();
  await log.handle.close();

  let deadline = Date.now() + PATIENCE_MS;
  let ended = false;
  void over.then(() => {
    ended = true;
    deadline = Date.now() + OTHERS_PATIENCE_MS;
  });
  while (Date.now() < deadline) {
    signal?.throwIfAborted();
    const found = await discover(directory);
    if (found.state === "running") return found.client;
    await sleep(LOOK_AGAIN_MS);
  }
  const said = ended
    ? await lastLine(log.file, log.start)
    : `it was not there after ${PATIENCE_MS / 1_000} s`;
  throw new Error(
    `the gateway could not be started: ${said ?? "it ended without a word"} (log: ${log.file})`,
  );
}

function whenOver(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
}

async function openLog(directory: string) {
  const file = join(directory, "gateway.log");
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  const anew = size > LONGEST_LOG;
  return { file, handle: await open(file, anew ? "w" : "a", 0o600), start: anew ? 0 : size };
}

/** What the gateway said last, without the name that it puts before it. */
async function lastLine(file: string, start: number): Promise<string | null> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  const lines = bytes.subarray(start).toString().trim().split("\n");
  const said = lines.findLast((line) => line.startsWith("keepwarm: ")) ?? lines.at(-1) ?? "";
  return said.replace(/^keepwarm: /, "") || null;
}
