/** Does one claimed job, and writes down what came of it: again and again, until the database has it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "pg-boss";
import { retryDelayMs } from "../pure.ts";
import { type Claim, type Started, startArtifacts, startWarms } from "./claims.ts";
import { createDaySpend } from "./day-spend.ts";
import { inBatches } from "./in-batches.ts";
import { KeyringError } from "./keyring.ts";
import type { Lease } from "./lease.ts";
import { loaderOf } from "./loaders.ts";
import { runPreWarm } from "./prewarm-run.ts";
import { noteLimit } from "./rate-limits.ts";
import { type Settlement, settle } from "./settling.ts";
import { recordLost } from "./upkeep.ts";
import { attemptOf, runWarm, type WarmRunContext } from "./warm-run.ts";
import type { WorkerOptions } from "./worker.ts";

export interface JobRunner {
  /** Resolves when what came of it is stored. Rejects when the worker gives up. */
  run(claim: Claim, job: Job<object>): Promise<void>;
  /** What waits for its time, or for a limit, goes back to the queue. */
  drain(): void;
  /** The worker ends: what is not stored by now never will be. */
  abandon(): void;
}

/** A job that went back to the queue because this worker ends. */
class Draining extends Error {}

/** How long others are waited for that are due at the same time, so that one question is asked for all, in ms. */
const START_TOGETHER_MS = 3;

/** How long what came of jobs waits for what comes of others, so that it is stored with it, in ms. */
const STORE_TOGETHER_MS = 10;

/** A job that may be another's by now, because the database was not reached in time. Whoever has it sends it. */
class LetGo extends Error {
  constructor() {
    super("the database was not reached in time");
  }
}

const STORE_AGAIN_MS = 500;

/** Between two looks at a limit, in ms. */
const LIMIT_LOOK_MS = 2_000;

export interface JobRunnerOptions extends WorkerOptions {
  readonly lease: Lease;
  /** Until when a credential's warms wait, as it was known half a second ago. */
  readonly limitOf: (realm: string) => number | undefined;
  /** How many jobs the worker has. */
  readonly held: () => number;
}

