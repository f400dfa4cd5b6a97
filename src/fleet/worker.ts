/** A worker: claims due jobs, does them, says that it is alive, and looks after what others left behind. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "pg-boss";
import type { PriceTable } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import type { ArtifactStore } from "./artifacts.ts";
import { type Claim, claimJobs } from "./claims.ts";
import type { DatabaseClock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import type { FleetDatabase } from "./database.ts";
import { createJobRunner } from "./job-runner.ts";
import type { Keyring } from "./keyring.ts";
import { createLease } from "./lease.ts";
import { ARTIFACT_QUEUE, IDLE_BEAT_MS, type Queues, queueName } from "./queues.ts";
import { currentLimits } from "./rate-limits.ts";
import { beatWorker, type Registration, removeWorker } from "./registry.ts";
import type { Settlement } from "./settling.ts";
import { endLapsed, endLost, removeExpired, removeOld } from "./upkeep.ts";

export interface WorkerOptions {
  readonly database: FleetDatabase;
  readonly queues: Queues;
  readonly keyring: Keyring;
  readonly credentials: Credentials;
  readonly artifacts: ArtifactStore;
  readonly clock: DatabaseClock;
  readonly logger: Logger;
  readonly registration: Registration;
  /** Jobs at once. */
  readonly concurrency: number;
  /** How often the queues are asked that nobody waits for, in ms. */
  readonly pollMs: number;
  /** How often it says that it still has their jobs, in ms. */
  readonly heartbeatMs: number;
  readonly maxRetries: number;
  readonly prices?: PriceTable;
  readonly fetch?: typeof globalThis.fetch;
  /** Told of each job that came to an end, for the metrics. */
  readonly ended?: (claim: Claim, settlement: Settlement, lagMs: number | null) => void;
}

