/** What a gateway tells of the fleet that it is part of. Times are epoch ms by the database's clock, amounts US dollars. */
import * as z from "zod/mini";

export const JOB_OUTCOMES = [
  "queued",
  "claimed",
  "running",
  "completed",
  "failed",
  "lapsed",
  "cancelled",
] as const;
export type JobOutcome = (typeof JOB_OUTCOMES)[number];

export interface FleetQueueView {
  /** Not claimed yet; `due` of them have their time behind them. */
  readonly queued: number;
  readonly due: number;
  readonly inProgress: number;
  /** In the last 24 hours, as are the next three. */
  readonly completed: number;
  readonly failed: number;
  readonly lapsed: number;
  readonly cancelled: number;
  /** What is kept warm. */
  readonly prefixes: number;
  /** In the last 24 hours, as far as it is known. */
  readonly spentUsd: number;
}

export interface FleetProcessView {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: number;
  readonly beatAt: number;
  /** It was not heard of for so long that its jobs are others' by now. */
  readonly silent: boolean;
}

export interface FleetWorkerView extends FleetProcessView {
  readonly concurrency: number;
  readonly active: number;
  /** Since it started. */
  readonly jobs: number;
  readonly state: "working" | "draining";
}

export interface FleetJobView {
  readonly id: string;
  /** `warm`, `prewarm` or `artifact`. */
  readonly kind: string;
  /** `idle`, `connect`, `commit`, `miss`, `schedule`, `hours` or `manual`. */
  readonly trigger: string;
  readonly outcome: JobOutcome;
  readonly prefixId: string | null;
  readonly conversation: string | null;
  readonly repository: string | null;
  readonly branch: string | null;
  /** What a catalogue calls the prefix; null: it is of none. Left out by a gateway of another version. */
  readonly entry?: string | null | undefined;
  /** What an artifact is made of. */
  readonly artifact: { readonly type: string } | null;
  readonly worker: string | null;
  readonly attempt: number;
  /** Those before this one. */
  readonly attempts: readonly {
    readonly attempt: number;
    readonly worker: string;
    readonly error: string | null;
  }[];
  readonly queuedAt: number;
  readonly dueAt: number;
  readonly claimedAt: number | null;
  readonly runningAt: number | null;
  readonly finishedAt: number | null;
  readonly error: string | null;
  readonly costUsd: number | null;
  /** When this was asked. */
  readonly now: number;
}

/** How long each phase took, or has taken so far, in ms; null for one that was not reached. */
export interface FleetPhasesView {
  readonly queuedMs: number;
  readonly claimedMs: number | null;
  readonly runningMs: number | null;
  readonly elapsedMs: number;
}

export interface FleetAnswer {
  /** The database and a worker are inside this gateway. */
  readonly embedded: boolean;
  /** Where the queue engine's own dashboard is; null: nobody has said. */
  readonly dashboardUrl: string | null;
  readonly queue: FleetQueueView;
  readonly workers: readonly FleetWorkerView[];
  readonly gateways: readonly FleetProcessView[];
  /** When this was asked. */
  readonly now: number;
}

export interface FleetJobsAnswer {
  readonly jobs: readonly FleetJobView[];
}

export interface FleetJobAnswer {
  readonly job: FleetJobView;
  readonly phases: FleetPhasesView;
}

export interface FleetRequeued {
  /** Of the job that takes its place. */
  readonly jobId: string;
}

const text = z.nullable(z.string());
const amount = z.nullable(z.number());

const process = {
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  startedAt: z.number(),
  beatAt: z.number(),
  silent: z.boolean(),
};

const job = z.looseObject({
  id: z.string(),
  kind: z.string(),
  trigger: z.string(),
  outcome: z.enum(JOB_OUTCOMES),
  prefixId: text,
  conversation: text,
  repository: text,
  branch: text,
  entry: z.optional(text),
  artifact: z.nullable(z.looseObject({ type: z.string() })),
  worker: text,
  attempt: z.number(),
  attempts: z.array(z.looseObject({ attempt: z.number(), worker: z.string(), error: text })),
  queuedAt: z.number(),
  dueAt: z.number(),
  claimedAt: amount,
  runningAt: amount,
  finishedAt: amount,
  error: text,
  costUsd: amount,
  now: z.number(),
});

export const fleetAnswer = z.looseObject({
  embedded: z.boolean(),
  dashboardUrl: text,
  queue: z.looseObject({
    queued: z.number(),
    due: z.number(),
    inProgress: z.number(),
    completed: z.number(),
    failed: z.number(),
    lapsed: z.number(),
    cancelled: z.number(),
    prefixes: z.number(),
    spentUsd: z.number(),
  }),
  workers: z.array(
    z.looseObject({
      ...process,
      concurrency: z.number(),
      active: z.number(),
      jobs: z.number(),
      state: z.enum(["working", "draining"]),
    }),
  ),
  gateways: z.array(z.looseObject(process)),
  now: z.number(),
});

export const fleetJobsAnswer = z.looseObject({ jobs: z.array(job) });

export const fleetJobAnswer = z.looseObject({
  job,
  phases: z.looseObject({
    queuedMs: z.number(),
    claimedMs: amount,
    runningMs: amount,
    elapsedMs: z.number(),
  }),
});

export const fleetRequeued = z.looseObject({ jobId: z.string() });
