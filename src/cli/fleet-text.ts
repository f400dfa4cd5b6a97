/** A fleet's queue, jobs and workers, for a terminal. Times are of the database's clock. */
import type { GatewayView, JobView, PhaseTimes, QueueOverview, WorkerView } from "../fleet/index.ts";
import { amountIn } from "./measure.ts";
import { printable } from "./printable.ts";
import { ago, span, until } from "./span.ts";
import { bold } from "./style.ts";
import { type Cell, table } from "./table.ts";

/** Of an id, enough to tell it from others and to be typed. */
const ID_CHARACTERS = 8;

export function statusText(
  queue: QueueOverview,
  workers: readonly WorkerView[],
  gateways: readonly GatewayView[],
): string {
  const alive = workers.filter(({ silent }) => !silent);
  const slots = alive.reduce((sum, { concurrency }) => sum + concurrency, 0);
  const busy = alive.reduce((sum, { active }) => sum + active, 0);
  const { completed, failed, lapsed, cancelled } = queue;
  return [
    bold("Queue"),
    `  queued       ${queue.queued}, of which due ${queue.due}`,
    `  in progress  ${queue.inProgress}`,
    `  in 24 hours  completed ${completed}, failed ${failed}, lapsed ${lapsed}, cancelled ${cancelled}`,
    `  kept warm    ${queue.prefixes}, for ${amountIn(queue.spentUsd, "dollars")} in 24 hours`,
    bold("Processes"),
    `  workers      ${alive.length} (${busy} of ${slots} slots in use)${silentText(workers)}`,
    `  gateways     ${gateways.filter(({ silent }) => !silent).length}`,
  ].join("\n");
}

function silentText(workers: readonly WorkerView[]): string {
  const silent = workers.filter((one) => one.silent).length;
  return silent === 0 ? "" : `, and ${silent} not heard of lately`;
}

export function jobsText(jobs: readonly JobView[]): string {
  if (jobs.length === 0) return "There are no such jobs.";
  return table(
    [
      { title: "job", whole: true },
      { title: "kind" },
      { title: "trigger", spared: 2 },
      { title: "for" },
      { title: "outcome", whole: true },
      { title: "due", align: "right" },
      { title: "worker", spared: 1 },
      { title: "error" },
    ],
    jobs.map((job): Cell[] => [
      job.id.slice(0, ID_CHARACTERS),
      job.kind,
      job.trigger,
      printable(subjectOf(job)),
      styledOutcome(job),
      job.dueAt > job.now ? until(job.dueAt, job.now) : ago(job.dueAt, job.now),
      printable(job.worker ?? "—"),
      printable(job.error ?? ""),
    ]),
  );
}

function styledOutcome({ outcome }: JobView): Cell {
  return outcome === "failed" ? { text: outcome, style: "red" } : outcome;
}

function subjectOf({ conversation, repository, branch, artifact, entry }: JobView): string {
  const where = repository === null ? null : `${repository}${branch === null ? "" : ` (${branch})`}`;
  if (artifact !== null) return `${artifact.type} of ${where ?? "—"}`;
  return conversation ?? entry ?? where ?? "—";
}

export function jobText(job: JobView, phases: PhaseTimes): string {
  const lines: readonly (readonly [string, string | null])[] = [
    ["job", job.id],
    ["kind", `${job.kind}, by ${job.trigger}`],
    ["for", subjectOf(job)],
    ["outcome", job.outcome],
    ["due", job.dueAt > job.now ? until(job.dueAt, job.now) : ago(job.dueAt, job.now)],
    ["elapsed", span(phases.elapsedMs)],
    ["queued for", span(phases.queuedMs)],
    ["claimed for", phases.claimedMs === null ? null : inMs(phases.claimedMs)],
    ["ran for", phases.runningMs === null ? null : inMs(phases.runningMs)],
    ["worker", job.worker],
    ["attempt", job.attempt === 0 ? null : String(job.attempt)],
    ["cost", job.costUsd === null ? null : amountIn(job.costUsd, "dollars")],
    ["error", job.error],
  ];
  const earlier = job.attempts.map(
    ({ attempt, worker, error }) => `attempt ${attempt} on ${worker}: ${error ?? "nothing was heard of it"}`,
  );
  return [
    ...lines.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(12)} ${printable(value)}`])),
    ...earlier.map((line) => printable(line)),
  ].join("\n");
}

/** Phases are short. */
function inMs(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : span(ms);
}

export function workersText(workers: readonly WorkerView[], now: number): string {
  if (workers.length === 0) return "There are no workers: start one with keepwarm worker.";
  return table(
    [
      { title: "worker", whole: true },
      { title: "host" },
      { title: "state" },
      { title: "in use", align: "right" },
      { title: "jobs", align: "right" },
      { title: "up", align: "right", spared: 1 },
      { title: "heard of", align: "right" },
    ],
    workers.map((worker): Cell[] => [
      printable(worker.id),
      printable(worker.host),
      worker.silent ? { text: "silent", style: "red" } : worker.state,
      `${worker.active} of ${worker.concurrency}`,
      String(worker.jobs),
      span(worker.beatAt - worker.startedAt),
      ago(worker.beatAt, now),
    ]),
  );
}
