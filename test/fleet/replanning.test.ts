/** Another plan for what is kept, while a worker has its job. */
import { describe, expect, it, vi } from "vitest";
import { queueOverview } from "../../src/fleet/index.ts";
import { aFleet, type FleetWorld, type Kept, ONCE, PGLITE, TTL_MS } from "./world.ts";

const eventually = { timeout: 20_000, interval: 20 };

async function replanned(fleet: FleetWorld, { prefixId, revision }: Kept, inMs: number): Promise<string> {
  const dueAt = fleet.clock.now() + inMs;
  const plan = { ...ONCE, until: dueAt + 10 * TTL_MS };
  const jobId = await fleet.store.replan({ prefixId, revision, trigger: "idle", dueAt, plan });
  if (jobId === null) throw new Error("it is not kept any more");
  return jobId;
}

describe("a plan that comes while a worker", () => {
  it("waits for the old one's moment takes its place", async () => {
    const fleet = await aFleet(PGLITE);
    const kept = await fleet.keepWarm("ada", { inMs: 1_500 });
    await fleet.worker();
    await vi.waitFor(async () => expect((await fleet.job(kept.jobId)).outcome).toBe("claimed"), eventually);
    const again = await replanned(fleet, kept, 2_000);
    expect(again).not.toBe(kept.jobId);
    await vi.waitFor(async () => expect((await fleet.job(again)).outcome).toBe("completed"), eventually);
    expect(await fleet.job(kept.jobId)).toMatchObject({ outcome: "cancelled" });
    expect(await queueOverview(fleet.database)).toMatchObject({ queued: 0, inProgress: 0 });
    expect(fleet.warms()).toBe(1);
  });

  it("sends the old one is no reason to send another", async () => {
    const fleet = await aFleet(PGLITE, { emulated: { firstTokenDelayMs: 1_500 } });
    const kept = await fleet.keepWarm("ada", { inMs: 300 });
    await fleet.worker();
    await vi.waitFor(async () => expect((await fleet.job(kept.jobId)).outcome).toBe("running"), eventually);
    expect(await replanned(fleet, kept, 0)).toBe(kept.jobId);
    await vi.waitFor(async () => expect((await fleet.job(kept.jobId)).outcome).toBe("completed"), eventually);
    expect(await queueOverview(fleet.database)).toMatchObject({ queued: 0, inProgress: 0 });
    expect(fleet.warms()).toBe(1);
    // Heard of, it is followed by whatever is planned then.
    await replanned(fleet, kept, 60_000);
    expect(await queueOverview(fleet.database)).toMatchObject({ queued: 1 });
  });
});
