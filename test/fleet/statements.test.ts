/** What is asked for again and again is found by an index: jobs are kept for a week, and there are millions of them. */
import { expect, it, vi } from "vitest";
import type { FleetDatabase, Queryable } from "../../src/fleet/index.ts";
import { aFleet, POSTGRES } from "./world.ts";

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
