/** A gateway, worker processes with clocks of their own, and a database that they reach over lines that can be cut. */
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { onTestFinished } from "vitest";
import { startScript } from "../../bench/support/child-process.ts";
import { loadConfig } from "../../src/config/index.ts";
import { newFleetKey, openPostgres } from "../../src/fleet/index.ts";
import { startService } from "../../src/gateway/index.ts";
import { startPostgres } from "../fleet/postgres-server.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { SESSION, type Sent } from "./api-process.ts";
import type { LineChange } from "./cuttable-line.ts";

const API_KEY = "sk-ant-api03-the-teams";

/** How long an API takes to answer a warm, in ms: long enough that two at once would be seen. */
const ANSWER_MS = 150;

export interface WorkerChild {
  readonly child: ChildProcess;
  readonly exited: Promise<number | string>;
  output(): string;
}

export interface FleetWorldOptions {
  /** How long an entry of five minutes lives, as everybody but the API has it, in ms. */
  readonly ttlMs: number;
  /** And so much longer it really does: a request is on its way for a moment. */
  readonly graceMs: number;
  readonly workers: number;
  /** Of each. */
  readonly concurrency: number;
}

export async function aFleetOfProcesses({ ttlMs, graceMs, workers, concurrency }: FleetWorldOptions) {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.close());
  const databaseUrl = postgres.url("postgres");
  const sent: Sent[] = [];
  const api = await startScript(
    resolve("test/chaos/api-process.ts"),
    [String(ttlMs + graceMs), String(ANSWER_MS)],
    (told) => sent.push(told as Sent),
  );
  onTestFinished(() => api.stop());
  const upstream = api.url;
  const lines = await startScript(resolve("test/chaos/cuttable-line.ts"), [
    new URL(databaseUrl).port,
    String(workers),
  ]);
  onTestFinished(() => lines.stop());
  const ports = lines.url.split(",");
  const secrets = { KEEPWARM_FLEET_KEY: newFleetKey(), KEEPWARM_FLEET_API_KEY: API_KEY };
  const directory = aStateDirectory();
  const service = await startService({
    config: loadConfig({
      env: { KEEPWARM_HOME: directory, KEEPWARM_UPSTREAM: upstream, DATABASE_URL: databaseUrl, ...secrets },
      flags: {
        port: "0",
        consolePort: "0",
        fleet: true,
        enableNew: true,
        keepWarm: "20m",
        ttl5m: `${ttlMs}ms`,
      },
    }),
    directory,
    version: "0.1.0",
    logger: createRecordingLogger(),
  });
  onTestFinished(() => service.stop());
  const database = await openPostgres({ url: databaseUrl, name: "chaos" });
  onTestFinished(() => database.close());

  /** @param at its line's number */
  async function worker(at: number, skewMs: number): Promise<WorkerChild> {
    const url = new URL(databaseUrl);
    url.port = ports[at] ?? "";
    const child = spawn(
      process.execPath,
      ["--import", resolve("test/chaos/skewed-clock.ts"), resolve("src/cli.ts"), "worker"],
      {
        env: {
          ...process.env,
          ...secrets,
          DATABASE_URL: url.href,
          KEEPWARM_WORKER_CONCURRENCY: String(concurrency),
          KEEPWARM_WORKER_HEALTH_PORT: "0",
          CHAOS_SKEW_MS: String(skewMs),
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    const exited = new Promise<number | string>((done) =>
      child.once("exit", (code, signal) => done(code ?? signal ?? "?")),
    );
    onTestFinished(() => void child.kill("SIGKILL"));
    await new Promise<void>((ready, failed) => {
      child.stderr.on("data", (chunk) => (output += chunk));
      child.stdout.on("data", (chunk) => {
        output += chunk;
        if (output.includes('"polling"')) ready();
      });
      void exited.then(() => failed(new Error(`a worker ended: ${output}`)));
    });
    return { child, exited, output: () => output };
  }

  /** Asks through the gateway, as an agent does. @returns the answer's status */
  async function ask(conversation: string): Promise<number> {
    const answer = await fetch(`${service.gatewayUrl}/v1/messages`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-api-key": API_KEY,
        "anthropic-version": "2023-06-01",
        "x-keepwarm-conversation": conversation,
        [SESSION]: conversation,
      },
      body: JSON.stringify({
        model: "claude-opus-5-5",
        max_tokens: 16,
        system: [
          {
            type: "text",
            text: `The handbook of ${conversation}. `.repeat(150),
            cache_control: { type: "ephemeral" },
          },
        ],
        messages: [{ role: "user", content: "Shall we go on?" }],
      }),
    });
    await answer.text();
    return answer.status;
  }

  const change = (some: readonly number[], to: LineChange["to"]) => lines.tell({ lines: some, to });
  return { postgres, database, keeper: service.gateway.keeper, sent, worker, change, ask };
}
