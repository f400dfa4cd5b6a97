/** `keepwarm worker`: a worker with its database, its health port and its log, until it is told to end. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { PriceTable } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import { artifactStoreOf } from "./artifacts.ts";
import { createDatabaseClock } from "./clock.ts";
import { createCredentials } from "./credentials.ts";
import { type HealthServer, serveHealth } from "./health-server.ts";
import { createMetrics } from "./metrics.ts";
import { openDatabase } from "./open-database.ts";
import { demandPeers, SERVER_PEERS } from "./peers.ts";
import { openQueues } from "./queues.ts";
import { registrationOf } from "./registry.ts";
import { startWorker, type Worker } from "./worker.ts";
import {
  apiKeysOf,
  type Environment,
  keyringOf,
  readTogether,
  WorkerEnvironmentError,
  workerEnvironment,
} from "./worker-environment.ts";

export interface WorkerProcess {
  readonly id: string;
  readonly healthPort: number;
  /** Finishes what it has begun, takes nothing new, and gives that some seconds. */
  stop(): Promise<void>;
}

export interface WorkerProcessOptions {
  readonly env: Environment;
  readonly version: string;
  /** @default pino, one JSON object a line on stdout */
  readonly logger?: Logger;
  readonly prices?: PriceTable | undefined;
}

/** How long jobs may take to end when the worker does, in ms: less than an orchestrator waits before it kills. */
const GRACE_MS = 25_000;

/** Of the jobs at once each takes a connection now and then; the rest wait a moment. */
const MOST_CONNECTIONS = 10;

/** @throws {MissingPeerError} {@link WorkerEnvironmentError}, and the database's error where it cannot be reached */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const { env, version, prices } = options;
  const [told, keyring, apiKeys] = readTogether(
    () => workerEnvironment(env),
    () => keyringOf(env),
    () => apiKeysOf(env),
  );
  const credentials = createCredentials(apiKeys, keyring);
  demandPeers(SERVER_PEERS);
  if (told.loaders !== undefined) await loadLoaders(told.loaders);
  const logger = options.logger ?? (await pinoLogger());
  const id = `${hostname()}-${process.pid}-${randomBytes(3).toString("hex")}`;
  const { concurrency } = told;
  logger.info("keepwarm: worker starting", { worker: id, concurrency, version });
  const database = await openDatabase(told, {
    name: `keepwarm worker ${id}`,
    connections: Math.min(MOST_CONNECTIONS, concurrency + 2),
  });
  let health: HealthServer | undefined;
  try {
    const metrics = await createMetrics();
    let worker: Worker | null = null;
    // Before it is at work, so that an orchestrator sees it begin.
    health = await serveHealth({ port: told.healthPort, database, metrics, worker: () => worker });
    const queues = await openQueues(database, {
      supervise: true,
      maxRetries: told.maxRetries,
      staleSeconds: told.staleSeconds,
      onError: (error) => logger.warn("keepwarm: the queue engine reports trouble", { error: error.message }),
    });
    worker = await startWorker({
      database,
      queues,
      keyring,
      credentials,
      artifacts: artifactStoreOf(told.artifactFolder, database, keyring),
      clock: createDatabaseClock(database, { now: Date.now, monotonicNow: () => performance.now() }),
      logger,
      registration: registrationOf(id, version),
      concurrency,
      pollMs: told.pollMs,
      heartbeatMs: told.heartbeatMs,
      maxRetries: told.maxRetries,
      ...(prices === undefined ? {} : { prices }),
      ended: metrics.ended,
    });
    const working = worker;
    const { port } = health;
    return {
      id,
      healthPort: port,
      async stop() {
        worker = null;
        await working.drain(GRACE_MS);
        await queues.close();
        await health?.close();
        await database.close();
        logger.info("keepwarm: worker stopped", { worker: id, jobs: working.done() });
      },
    };
  } catch (error) {
    await health?.close();
    await database.close();
    throw error;
  }
}

/** @throws {WorkerEnvironmentError} with what the module threw */
async function loadLoaders(file: string): Promise<void> {
  try {
    await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WorkerEnvironmentError(`KEEPWARM_FLEET_LOADERS names a module that cannot be loaded: ${why}`);
  }
}

async function pinoLogger(): Promise<Logger> {
  const { pino } = await import("pino");
  const log = pino({ name: "keepwarm" });
  const at =
    (level: "debug" | "info" | "warn" | "error"): Logger["info"] =>
    (message, attributes = {}) =>
      log[level](attributes, message.replace(/^keepwarm: /, ""));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