export interface Worker {
  readonly id: string;
  /** Jobs that it holds. */
  active(): number;
  /** Jobs that it has done since it began. */
  done(): number;
  /** When it last heard from the database, and when it last asked its queues: ms ago. */
  silence(): { readonly databaseMs: number; readonly loopMs: number };
  /** Takes nothing new, and resolves when what it has is done, or after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

/** How often the queues are asked whose jobs are due to the second, in ms. */
const IDLE_POLL_MS = 500;

/** How long slots that become free are waited for, so that they are filled together, in ms. */
const TOGETHER_MS = 10;

const MEASURE_MS = 30_000;
const UPKEEP_MS = 5_000;
const OLD_MS = 3_600_000;

/** Rejects when the queues cannot be opened. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, queues, credentials, clock, logger, registration, concurrency } = options;
  const { boss } = queues;
  const { id } = registration;
  const idleQueues = credentials.fingerprints.map((fingerprint) => queueName("idle", fingerprint));
  const slowQueues = [
    ...credentials.fingerprints.map((fingerprint) => queueName("prewarm", fingerprint)),
    ARTIFACT_QUEUE,
  ];
  for (const queue of [...idleQueues, ...slowQueues]) await queues.open(queue);
  await clock.measure();

  const lease = createLease({ boss, logger, heartbeatMs: options.heartbeatMs });
  const runner = createJobRunner({
    ...options,
    lease,
    limitOf: (realm) => limits.get(realm),
    held: () => held.size,
  });
  const held = new Map<string, Promise<void>>();
  let limits: ReadonlyMap<string, number> = new Map();
  let draining = false;
  let done = 0;
  let heardAt = performance.now();
  let loopedAt = performance.now();
  let slowAt = Number.NEGATIVE_INFINITY;
  let firstIdle = 0;
  let trouble: string | null = null;

  /** Asks the database; what it cannot answer is asked again soon, and told once. */
  async function attempt(doing: string, act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      heardAt = performance.now();
      if (trouble !== null) logger.info("keepwarm: the database answers again");
      trouble = null;
      return true;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (trouble === null) logger.error(`keepwarm: could not ${doing}`, { error: message });
      trouble = message;
      return false;
    }
  }

  function isLimited(queue: string): boolean {
    const until = limits.get(queue.slice(queue.indexOf("/") + 1));
    return until !== undefined && until > clock.now();
  }

  async function take(queue: string): Promise<number> {
    const free = concurrency - held.size;
    if (free <= 0 || draining || isLimited(queue)) return 0;
    const jobs = await boss.fetch<object>(queue, { batchSize: free });
    if (jobs.length === 0) return 0;
    const asked = jobs.map((job) => ({ id: job.id, attempt: job.retryCount + 1 }));
    const claims = claimJobs(database, id, asked);
    // From now on they are this worker's in the engine's eyes, whatever becomes of the note.
    for (const job of jobs) hold(job, claims);
    return jobs.length;
  }

  function hold(job: Job<object>, claims: Promise<readonly Claim[]>): void {
    lease.take(job);
    const work = claims
      .then(async (all) => {
        const claim = all.find((one) => one.id === job.id);
        if (claim === undefined) {
          // It had come to its end, and only the engine had not heard of that.
          await boss.complete(job.name, job);
          return;
        }
        const { kind, trigger, attempt: tried } = claim;
        logger.info("keepwarm: claimed", { job: job.id, kind, trigger, attempt: tried });
        await runner.run(claim, job);
        done++;
      })
      .catch((error: unknown) => {
        logger.error("keepwarm: a job was let go of", {
          job: job.id,
          error: error instanceof Error ? error.message : String(error),
        });
      })
      .finally(() => {
        lease.release(job);
        held.delete(job.id);
        wake();
      });
    held.set(job.id, work);
  }

  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | null = null;
  let pollAgain = false;

  /** A slot is free: there may be more that is due. */
  function wake(): void {
    // What is being asked sees the free slot itself, or asks again.
    if (draining || !pollAgain || polling !== null) return;
    clearTimeout(timer);
    // Not for one slot: others are free in a moment.
    timer = setTimeout(poll, TOGETHER_MS);
  }

  function poll(): void {
    polling ??= askAll().finally(() => {
      polling = null;
      const soon = pollAgain && held.size < concurrency;
      if (!draining) timer = setTimeout(poll, soon ? TOGETHER_MS : IDLE_POLL_MS);
    });
  }

  async function askAll(): Promise<void> {
    pollAgain = false;
    const asksSlow = performance.now() - slowAt >= options.pollMs;
    if (asksSlow) slowAt = performance.now();
    await attempt("ask for jobs", async () => {
      limits = await currentLimits(database);
      // Each of them is the first in its turn: where there are too few slots, no workspace is left out.
      firstIdle = (firstIdle + 1) % Math.max(1, idleQueues.length);
      const inTurn = [...idleQueues.slice(firstIdle), ...idleQueues.slice(0, firstIdle)];
      for (const queue of [...inTurn, ...(asksSlow ? slowQueues : [])]) {
        // As many as it could take: there may be more.
        const free = concurrency - held.size;
        if ((await take(queue)) === free || free === 0) pollAgain = true;
      }
    });
    loopedAt = performance.now();
  }

  const beat = () =>
    attempt("say that it is alive", async () => {
      const state = draining ? ("draining" as const) : ("working" as const);
      await Promise.all([
        beatWorker(database, registration, { concurrency, active: held.size, jobs: done, state }),
        lease.renew(),
      ]);
    });

  async function upkeep(): Promise<void> {
    await attempt("remove what has expired", async () => {
      await removeExpired(database);
      const lapsed = await endLapsed(database, queues);
      if (lapsed > 0)
        logger.warn("keepwarm: prefixes lapsed before a worker came for them", { jobs: lapsed });
      const lost = await endLost(database);
      if (lost > 0) logger.warn("keepwarm: ended jobs whose workers were lost", { jobs: lost });
    });
  }

  const every = [
    setInterval(() => void beat(), IDLE_BEAT_MS),
    setInterval(() => void attempt("ask what time it is", () => clock.measure()), MEASURE_MS),
    setInterval(() => void upkeep(), UPKEEP_MS),
    setInterval(() => void attempt("remove what is old", () => removeOld(database)), OLD_MS),
  ];
  await beat();
  logger.info("keepwarm: polling", { queues: idleQueues.length + slowQueues.length, everyMs: IDLE_POLL_MS });
  poll();
  void upkeep();

  return {
    id,
    active: () => held.size,
    done: () => done,
    silence: () => ({ databaseMs: performance.now() - heardAt, loopMs: performance.now() - loopedAt }),
    async drain(graceMs) {
      draining = true;
      clearTimeout(timer);
      runner.drain();
      logger.info("keepwarm: draining", { active: held.size });
      await beat();
      // What was being asked for is this worker's too.
      const done = Promise.resolve(polling).then(() => Promise.all(held.values()));
      await Promise.race([done, sleep(graceMs, undefined, { ref: false })]);
      for (const one of every) clearInterval(one);
      runner.abandon();
      await attempt("sign off", () => removeWorker(database, id));
    },
  };
}
