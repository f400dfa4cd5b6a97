/** Waits for jobs to end: one question for all of them, as long as there are any. */
import type { Queryable } from "./database.ts";
import { type EndedJob, endedJobs } from "./prewarm-told.ts";

export interface Awaiting {
  /** Null: it has not ended until then, or it was aborted. */
  ended(jobId: string, patienceMs: number, signal?: AbortSignal): Promise<EndedJob | null>;
}

/** How often it looks, in ms. */
const LOOK_MS = 500;

interface Waiting {
  readonly jobId: string;
  readonly until: number;
  readonly signal: AbortSignal | undefined;
  resolve(ended: EndedJob | null): void;
}

export function createAwaiting(database: Queryable): Awaiting {
  let waiting: readonly Waiting[] = [];
  let isToLook = false;

  function later(): void {
    if (isToLook || waiting.length === 0) return;
    isToLook = true;
    setTimeout(() => void look(), LOOK_MS).unref();
  }

  async function look(): Promise<void> {
    const asked = [...new Set(waiting.map(({ jobId }) => jobId))];
    // A database that is away answers later.
    const ended = await endedJobs(database, asked).catch(() => []);
    const byId = new Map(ended.map((job) => [job.id, job]));
    settle(({ jobId, until, signal }) =>
      signal?.aborted || performance.now() > until ? null : byId.get(jobId),
    );
    isToLook = false;
    later();
  }

  /** @param answer undefined: it waits on */
  function settle(answer: (one: Waiting) => EndedJob | null | undefined): void {
    const left: Waiting[] = [];
    for (const one of waiting) {
      const answered = answer(one);
      if (answered === undefined) left.push(one);
      else one.resolve(answered);
    }
    waiting = left;
  }

  return {
    ended(jobId, patienceMs, signal) {
      if (signal?.aborted) return Promise.resolve(null);
      const { promise, resolve } = Promise.withResolvers<EndedJob | null>();
      waiting = [...waiting, { jobId, until: performance.now() + patienceMs, signal, resolve }];
      signal?.addEventListener("abort", () => settle((one) => (one.signal === signal ? null : undefined)), {
        once: true,
      });
      later();
      return promise;
    },
  };
}
