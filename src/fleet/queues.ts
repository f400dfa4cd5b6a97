/** The queues of the fleet, on the engine that keeps them. */
import type { PgBoss, QueueOptions } from "pg-boss";
import type { FleetDatabase } from "./database.ts";
import { ENGINE_SCHEMA } from "./schema.ts";

/**
 * `idle` jobs are due to the second, and are given to another worker ten seconds after theirs has died; those that
 * nobody waits for (`prewarm`, `artifact`) are found a little later.
 */
export type Lane = "idle" | "prewarm" | "artifact";

/** A worker's to say: what it says is in force for the jobs that are queued from then on. */
export interface QueueTimes {
  /** Times a job is tried again. @default as it is, or else 3 */
  readonly maxRetries?: number;
  /** After which a worker that says nothing has lost its `prewarm` and `artifact` jobs, in s. @default as it is, or else 120 */
  readonly staleSeconds?: number;
}

/** The engine's least, in s. */
export const IDLE_STALE_S = 10;

/** How often a worker says that it still has its `idle` jobs, in ms. */
export const IDLE_BEAT_MS = 5_000;

/** So much earlier than it is due an `idle` job may be claimed, in ms: it is only looked for twice a second. */
export const EARLY_MS = 1_000;

const HOUR_S = 3_600;

/** One queue for each credential: a worker asks only for what it can send. */
export function queueName(lane: Exclude<Lane, "artifact">, fingerprint: string): string {
  return `${lane}/${fingerprint}`;
}

export const ARTIFACT_QUEUE = "artifact";

export function laneOf(queue: string): Lane {
  if (queue === ARTIFACT_QUEUE) return "artifact";
  return queue.startsWith("idle/") ? "idle" : "prewarm";
}

function optionsOf(lane: Lane, { maxRetries = 3, staleSeconds = 120 }: QueueTimes): QueueOptions {
  return {
    retryLimit: maxRetries,
    // How long it waits is said with each failure.
    retryDelay: 0,
    heartbeatSeconds: lane === "idle" ? IDLE_STALE_S : staleSeconds,
    expireInSeconds: HOUR_S,
    retentionSeconds: 24 * HOUR_S,
    // What came of it is in our own table.
    deleteAfterSeconds: HOUR_S,
  };
}

export interface Queues {
  readonly boss: PgBoss;
  /** Makes a queue that is not there yet. */
  open(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface QueueEngineOptions extends QueueTimes {
  /** Looks every second after jobs whose worker is gone, and removes what is long over. */
  readonly supervise: boolean;
  readonly onError: (error: Error) => void;
}

/** One process at a time: on an empty database the engine makes its schema, and several that do trip each other up. */
async function alone(database: FleetDatabase, act: () => Promise<unknown>): Promise<void> {
  if (database.backend !== "postgres") {
    await act();
    return;
  }
  await database.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock(4778)");
    await act();
  });
}

export async function openQueues(database: FleetDatabase, options: QueueEngineOptions): Promise<Queues> {
  const { PgBoss } = await import("pg-boss");
  const boss = new PgBoss({
    db: database.db,
    backend: database.backend,
    schema: ENGINE_SCHEMA,
    supervise: options.supervise,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    maintenanceIntervalSeconds: 300,
    schedule: false,
    // It would ask for rights that a worker's role need not have.
    reindex: false,
    monitorVacuum: false,
  });
  boss.on("error", options.onError);
  await alone(database, () => boss.start());
  const open = new Map<string, Promise<void>>();

  async function make(name: string): Promise<void> {
    const wanted = optionsOf(laneOf(name), options);
    const found = await boss.getQueue(name);
    if (found === null) await boss.createQueue(name, { policy: "short", ...wanted });
    else {
      // A gateway may have made it, which knows nothing of them.
      const { maxRetries, staleSeconds } = options;
      const isOther =
        (maxRetries !== undefined && found.retryLimit !== wanted.retryLimit) ||
        (staleSeconds !== undefined && found.heartbeatSeconds !== wanted.heartbeatSeconds);
      const { retryLimit = 3, heartbeatSeconds = IDLE_STALE_S } = wanted;
      if (isOther) await boss.updateQueue(name, { retryLimit, heartbeatSeconds });
    }
    // The engine looks a queue up the first time it is used. Inside a transaction that would wait for the
    // transaction, where there is one connection.
    await boss.findJobs(name, { key: "none" });
  }

  return {
    boss,
    open(name) {
      const known = open.get(name) ?? make(name);
      open.set(name, known);
      // Another try with the next job.
      known.catch(() => open.delete(name));
      return known;
    },
    close: () => boss.stop({ graceful: false, close: false }),
  };
}
