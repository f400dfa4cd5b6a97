/** How often a job is tried, where a worker's environment says so. */
import { describe, expect, it, vi } from "vitest";
import { openQueues } from "../../src/fleet/index.ts";
import { aFleet, PGLITE } from "./world.ts";

const eventually = { timeout: 15_000, interval: 50 };

describe("a worker's retries and patience", () => {
  it("hold for a queue that a gateway has made before", async () => {
    const fleet = await aFleet(PGLITE);
    const { jobId } = await fleet.keepWarm("ada", { inMs: 50_000 });
    const [queued] = await fleet.database.query<{ queue: string }>(
      "select queue from keepwarm.job where id = $1",
      [jobId],
    );
    const idle = queued?.queue ?? "";
    const prewarm = idle.replace("idle", "prewarm");
    const queues = await openQueues(fleet.database, {
      supervise: false,
      maxRetries: 5,
      staleSeconds: 240,
      onError() {},
    });
    await queues.open(idle);
    await queues.open(prewarm);
    expect(await queues.boss.getQueue(idle)).toMatchObject({ retryLimit: 5, heartbeatSeconds: 10 });
    expect(await queues.boss.getQueue(prewarm)).toMatchObject({ retryLimit: 5, heartbeatSeconds: 240 });
    // A gateway that comes later changes nothing.
    const gateways = await openQueues(fleet.database, { supervise: false, onError() {} });
    await gateways.open(prewarm);
    expect(await gateways.boss.getQueue(prewarm)).toMatchObject({ retryLimit: 5, heartbeatSeconds: 240 });
    await gateways.close();
    await queues.close();
  });

  it("lose no job of its last try to a worker that ends", async () => {
    const fleet = await aFleet(PGLITE);
    const { jobId } = await fleet.keepWarm("ada", { inMs: 900 });
    await fleet.database.query("update keepwarm_queue.job set retry_limit = 0 where id = $1", [jobId]);
    const worker = await fleet.worker({ maxRetries: 0 });
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("claimed"), eventually);
    await worker.drain(5_000);
    expect((await fleet.job(jobId)).outcome).toBe("completed");
    expect(fleet.warms()).toBe(1);
  });
});
