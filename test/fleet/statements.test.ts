/** What is asked for again and again is found by an index: jobs are kept for a week, and there are millions of them. */
import { expect, it, onTestFinished, vi } from "vitest";
import { serveHealth } from "../../src/fleet/health-server.ts";
import {
  type FleetDatabase,
  findJob,
  listGateways,
  listJobs,
  listWorkers,
  type Queryable,
  queueOverview,
  requeue,
} from "../../src/fleet/index.ts";
import { createMetrics } from "../../src/fleet/metrics.ts";
import { noteLimit } from "../../src/fleet/rate-limits.ts";
import { recordLost, removeOld } from "../../src/fleet/upkeep.ts";
import { aFleet, LIKE_COCKROACHDB, POSTGRES } from "./world.ts";

type Asked = readonly [text: string, values: readonly unknown[]];

/** The same database, and what it is asked. */
function overheard(database: FleetDatabase, asked: Asked[]): FleetDatabase {
  const over = <Asks extends Queryable>(one: Asks): Asks => ({
    ...one,
    query: (text, values = []) => {
      asked.push([text, values]);
      return one.query(text, values);
    },
  });
  return { ...over(database), transaction: (act) => database.transaction((tx) => act(over(tx))) };
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
  // Keeping asks two; claiming, starting and dropping one each; what came of it two.
  expect(ofJobs.length).toBeGreaterThanOrEqual(7);
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
    expect(plan).toContain("job_due");
    expect(plan).not.toMatch(/job_over|Seq Scan|on result/);
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
  for (const plan of plans.slice(0, 3)) expect(plan).toMatch(/(using|on) job_(over|failed)/);
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

/** What CockroachDB has not, or has and does nothing: its documentation's page on differences from PostgreSQL. */
const LACKING =
  /advisory|skip locked|\blisten\b|\bnotify\b|\bmerge\b|date_bin|plpgsql|create (or replace )?(function|trigger|extension)|\bctid\b|\bpg_|regclass\)::oid|deferrable|using (gist|hash)|include \(/i;

/** In one statement it changes a table once. */
function changedTwice(text: string): boolean {
  const changes = [...text.matchAll(/(?:insert into|update|delete from)\s+(keepwarm\.\w+)/g)];
  return new Set(changes.map(([, table]) => table)).size < changes.length;
}

it("asks CockroachDB for nothing that it is known to lack", async () => {
  const asked: Asked[] = [];
  const fleet = await aFleet({
    name: "CockroachDB's manner",
    open: async () => overheard(await LIKE_COCKROACHDB.open(), asked),
  });
  const { database, store } = fleet;
  const plan = { warms: 3, everyMs: 30_000, until: fleet.clock.now() + 60_000, usdPerDay: 5 };
  const { jobId, prefixId, revision } = await fleet.keepWarm("ada", { inMs: 300, plan });
  const order = { repository: process.cwd(), branch: "HEAD", type: "repo_map", parameters: { path: "docs" } };
  await store.order(order, "gateway-1", "commit");
  const worker = await fleet.worker();
  await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), 10_000);
  const told = { modelName: "", kind: "aborted", costUsd: 1 };
  await recordLost(database, worker.id, { jobId, attempt: 0, told });
  await noteLimit(database, "a", fleet.clock.now(), "test");
  await store.replan({ prefixId, revision, trigger: "manual", dueAt: fleet.clock.now() + 9_000, plan });
  await requeue(database, store, jobId);
  await store.drop(prefixId);
  await removeOld(database);
  await Promise.all([queueOverview, listJobs, listWorkers, listGateways].map((look) => look(database)));
  const ours = [...new Set(asked.map(([text]) => text))].filter((text) => /keepwarm\./.test(text));
  expect(ours.length).toBeGreaterThan(45);
  expect(ours.filter((text) => LACKING.test(text))).toEqual([]);
  expect(ours.filter(changedTwice)).toEqual([]);
});
