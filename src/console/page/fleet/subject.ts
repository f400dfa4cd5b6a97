/** A job in words. */
import type { FleetJobView, JobOutcome } from "../../../hub/views/index.ts";
import { ago, span } from "../words/time.ts";

/** What it is for: a conversation, a catalogue's entry, or a repository and branch. */
export function subjectOf({
  conversation,
  entry,
  repository,
  branch,
  artifact,
  prefixId,
}: FleetJobView): string {
  const where = repository === null ? null : `${repository}${branch === null ? "" : ` (${branch})`}`;
  if (artifact !== null) return `${artifact.type} of ${where ?? "no repository"}`;
  return conversation ?? entry ?? where ?? prefixId ?? "nothing that is named";
}

export const OUTCOME_WORDS: Readonly<Record<JobOutcome, string>> = {
  queued: "Queued",
  claimed: "Claimed",
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  lapsed: "Lapsed",
  cancelled: "Cancelled",
};

const TRIGGERS: Readonly<Record<string, string>> = {
  idle: "it settled",
  connect: "a prefix was registered",
  commit: "its content changed",
  miss: "repeated misses",
  schedule: "its schedule",
  hours: "the usual hours",
  manual: "by hand",
};

export function triggerText(trigger: string): string {
  return TRIGGERS[trigger] ?? trigger;
}

/** By the database's clock, as everything of a job. */
export function dueText({ dueAt, now }: Pick<FleetJobView, "dueAt" | "now">): string {
  return dueAt - now < 1_000 ? ago(dueAt, now) : `in ${span(dueAt - now)}`;
}

/** A phase is short: `340 ms`, `1.2 s`, and longer ones as everywhere. */
export function phaseText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : span(ms);
}
