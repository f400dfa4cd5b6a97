import { describe, expect, it, vi } from "vitest";
import { queueOverview, unbooked } from "../../src/fleet/index.ts";
import { aFleet, ENGINES, TTL_MS } from "./world.ts";

describe.each(ENGINES)("a warm on $name", (engine) => {
  it("is claimed, run and completed, each with its time and its worker", async () => {
    const fleet = await aFleet(engine);
    const { jobId } = await fleet.keepWarm("ada");
    expect(await fleet.job(jobId)).toMatchObject({
      outcome: "queued",
      trigger: "idle",
      worker: null,
      attempt: 0,
    });
    await fleet.worker();
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), 8_000);
    const job = await fleet.job(jobId);
    expect(job).toMatchObject({ worker: "worker-1", attempt: 1, error: null });
    const { queuedAt, dueAt, claimedAt, runningAt, finishedAt } = job;
    expect(queuedAt).toBeLessThan(claimedAt ?? 0);
    expect(claimedAt).toBeLessThanOrEqual(dueAt);
    expect(runningAt).toBeGreaterThanOrEqual(dueAt);
    expect(finishedAt).toBeGreaterThan(runningAt ?? 0);
    expect(fleet.warms()).toBe(1);
    const [result] = await unbooked(fleet.database, "gateway-1");
    expect(result).toMatchObject({
      conversation: "ada",
      told: { kind: "warmed", usage: { cacheWriteTokens: 0 }, nextAt: null },
    });
    expect(await queueOverview(fleet.database)).toMatchObject({
      queued: 0,
      inProgress: 0,
      completed: 1,
      failed: 0,
    });
  });

  it("is followed by the next as its plan says, with no gateway there", async () => {
    const fleet = await aFleet(engine);
    await fleet.keepWarm("ada", {
      inMs: 1_000,
      plan: { warms: 3, everyMs: 1_500, until: fleet.clock.now() + 10 * TTL_MS },
    });
    await fleet.worker();
    await vi.waitFor(() => expect(fleet.warms()).toBe(3), 12_000);
    await vi.waitFor(async () =>
      expect(await queueOverview(fleet.database)).toMatchObject({ completed: 3, queued: 0, inProgress: 0 }),
    );
    const reads = fleet.emulator.requests.slice(1).map(({ usage }) => usage?.cache_creation_input_tokens);
    expect(reads).toEqual([0, 0, 0]);
  });
});
