/**
 * Which jobs this worker holds, and how surely. A worker that the database has not heard of for ten seconds loses its
 * jobs to another: so it stops sending before that, wherever it is cut off.
 */
import type { CommandResponse, Job, PgBoss } from "pg-boss";
import type { Logger } from "../host.ts";
import { IDLE_BEAT_MS, IDLE_STALE_S, laneOf } from "./queues.ts";

export interface LeaseOptions {
  readonly boss: Pick<PgBoss, "touch">;
  readonly logger: Logger;
  /** How often jobs that nobody waits for are renewed, in ms. */
  readonly heartbeatMs: number;
}

export interface Lease {
  take(job: Held): void;
  /** Aborted when the job may be another worker's. */
  signalOf(job: Held): AbortSignal;
  /** Rejects when the database cannot be asked. */
  renew(): Promise<void>;
  release(job: Held): void;
}

type Held = Pick<Job<object>, "id" | "name" | "retryCount" | "heartbeatSeconds">;

interface Holding {
  readonly job: Held;
  readonly controller: AbortController;
  renewedAt: number;
  expiry: NodeJS.Timeout;
}

/** Of the time after which a job is given to another, so much is used. */
const SURE_SHARE = 0.8;

export function createLease({ boss, logger, heartbeatMs }: LeaseOptions): Lease {
  const holdings = new Map<string, Holding>();

  function expiryOf({ id, heartbeatSeconds }: Held, controller: AbortController): NodeJS.Timeout {
    const sureMs = (heartbeatSeconds ?? IDLE_STALE_S) * 1_000 * SURE_SHARE;
    const expiry = setTimeout(() => {
      logger.warn("keepwarm: the database was not reached in time: a job is let go of", { job: id });
      controller.abort();
    }, sureMs);
    return expiry.unref();
  }

  function renewed(holding: Holding, atMs: number): void {
    clearTimeout(holding.expiry);
    holding.renewedAt = atMs;
    holding.expiry = expiryOf(holding.job, holding.controller);
  }

  return {
    take(job) {
      const controller = new AbortController();
      const expiry = expiryOf(job, controller);
      holdings.set(job.id, { job, controller, renewedAt: performance.now(), expiry });
    },
    signalOf(job) {
      return holdings.get(job.id)?.controller.signal ?? AbortSignal.abort();
    },
    async renew() {
      const askedAt = performance.now();
      const due = [...holdings.values()].filter(
        // It is asked every five seconds: whichever of those times is the nearest.
        ({ job, renewedAt }) =>
          laneOf(job.name) === "idle" || askedAt - renewedAt >= heartbeatMs - IDLE_BEAT_MS / 2,
      );
      for (const [queue, some] of Map.groupBy(due, ({ job }) => job.name)) {
        const answer: CommandResponse & { readonly settled?: readonly string[] } = await boss.touch(
          queue,
          some.map(({ job: { id, retryCount } }) => ({ id, retryCount })),
        );
        for (const holding of some) {
          // Cancelled, or another's by now.
          if (answer.settled?.includes(holding.job.id) === false) holding.controller.abort();
          else if (holdings.get(holding.job.id) === holding) renewed(holding, askedAt);
        }
      }
    },
    release({ id }) {
      clearTimeout(holdings.get(id)?.expiry);
      holdings.delete(id);
    },
  };
}
