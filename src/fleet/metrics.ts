/** What a worker counts, in the format of Prometheus. */
import type { Claim } from "./claims.ts";
import type { QueueDepth } from "./overview.ts";
import type { Settlement } from "./settling.ts";

export interface Metrics {
  /** A job has come to its end, or to the end of an attempt. @param lagMs from its due time to its request, null: none */
  ended(claim: Claim, settlement: Settlement, lagMs: number | null): void;
  readonly contentType: string;
  /** @param now what is so at this moment; null: the database does not say */
  text(now: { readonly active: number; readonly depth: QueueDepth | null }): Promise<string>;
}

/** In seconds. */
const LAGS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60];

export async function createMetrics(): Promise<Metrics> {
  const { Counter, Gauge, Histogram, Registry } = await import("prom-client");
  const registry = new Registry();
  const registers = [registry];
  const of = (name: string, help: string) => ({ name: `keepwarm_worker_${name}`, help, registers });
  const jobs = new Counter({
    ...of("jobs_total", "Jobs that came to an end, and attempts that will be repeated (outcome retried)."),
    labelNames: ["kind", "trigger", "outcome"],
  });
  const lag = new Histogram({
    ...of("due_lag_seconds", "From a warm's due time to its request."),
    buckets: LAGS,
  });
  const tokens = new Counter({
    ...of("tokens_total", "Tokens of warms, by the API's usage."),
    labelNames: ["cache"],
  });
  const dollars = new Counter(of("usd_total", "What warms cost at list price, in US dollars."));
  const active = new Gauge(of("active_jobs", "Jobs that this worker holds."));
  const depth = new Gauge({
    name: "keepwarm_queue_depth",
    help: "Jobs in the fleet's queue: waiting for their time (pending), due and not claimed (due), in progress.",
    registers,
    labelNames: ["state"],
  });

  return {
    ended({ kind, trigger }, { outcome, retryAt, told }, lagMs) {
      jobs.inc({ kind, trigger, outcome: retryAt === undefined ? outcome : "retried" });
      if (lagMs !== null) lag.observe(Math.max(0, lagMs) / 1_000);
      if (told == null || !("usage" in told) || told.usage == null) return;
      // What was never answered has no usage that is known.
      if (told.kind !== "warmed" && told.kind !== "prewarmed") return;
      tokens.inc({ cache: "read" }, told.usage.cacheReadTokens);
      tokens.inc({ cache: "write" }, told.usage.cacheWriteTokens);
      dollars.inc(told.costUsd ?? 0);
    },
    contentType: registry.contentType,
    text({ active: held, depth: seen }) {
      active.set(held);
      if (seen !== null) {
        depth.set({ state: "pending" }, seen.queued - seen.due);
        depth.set({ state: "due" }, seen.due);
        depth.set({ state: "in_progress" }, seen.inProgress);
      }
      return registry.metrics();
    },
  };
}