export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { database, queues, clock, lease, logger, registration, artifacts, limitOf } = options;
  const { id: worker } = registration;
  const ending = new AbortController();
  const abandoned = new AbortController();
  const rejectedZero = new Set<string>();
  const daySpend = createDaySpend(database, () => performance.now());
  /** Of each credential, what this worker was told itself: others hear of it within half a second, if the database does. */
  const limitedUntil = new Map<string, number>();

  const start = inBatches<Pick<Claim, "id" | "attempt">, Started>(
    async (jobs) => {
      const asked = jobs.map(({ id, attempt }) => ({ id, attempt }));
      const byId = new Map((await startWarms(database, worker, asked)).map((one) => [one.id, one]));
      return new Map(jobs.flatMap((job) => [[job, byId.get(job.id)] as const]).filter(isThere));
    },
    { forMs: START_TOGETHER_MS, most: options.held },
  );
  const store = inBatches<Settlement, true>(
    async (settlements) => {
      await settle(database, queues, worker, settlements);
      return new Map(settlements.map((one) => [one, true]));
    },
    { forMs: STORE_TOGETHER_MS, most: options.held },
  );

  async function waitUntil(atMs: number, realm: string, drain: AbortSignal | undefined): Promise<void> {
    await until(atMs, drain);
    for (;;) {
      const limit = Math.max(limitOf(realm) ?? 0, limitedUntil.get(realm) ?? 0);
      if (limit <= clock.now()) return;
      await until(Math.min(limit, clock.now() + LIMIT_LOOK_MS), drain);
    }
  }

  /** By the database's clock, which may be corrected meanwhile. */
  async function until(atMs: number, drain: AbortSignal | undefined): Promise<void> {
    for (let leftMs = atMs - clock.now(); leftMs > 0; leftMs = atMs - clock.now()) {
      const options = drain === undefined ? {} : { signal: drain };
      await sleep(Math.min(leftMs, LIMIT_LOOK_MS), undefined, options).catch(() => {
        throw new Draining();
      });
    }
  }

  /** Never fails: what was sent before it was sent, whether or not others can be told. */
  async function noteForAll(realm: string, untilMs: number, reason: string): Promise<void> {
    logger.warn("keepwarm: warms wait", { reason, waitMs: Math.round(untilMs - clock.now()) });
    limitedUntil.set(realm, Math.max(untilMs, limitedUntil.get(realm) ?? 0));
    await noteLimit(database, realm, untilMs, reason).catch((error: unknown) =>
      logger.warn("keepwarm: other workers could not be told of a limit", { error: messageOf(error) }),
    );
  }

  /** Again and again, until the database has it: what is not told now never is. */
  async function atLast(job: string, act: () => Promise<unknown>): Promise<void> {
    for (let tried = 0; ; tried++) {
      try {
        await act();
        return;
      } catch (error) {
        if (abandoned.signal.aborted) throw error;
        if (tried === 0) {
          logger.warn("keepwarm: what came of a job could not be stored yet", {
            job,
            error: messageOf(error),
          });
        }
        await sleep(STORE_AGAIN_MS, undefined, { signal: abandoned.signal });
      }
    }
  }

  async function runArtifact(claim: Claim, signal: AbortSignal): Promise<Settlement> {
    const { artifact: order } = claim;
    const loader = order === null ? undefined : loaderOf(order.type);
    if (order === null || loader === undefined) {
      const error = `There is no loader for artifacts of type ${order?.type ?? "(none)"}.`;
      return { ...attemptOf(claim), outcome: "failed", error, told: null };
    }
    const [started] = await startArtifacts(database, worker, [{ id: claim.id, attempt: claim.attempt }]);
    if (started === undefined) return { ...attemptOf(claim), outcome: "cancelled", error: null, told: null };
    await artifacts.put(order, await loader(order, { signal }));
    return { ...attemptOf(claim), outcome: "completed", error: null, told: null };
  }

  /** What was thrown before anything was sent, or by a loader. */
  function afterError(claim: Claim, error: unknown): Settlement {
    const maySoon = error instanceof LetGo && claim.attempt <= options.maxRetries;
    if (error instanceof Draining || maySoon) {
      return { ...attemptOf(claim), outcome: "failed", error: null, told: null, retryAt: clock.now() };
    }
    const message = messageOf(error);
    const isFinal = error instanceof KeyringError || claim.attempt > options.maxRetries;
    const told =
      claim.kind === "warm" && isFinal ? { modelName: "", kind: "failed" as const, error: message } : null;
    return {
      ...attemptOf(claim),
      outcome: "failed",
      error: message,
      told,
      ...(isFinal
        ? {}
        : { retryAt: clock.now() + retryDelayMs(claim.attempt, undefined, null, Math.random()) }),
    };
  }

  function runOf(claim: Claim, context: WarmRunContext, signal: AbortSignal): Promise<Settlement> {
    if (claim.kind === "warm") return runWarm(claim, context);
    if (claim.kind === "prewarm") return runPreWarm(claim, { ...context, database, worker, logger });
    return runArtifact(claim, signal);
  }

  return {
    async run(claim, job) {
      const signal = lease.signalOf(job);
      let lagMs: number | null = null;
      const context: WarmRunContext = {
        ...options,
        rejectedZero,
        now: () => clock.now(),
        random: Math.random,
        // The engine gives nobody a last try again: it is waited for.
        waitUntil: (atMs, realm) =>
          waitUntil(atMs, realm, claim.attempt > options.maxRetries ? undefined : ending.signal),
        async start(asked) {
          if (signal.aborted) throw new LetGo();
          const started = await start(asked);
          if (started !== undefined) lagMs = started.runningAt - claim.dueAt;
          return started;
        },
        lost: ({ id, attempt }, told) =>
          atLast(id, () => recordLost(database, worker, { jobId: id, attempt: attempt - 1, told })),
        limited: noteForAll,
        spentInDay: daySpend.usd,
        signal,
      };
      const settlement = await runOf(claim, context, signal).catch((error: unknown) =>
        afterError(claim, error),
      );
      const { told: of } = settlement;
      if (of !== null && "costUsd" in of) daySpend.add(claim.owner, of.costUsd ?? 0);
      await atLast(settlement.jobId, () => store(settlement));
      const { outcome, error, retryAt } = settlement;
      options.ended?.(claim, settlement, lagMs);
      const told = { job: claim.id, kind: claim.kind, outcome, ...(error === null ? {} : { error }) };
      if (retryAt !== undefined) logger.warn("keepwarm: trying again", { ...told, attempt: claim.attempt });
      else if (outcome === "failed") logger.error("keepwarm: failed", told);
      else logger.info("keepwarm: done", told);
    },
    drain: () => ending.abort(),
    abandon: () => abandoned.abort(),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isThere<Key, Value>(entry: readonly [Key, Value | undefined]): entry is readonly [Key, Value] {
  return entry[1] !== undefined;
}
