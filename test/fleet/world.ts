/** A fleet in this process: a database, an API behind it that is the emulator, and workers that come and go. */
import { randomBytes, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import pg from "pg";
import { inject, onTestFinished } from "vitest";
import { createEmulator, type Emulator, type EmulatorOptions } from "../../src/emulator/index.ts";
import {
  artifactTable,
  boundTo,
  createCredentials,
  createDatabaseClock,
  createFleetStore,
  createKeyring,
  type DatabaseClock,
  type FleetDatabase,
  type FleetStore,
  findJob,
  installTables,
  type JobView,
  type Keyring,
  newFleetKey,
  openPglite,
  openPostgres,
  openQueues,
  pack,
  type Queues,
  startWorker,
  stripCredential,
  type WarmOrder,
  type WarmPlan,
  type Worker,
  type WorkerOptions,
} from "../../src/fleet/index.ts";
import { createRecordingLogger, type RecordingLogger } from "../support/recording-logger.ts";

/** Which database it is tried on. */
export interface Engine {
  readonly name: string;
  open(): Promise<FleetDatabase>;
}

async function aPostgresDatabase(): Promise<string> {
  const base = inject("postgresUrl");
  const name = `fleet_${randomBytes(6).toString("hex")}`;
  const client = new pg.Client(`${base}postgres`);
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return base + name;
}

export { aPostgresDatabase };

export const POSTGRES: Engine = {
  name: "PostgreSQL",
  open: async () => openPostgres({ url: await aPostgresDatabase(), name: "test" }),
};

export const PGLITE: Engine = { name: "PGlite", open: anEmptyPglite };

const TABLES = [
  "prefix",
  "job",
  "result",
  "worker",
  "gateway",
  "rate_limit",
  "artifact",
  "entry",
  "registration",
  "prewarm_spend",
];

let pglite: Promise<FleetDatabase> | null = null;

/** The same one for all tests of a file, emptied: it takes two seconds to begin. */
async function anEmptyPglite(): Promise<FleetDatabase> {
  const isNew = pglite === null;
  pglite ??= openPglite(null);
  const database = await pglite;
  if (!isNew) {
    for (const table of TABLES) {
      await database.query(`delete from keepwarm.${table}`);
    }
    await database.query("delete from keepwarm_queue.job");
  }
  return { ...database, close: async () => {} };
}

export const API_KEY = "sk-ant-api03-the-teams";

/** Of the emulator's entries, in ms: longer than any test takes, so that a busy machine is in time. */
export const TTL_MS = 60_000;

export interface FleetWorld {
  readonly database: FleetDatabase;
  readonly queues: Queues;
  readonly store: FleetStore;
  readonly clock: DatabaseClock;
  readonly keyring: Keyring;
  readonly emulator: Emulator;
  readonly url: string;
  readonly logger: RecordingLogger;
  /** Asks the API as a client does, and keeps what it asked. @returns the id of the job that will warm it */
  keepWarm(conversation: string, options?: KeepOptions): Promise<Kept>;
  worker(options?: Partial<WorkerOptions>): Promise<Worker>;
  job(id: string): Promise<JobView>;
  /** Warms that reached the API. */
  warms(): number;
}

export interface KeepOptions extends Partial<WarmOrder> {
  readonly inMs?: number;
  readonly apiKey?: string;
  readonly ttlMs?: number;
  readonly keyring?: Keyring;
  /** Whether the cache has it. @default true */
  readonly written?: boolean;
  readonly text?: string;
}

export interface Kept {
  readonly jobId: string;
  readonly prefixId: string;
  readonly revision: string;
}

export interface WorldOptions {
  readonly emulated?: EmulatorOptions;
  readonly key?: string;
}

export const ONCE: Pick<WarmPlan, "warms" | "everyMs"> = { warms: 1, everyMs: TTL_MS * 0.85 };

const OWNER = "gateway-1";

export async function aFleet(
  engine: Engine,
  { emulated = {}, key = newFleetKey() }: WorldOptions = {},
): Promise<FleetWorld> {
  const emulator = createEmulator({ ttl5mMs: TTL_MS, minimumTokens: 1, ...emulated });
  const { url } = await emulator.listen();
  const logger = createRecordingLogger();
  const database = await engine.open();
  await installTables(database);
  const queues = await openQueues(database, {
    supervise: true,
    onError: (error) => logger.debug(error.message),
  });
  const store = createFleetStore(database, queues);
  const clock = createDatabaseClock(database, { now: Date.now, monotonicNow: () => performance.now() });
  await clock.measure();
  const keyring = createKeyring(key);
  const workers: Worker[] = [];
  onTestFinished(async () => {
    for (const worker of workers) await worker.drain(2_000);
    await queues.close();
    await database.close();
    await emulator.close();
  });

  return {
    database,
    queues,
    store,
    clock,
    keyring,
    emulator,
    url,
    logger,
    async keepWarm(conversation, options = {}) {
      const { inMs = 1_500, apiKey = API_KEY, ttlMs = TTL_MS, written = true, ...order } = options;
      const ring = options.keyring ?? keyring;
      const body = Buffer.from(
        JSON.stringify(request(options.text ?? `The handbook of ${conversation}. `.repeat(200))),
      );
      const headers = [
        ["content-type", "application/json"],
        ["x-api-key", apiKey],
        ["anthropic-version", "2023-06-01"],
      ] as const;
      const usedAt = clock.now();
      if (written) {
        const answer = await fetch(`${url}/v1/messages`, {
          method: "POST",
          headers: headers.map(([name, value]): [string, string] => [name, value]),
          body,
        });
        await answer.text();
      }
      const stripped = stripCredential(headers);
      if ("problem" in stripped) throw new Error(stripped.problem);
      const prefixId = `prefix-of-${conversation}`;
      const revision = randomUUID();
      const sealed = await pack(
        {
          url: `${url}/v1/messages`,
          headers: stripped.headers,
          carrier: stripped.carrier,
          body,
          settings: { ttl5mMs: ttlMs },
        },
        ring,
        boundTo(prefixId, revision),
      );
      const dueAt = usedAt + inMs;
      const jobId = await store.keep(
        {
          id: prefixId,
          owner: OWNER,
          conversation,
          revision,
          fingerprint: ring.fingerprint(stripped.secret),
          sealed,
          model: "claude-opus-5-5",
          ttlMs,
          usedAt: written ? usedAt : null,
          expiresAt: usedAt + ttlMs,
        },
        { prefixId, trigger: "idle", dueAt, plan: { ...ONCE, until: dueAt + 10 * TTL_MS }, ...order },
      );
      return { jobId, prefixId, revision };
    },
    async worker(options = {}) {
      const worker = await startWorker({
        database,
        queues,
        keyring,
        credentials: createCredentials(API_KEY, keyring),
        artifacts: artifactTable(database, keyring),
        clock,
        logger,
        registration: {
          id: `worker-${workers.length + 1}`,
          host: hostname(),
          pid: process.pid,
          version: "0.1.0",
        },
        concurrency: 4,
        pollMs: 500,
        heartbeatMs: 5_000,
        maxRetries: 3,
        ...options,
      });
      workers.push(worker);
      return worker;
    },
    async job(id) {
      const job = await findJob(database, id);
      if (job === null) throw new Error(`there is no job ${id}`);
      return job;
    },
    warms: () => emulator.requests.filter(({ maxTokens }) => maxTokens === 0).length,
  };
}

function request(text: string) {
  return {
    model: "claude-opus-5-5",
    max_tokens: 16,
    system: [{ type: "text", text, cache_control: { type: "ephemeral" } }],
    messages: [{ role: "user", content: "Shall we begin?" }],
  };
}
