/** What is asked for again and again is found by an index: jobs are kept for a week, and there are millions of them. */
import { expect, it, vi } from "vitest";
import type { FleetDatabase, Queryable } from "../../src/fleet/index.ts";
import {
  listGateways,
  listJobs,
  listWorkers,
  queueDepth,
  queueOverview,
  requeue,
} from "../../src/fleet/index.ts";
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
  await queueDepth(fleet.database);
  await listJobs(fleet.database);
  await listJobs(fleet.database, { outcome: "failed" });
  const ofJobs = asked.filter(([text]) => text.includes("keepwarm.job"));
  // Keeping asks two; claiming, starting and dropping one each; what came of it two; looking three.
  expect(ofJobs.length).toBeGreaterThanOrEqual(10);
  const plans = await fleet.database.transaction(async (tx) => {
    // However small the tables are here: only where there is no index is the whole read.
    await tx.query("set local enable_seqscan = off");
    const all: string[] = [];
    for (const [text, values] of ofJobs) {
      const lines = await tx.query<{ "QUERY PLAN": string }>(`explain ${text}`, values);
      all.push(lines.map((line) => line["QUERY PLAN"]).join("\n"));
    }
    return all;
  });
  expect(plans.filter((plan) => /Seq Scan on job\b/.test(plan))).toEqual([]);
});

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
