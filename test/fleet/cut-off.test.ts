/** What becomes of jobs while their worker cannot reach the database. */

import type { Job } from "pg-boss";
import { describe, expect, it, vi } from "vitest";
import { claimJobs } from "../../src/fleet/claims.ts";
import { createCredentials, unbooked } from "../../src/fleet/index.ts";
import { createJobRunner, type JobRunner } from "../../src/fleet/job-runner.ts";
import { API_KEY, aFleet, type FleetWorld, PGLITE } from "./world.ts";

const eventually = { timeout: 15_000, interval: 50 };

/** A worker's runner, whose hold on its jobs is what `signal` says. */
function aRunner(fleet: FleetWorld, signal: AbortSignal): JobRunner {
  const { database, queues, keyring, clock, logger } = fleet;
  return createJobRunner({
    database,
    queues,
    keyring,
    credentials: createCredentials(API_KEY, keyring),
    artifacts: { put: async () => {}, get: async () => null },
    clock,
    logger,
    registration: { id: "cut off", host: "here", pid: 1, version: "0.1.0" },
    concurrency: 1,
    pollMs: 500,
    heartbeatMs: 5_000,
    maxRetries: 3,
    lease: { take() {}, release() {}, renew: async () => {}, signalOf: () => signal },
    limitOf: () => undefined,
    held: () => 1,
  });
}

async function claimed(fleet: FleetWorld) {
  const [queued] = await fleet.database.query<{ queue: string }>("select queue from keepwarm.job");
  const job = await vi.waitFor(async () => {
    const [first] = await fleet.queues.boss.fetch<object>(queued?.queue ?? "", { batchSize: 1 });
    expect(first).toBeDefined();
    return first as Job<object>;
  }, eventually);
  const [claim] = await claimJobs(fleet.database, "cut off", [{ id: job.id, attempt: job.retryCount + 1 }]);
  if (claim === undefined) throw new Error("it was not claimed");
  return { claim, job };
}

describe("a worker that does not reach the database", () => {
  it("does not send again what was answered, because it could not tell others of a limit", async () => {
    const fleet = await aFleet(PGLITE);
    const { jobId } = await fleet.keepWarm("ada", { inMs: 300 });
    const query: typeof fleet.database.query = async (text, values) => {
      if (text.includes("insert into keepwarm.rate_limit")) throw new Error("the database is away");
      return fleet.database.query(text, values);
    };
    await fleet.worker({
      database: { ...fleet.database, query },
      async fetch(url, init) {
        const answer = await fetch(url, init);
        const headers = new Headers(answer.headers);
        headers.set("anthropic-ratelimit-requests-limit", "1000");
        headers.set("anthropic-ratelimit-requests-remaining", "1");
        headers.set("anthropic-ratelimit-requests-reset", new Date(Date.now() + 500).toISOString());
        return new Response(answer.body, { status: answer.status, headers });
      },
    });
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), eventually);
    expect(await fleet.job(jobId)).toMatchObject({ attempt: 1 });
    expect(fleet.warms()).toBe(1);
    expect(await unbooked(fleet.database, "gateway-1")).toHaveLength(1);
  });

  it("gives back what it had not sent yet, and nobody's warm is lost", async () => {
    const fleet = await aFleet(PGLITE);
    const { jobId } = await fleet.keepWarm("ada", { inMs: 0 });
    const { claim, job } = await claimed(fleet);
    await aRunner(fleet, AbortSignal.abort()).run(claim, job);
    expect(await fleet.job(jobId)).toMatchObject({ outcome: "queued" });
    expect(fleet.warms()).toBe(0);
    await fleet.worker();
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), eventually);
  });

  it("calls off what it was sending, which is tried again and booked at the most it can have cost", async () => {
    const fleet = await aFleet(PGLITE, { emulated: { firstTokenDelayMs: 800 } });
    const { jobId } = await fleet.keepWarm("ada", { inMs: 0 });
    const { claim, job } = await claimed(fleet);
    const lost = new AbortController();
    setTimeout(() => lost.abort(), 300);
    await aRunner(fleet, lost.signal).run(claim, job);
    expect(await fleet.job(jobId)).toMatchObject({ outcome: "queued" });
    await fleet.worker();
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), eventually);
    const results = await unbooked(fleet.database, "gateway-1");
    expect(results.map(({ told }) => told.kind)).toEqual(["aborted", "warmed"]);
  });
});
