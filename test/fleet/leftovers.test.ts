/** Jobs that nobody comes for. */
import { expect, it, vi } from "vitest";
import { queueOverview, unbooked } from "../../src/fleet/index.ts";
import { aFleet, PGLITE, POSTGRES } from "./world.ts";

it.each([POSTGRES, PGLITE])("end as lapsed when no worker has their credential ($name)", async (engine) => {
  const fleet = await aFleet(engine);
  const { jobId } = await fleet.keepWarm("ada", {
    inMs: 300,
    ttlMs: 1_000,
    apiKey: "sk-ant-api03-no-workers",
  });
  const alive = await fleet.keepWarm("bea", { inMs: 50_000, apiKey: "sk-ant-api03-no-workers" });
  await fleet.worker();
  await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("lapsed"), {
    timeout: 30_000,
    interval: 200,
  });
  expect((await fleet.job(alive.jobId)).outcome).toBe("queued");
  // An autoscaler goes by what is due.
  expect(await queueOverview(fleet.database)).toMatchObject({ queued: 1, due: 0, lapsed: 1 });
  const [result] = await unbooked(fleet.database, "gateway-1");
  expect(result).toMatchObject({ conversation: "ada", told: { kind: "lapsed" } });
  const [engineJob] = await fleet.database.query<{ state: string }>(
    "select state from keepwarm_queue.job where id = $1",
    [jobId],
  );
  expect(engineJob?.state).toBe("cancelled");
  expect(fleet.warms()).toBe(0);
});
