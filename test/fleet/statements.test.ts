/** What is asked for again and again is found by an index: jobs are kept for a week, and there are millions of them. */
import { expect, it, onTestFinished, vi } from "vitest";
import { serveHealth } from "../../src/fleet/health-server.ts";
import { type FleetDatabase, findJob, listJobs, type Queryable } from "../../src/fleet/index.ts";
import { createMetrics } from "../../src/fleet/metrics.ts";
import { aFleet, POSTGRES } from "./world.ts";

type Asked = readonly [text: string, values: readonly unknown[]];

/** The same database, and what it is asked inside transactions. */
function overheard(database: FleetDatabase, asked: Asked[]): FleetDatabase {
  return {
    ...database,
    transaction: (act) =>
      database.transaction((tx) =>
        act({
          ...tx,
          query: (text, values = []) => {
            asked.push([text, values]);
            return tx.query(text, values);
          },
        }),
      ),
  };
}

it("plans, warms, re-arms and drops without reading the jobs that are over", async () => {
  const asked: Asked[] = [];
  const fleet = await aFleet({
    name: "PostgreSQL",
    open: async () => overheard(await POSTGRES.open(), asked),
  });
  // Without the statements that make the tables.
  asked.length = 0;
  const { jobId, prefixId } = await fleet.keepWarm("ada", { inMs: 300 });
  await fleet.worker();
  await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), 10_000);
  await fleet.store.drop(prefixId);
  const ofJobs = asked.filter(([text]) => text.includes("keepwarm.job"));
  // Keeping asks two, what came of it three, dropping one.
  expect(ofJobs.length).toBeGreaterThanOrEqual(6);
  const plans = await plansOf(fleet.database, ofJobs);
  expect(plans.filter((plan) => /Seq Scan on job\b/.test(plan))).toEqual([]);
});

it("tells its depth, to who asks every few seconds, without reading the jobs that are over", async () => {
  const fleet = await aFleet(POSTGRES);
  const asked: Asked[] = [];
  const query: Queryable["query"] = (text, values = []) => {
    asked.push([text, values]);
    return fleet.database.query(text, values);
  };
  const health = await serveHealth({
    port: 0,
    database: { query },
    metrics: await createMetrics(),
    worker: () => ({ active: () => 0, silence: () => ({ databaseMs: 0, loopMs: 0 }) }),
  });
  onTestFinished(() => health.close());
  for (const path of ["health", "ready", "metrics"]) {
    expect((await fetch(`http://127.0.0.1:${health.port}/${path}`)).status).toBe(200);
  }
  expect(asked).toHaveLength(3);
  for (const plan of await plansOf(fleet.database, asked)) {
    expect(plan).toContain("job_unfinished");
    expect(plan).not.toMatch(/job_finished|Seq Scan|on result/);
  }
});

it("lists jobs, and finds one by how its id begins, without reading all that are kept", async () => {
  const fleet = await aFleet(POSTGRES);
  const { jobId } = await fleet.keepWarm("ada", { inMs: 50_000 });
  const asked: Asked[] = [];
  const query: Queryable["query"] = (text, values = []) => {
    asked.push([text, values]);
    return fleet.database.query(text, values);
  };
  for (const outcome of [undefined, "queued", "failed"] as const) {
    const jobs = await listJobs({ query }, outcome === undefined ? {} : { outcome });
    expect(jobs.map(({ id }) => id)).toEqual(outcome === "failed" ? [] : [jobId]);
  }
  for (const id of [jobId, jobId.slice(0, 8), jobId.slice(0, 11).toUpperCase()]) {
    expect((await findJob({ query }, id))?.id).toBe(jobId);
  }
  expect(await findJob({ query }, "nothing like it")).toBeNull();
  const plans = await plansOf(fleet.database, asked);
  expect(plans).toHaveLength(6);
  expect(plans.filter((plan) => /Seq Scan/.test(plan))).toEqual([]);
  for (const plan of plans.slice(0, 3)) expect(plan).toMatch(/using job_finished|on job_finished/);
});

function plansOf(database: FleetDatabase, asked: readonly Asked[]): Promise<readonly string[]> {
  return database.transaction(async (tx) => {
    // However small the tables are here: only where there is no index is the whole read.
    await tx.query("set local enable_seqscan = off");
    const all: string[] = [];
    for (const [text, values] of asked) {
      const lines = await tx.query<{ "QUERY PLAN": string }>(`explain ${text}`, values);
      all.push(lines.map((line) => line["QUERY PLAN"]).join("\n"));
    }
    return all;
  });
}
