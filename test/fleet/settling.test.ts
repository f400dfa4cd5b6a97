/** What came of jobs, as it is written down: on each database. */
import { describe, expect, it, vi } from "vitest";
import { installTables, unbooked } from "../../src/fleet/index.ts";
import { recordLost } from "../../src/fleet/upkeep.ts";
import { aFleet, type FleetWorld, PGLITE, POSTGRES, TTL_MS } from "./world.ts";

const eventually = { timeout: 20_000, interval: 50 };

async function untilOutcome(fleet: FleetWorld, jobId: string, outcome: string): Promise<void> {
  await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe(outcome), eventually);
}

function keepForDay(fleet: FleetWorld, usdPerDay: number) {
  const plan = { warms: 3, everyMs: TTL_MS / 2, until: fleet.clock.now() + TTL_MS, usdPerDay };
  return fleet.keepWarm("ada", { inMs: 300, plan });
}

async function queued(fleet: FleetWorld): Promise<number> {
  const jobs = await fleet.database.query("select id from keepwarm.job where outcome = 'queued'");
  return jobs.length;
}

async function spentUsd(fleet: FleetWorld): Promise<number> {
  const [row] = await fleet.database.query<{ usd: number }>(
    "select coalesce(sum(usd), 0)::double precision as usd from keepwarm.spent where owner = 'gateway-1'",
  );
  return row?.usd ?? Number.NaN;
}

describe.each([POSTGRES, PGLITE])("a day's limit on $name", (engine) => {
  it("lets warms follow one another below it, and adds up what they cost", async () => {
    const fleet = await aFleet(engine);
    await fleet.worker();
    const { jobId } = await keepForDay(fleet, 100);
    await untilOutcome(fleet, jobId, "completed");
    expect(await queued(fleet)).toBe(1);
    const { costUsd } = await fleet.job(jobId);
    expect(costUsd).toBeGreaterThan(0);
    expect(await spentUsd(fleet)).toBeCloseTo(costUsd ?? 0, 12);
  });

  it("ends them once it is reached, by whichever worker and in whichever hour of the day", async () => {
    const fleet = await aFleet(engine);
    await fleet.database.query(
      `insert into keepwarm.spent (owner, slot, worker, usd) values
         ('gateway-1', floor(extract(epoch from clock_timestamp()) / 600)::bigint - 143, 'another', 60),
         ('gateway-1', floor(extract(epoch from clock_timestamp()) / 600)::bigint - 3, 'a third', 50)`,
    );
    await fleet.worker();
    // Reached by this very warm.
    const { jobId } = await keepForDay(fleet, 110.00001);
    await untilOutcome(fleet, jobId, "completed");
    expect(await queued(fleet)).toBe(0);
  });

  it("takes no account of the day before, nor of other gateways", async () => {
    const fleet = await aFleet(engine);
    await fleet.database.query(
      `insert into keepwarm.spent (owner, slot, worker, usd) values
         ('gateway-1', floor(extract(epoch from clock_timestamp()) / 600)::bigint - 146, 'another', 500),
         ('gateway-2', floor(extract(epoch from clock_timestamp()) / 600)::bigint, 'another', 500)`,
    );
    await fleet.worker();
    const { jobId } = await keepForDay(fleet, 100);
    await untilOutcome(fleet, jobId, "completed");
    expect(await queued(fleet)).toBe(1);
  });

  it("counts a warm of a lost worker once, and what was recorded by an older version", async () => {
    const fleet = await aFleet(engine);
    const { jobId } = await keepForDay(fleet, 100);
    const told = { modelName: "", kind: "aborted", costUsd: 0.25 };
    await recordLost(fleet.database, "worker-1", { jobId, attempt: 0, told });
    await recordLost(fleet.database, "worker-1", { jobId, attempt: 0, told });
    expect(await spentUsd(fleet)).toBe(0.25);
    await fleet.database.query("delete from keepwarm.spent");
    await fleet.database.query("update keepwarm.version set version = 1");
    await installTables(fleet.database);
    expect(await spentUsd(fleet)).toBe(0.25);
  });
});

describe.each([POSTGRES, PGLITE])("what came of a job on $name", (engine) => {
  it("is stored whatever an API's message has in it", async () => {
    const fleet = await aFleet(engine);
    const message = "no such thing: \u0000 and \ud800";
    const body = JSON.stringify({ type: "error", error: { type: "invalid_request_error", message } });
    await fleet.worker({ fetch: async () => new Response(body, { status: 400 }) });
    const { jobId } = await fleet.keepWarm("ada", { inMs: 300 });
    await untilOutcome(fleet, jobId, "failed");
    expect((await fleet.job(jobId)).error).toContain("no such thing: \ufffd and \ufffd");
  });
});

describe.each([POSTGRES, PGLITE])("a job on $name whose worker has died", (engine) => {
  it("is another worker's ten seconds later, and what it may have cost is told", async () => {
    const fleet = await aFleet(engine);
    const { jobId } = await fleet.keepWarm("ada", { inMs: 500 });
    const [job] = await fleet.database.query<{ queue: string }>(
      "select queue from keepwarm.job where id = $1",
      [jobId],
    );
    // As a worker leaves it that dies while it sends.
    await vi.waitFor(
      async () => expect(await fleet.queues.boss.fetch(job?.queue ?? "")).toHaveLength(1),
      eventually,
    );
    await fleet.database.query(
      `update keepwarm.job set outcome = 'running', worker = 'gone', attempt = 1,
         claimed_at = clock_timestamp(), running_at = clock_timestamp() where id = $1`,
      [jobId],
    );
    await fleet.worker();
    await untilOutcome(fleet, jobId, "completed");
    expect(await fleet.job(jobId)).toMatchObject({ worker: "worker-1", attempt: 2 });
    expect((await fleet.job(jobId)).attempts).toMatchObject([{ attempt: 1, worker: "gone" }]);
    expect(fleet.warms()).toBe(1);
    const told = (await unbooked(fleet.database, "gateway-1")).map(({ told: { kind } }) => kind);
    expect(told).toEqual(["aborted", "warmed"]);
  });
});
