/** Gateways and workers of one fleet, each as its process has it, before one API that is the emulator. */
import { onTestFinished } from "vitest";
import { type ConfigSources, loadConfig } from "../../src/config/index.ts";
import { createEmulator, type Emulator } from "../../src/emulator/index.ts";
import {
  artifactTable,
  createCredentials,
  createDatabaseClock,
  createKeyring,
  installTables,
  newFleetKey,
  openPostgres,
  openQueues,
  startWorker,
} from "../../src/fleet/index.ts";
import { type Service, startService } from "../../src/gateway/index.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { API_KEY } from "./world.ts";

/** Longer than any of these takes: warms are due by interval, so that a busy machine is in time. */
export const TTL_MS = 60_000;
export const EVERY_MS = 2_000;

export const KEY = newFleetKey();
const SECRETS = { KEEPWARM_FLEET_KEY: KEY, KEEPWARM_FLEET_API_KEY: API_KEY };

export async function anApi(ttl5mMs = TTL_MS): Promise<{ emulator: Emulator; url: string }> {
  const emulator = createEmulator({ ttl5mMs, minimumTokens: 1 });
  const { url } = await emulator.listen();
  onTestFinished(() => emulator.close());
  return { emulator, url };
}

export async function aGateway(
  url: string,
  env: Readonly<Record<string, string>>,
  directory = aStateDirectory(),
  flags: ConfigSources["flags"] = {},
) {
  const logger = createRecordingLogger();
  const config = loadConfig({
    env: { KEEPWARM_HOME: directory, KEEPWARM_UPSTREAM: url, ...SECRETS, ...env },
    flags: {
      port: "0",
      consolePort: "0",
      fleet: true,
      enableNew: true,
      keepWarm: "always",
      ttl5m: `${TTL_MS}ms`,
      ...flags,
    },
  });
  const service = await startService({ config, directory, version: "0.1.0", logger });
  onTestFinished(() => service.stop());
  return { service, logger, directory };
}

export async function ask(service: Service, conversation: string, question = "Shall we begin?") {
  const answer = await fetch(`${service.gatewayUrl}/v1/messages`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-api-key": API_KEY,
      "anthropic-version": "2023-06-01",
      "x-keepwarm-conversation": conversation,
    },
    body: JSON.stringify({
      model: "claude-opus-5-5",
      max_tokens: 16,
      system: [
        {
          type: "text",
          text: `The handbook of ${conversation}. `.repeat(500),
          cache_control: { type: "ephemeral" },
        },
      ],
      messages: [{ role: "user", content: question }],
    }),
  });
  await answer.text();
}

export async function aWorker(databaseUrl: string, id: string) {
  const database = await openPostgres({ url: databaseUrl, name: id });
  await installTables(database);
  const queues = await openQueues(database, { supervise: true, onError: () => {} });
  const keyring = createKeyring(KEY);
  const worker = await startWorker({
    database,
    queues,
    keyring,
    credentials: createCredentials(API_KEY, keyring),
    artifacts: artifactTable(database, keyring),
    clock: createDatabaseClock(database, { now: Date.now, monotonicNow: () => performance.now() }),
    logger: createRecordingLogger(),
    registration: { id, host: "here", pid: process.pid, version: "0.1.0" },
    concurrency: 4,
    pollMs: 1_000,
    heartbeatMs: 5_000,
    maxRetries: 3,
  });
  onTestFinished(async () => {
    await worker.drain(2_000);
    await queues.close();
    await database.close();
  });
  return { worker, database };
}

export const warmsAt = ({ requests }: Emulator) => requests.filter(({ maxTokens }) => maxTokens === 0);
