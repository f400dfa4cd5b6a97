/** Whose a job is, when workers and the engine do not hear of each other in time. */
import { describe, expect, it } from "vitest";
import { claimJobs, lostJobs } from "../../src/fleet/claims.ts";
import { nextDueAt } from "../../src/fleet/plan.ts";
import { aFleet, PGLITE, POSTGRES } from "./world.ts";

describe.each([PGLITE, POSTGRES])("a job on $name", (engine) => {
  it("stays with the worker that has it in a later attempt, however late another's claim arrives", async () => {
    const fleet = await aFleet(engine);
    const { jobId } = await fleet.keepWarm("ada");
    const { database } = fleet;
    expect(await claimJobs(database, "second", [{ id: jobId, attempt: 2 }])).toHaveLength(1);
    expect(await claimJobs(database, "first", [{ id: jobId, attempt: 1 }])).toEqual([]);
    const [job] = await database.query("select worker, attempt from keepwarm.job where id = $1", [jobId]);
    expect(job).toEqual({ worker: "second", attempt: 2 });
  });

  it("is looked for as lost behind any number of others that are only silent", async () => {
    const fleet = await aFleet(engine);
    const { database } = fleet;
    const { jobId } = await fleet.keepWarm("ada");
    const [silent] = [await fleet.keepWarm("bob")];
    await database.query(
      "update keepwarm.job set due_at = clock_timestamp() - interval '1 hour' where id = $1",
      [silent?.jobId],
    );
    await database.query(
      "update keepwarm.job set due_at = clock_timestamp() - interval '1 minute' where id = $1",
      [jobId],
    );
    expect(await lostJobs(database, 20_000)).toEqual([]);
    await database.query("update keepwarm_queue.job set state = 'failed' where id = $1", [jobId]);
    expect(await lostJobs(database, 20_000)).toEqual([{ id: jobId, outcome: "queued" }]);
    await database.query("delete from keepwarm_queue.job where id = $1", [silent?.jobId]);
    expect((await lostJobs(database, 20_000)).map(({ id }) => id)).toEqual([silent?.jobId, jobId]);
  });
});

describe("a plan that is limited in dollars", () => {
  const plan = { everyMs: 1_000, until: 100_000, warms: 5, usd: 0.01 };

  it("ends with a warm of which nobody knows what it cost", () => {
    expect(nextDueAt(plan, 0, 300_000, 0.001)).toBe(1_000);
    expect(nextDueAt(plan, 0, 300_000, null)).toBeNull();
    const { usd: _, ...free } = plan;
    expect(nextDueAt(free, 0, 300_000, null)).toBe(1_000);
  });
});
