/** `keepwarm run`: a command whose requests go through the gateway, for as long as it lives. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Destination, recognise } from "../../agents/index.ts";
import { isLoopback } from "../../hub/index.ts";
import { type Ended, runChild } from "./child.ts";
import { loopbackDirect } from "./loopback-direct.ts";
import { fileOf } from "./no-program.ts";
import { type Registration, register } from "./registration.ts";
import { findOrStartGateway, type GatewayCommand } from "./start-gateway.ts";

export { type Ended, endAs } from "./child.ts";
export type { GatewayCommand } from "./start-gateway.ts";

/** Tells a run inside a run where the outer one's requests go. */
const UPSTREAM_VARIABLE = "KEEPWARM_RUN_UPSTREAM";

export interface RunOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly directory: string;
  readonly stateDirectory: string;
  readonly gatewayCommand: GatewayCommand;
  /** Where the requests go; what the person had set, where it is left out. */
  readonly upstream?: string;
  /** Switches warming on for the run's conversations. */
  readonly enable: boolean;
  /** Takes a sentence for the person, before the command begins. */
  readonly say: (sentence: string) => void;
  /** Takes one about what went wrong. */
  readonly warn: (sentence: string) => void;
}

/** @throws {NoProgramError} {@link CannotPointError}, or a sentence about the gateway; nothing was run then */
export async function run(options: RunOptions): Promise<Ended> {
  const { command, args, env, directory, stateDirectory, gatewayCommand, say, warn } = options;
  const file = await fileOf(command, env.PATH ?? "");
  const { agent, leading } = recognise(command, args);
  const invocation = {
    command: file,
    leading: args.slice(0, leading),
    args: args.slice(leading),
    env,
    directory,
  };
  const start = { directory: stateDirectory, command: gatewayCommand, env };
  const [client, destination] = await Promise.all([findOrStartGateway(start), agent.destination(invocation)]);
  const upstream = options.upstream ?? upstreamOf(destination, client.record.gatewayUrl, env);
  const registration = await register({
    client,
    start,
    run: {
      runId: randomUUID(),
      pid: process.pid,
      command: basename(command),
      cwd: directory,
      enableNew: options.enable,
      ...(upstream === null ? {} : { upstream }),
    },
  });
  const temporaryDirectory = await mkdtemp(join(tmpdir(), "keepwarm-run-"));
  try {
    const launch = await agent.point({
      ...invocation,
      upstream,
      baseUrl: registration.baseUrl + destination.basePath,
      temporaryDirectory,
    });
    for (const sentence of [destination.note ?? [], launch.notes].flat()) warn(sentence);
    say(whatIsOn(registration, options));
    return await runChild({
      file,
      args: [...invocation.leading, ...launch.args],
      env: {
        ...env,
        ...loopbackDirect(env, new URL(registration.baseUrl).hostname),
        ...(upstream === null ? {} : { [UPSTREAM_VARIABLE]: upstream }),
        ...launch.env,
      },
    });
  } finally {
    registration.release();
    await rm(temporaryDirectory, { recursive: true, force: true });
    // Only now: the terminal was the command's.
    for (const trouble of registration.troubles) warn(trouble);
  }
}

/** Null: the gateway's own. */
function upstreamOf({ upstream }: Destination, gatewayUrl: string, env: NodeJS.ProcessEnv): string | null {
  if (upstream === null) return null;
  // Inside another run, or set by hand: sent there, a request would come round again.
  if (isSameGateway(upstream, gatewayUrl)) return env[UPSTREAM_VARIABLE] || null;
  return upstream.replace(/\/+$/, "");
}

function isSameGateway(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  if (a === null || b === null) return false;
  return a.host === b.host || (a.port === b.port && isLoopback(a.hostname) && isLoopback(b.hostname));
}

function whatIsOn({ gateway }: Registration, { enable }: RunOptions): string {
  return enable || gateway.enableNew
    ? "warming is on for what this runs; keepwarm off switches it off"
    : "warming is off until you switch it on: keepwarm on, from another terminal";
}
