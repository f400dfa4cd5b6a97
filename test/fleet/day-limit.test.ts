/** What a person allows for a day, where many conversations are due. */
import { expect, it, vi } from "vitest";
import { unbooked } from "../../src/fleet/index.ts";
import { aFleet, type Kept, ONCE, PGLITE, TTL_MS } from "./world.ts";

const eventually = { timeout: 20_000, interval: 50 };

it("a warm that was planned within the limit for a day is not sent beyond it", async () => {
  const fleet = await aFleet(PGLITE);
  const plan = { ...ONCE, until: fleet.clock.now() + 10 * TTL_MS };
  const limited = await fleet.keepWarm("ada", { inMs: 600, plan: { ...plan, usdPerDay: 0.5 } });
  const unlimited = await fleet.keepWarm("bea", { inMs: 600, plan });
  // Spent by another worker, after both were planned.
  await fleet.database.query(
    `insert into keepwarm.spent (owner, slot, worker, usd)
     values ('gateway-1', floor(extract(epoch from clock_timestamp()) / 600)::bigint, 'another', 0.6)`,
  );
  await fleet.worker();
  for (const [{ jobId }, outcome] of [
    [limited, "cancelled"],
    [unlimited, "completed"],
  ] as const) {
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe(outcome), eventually);
  }
  expect(fleet.warms()).toBe(1);
  const results = await unbooked(fleet.database, "gateway-1");
  expect(results.find(({ conversation }) => conversation === "ada")?.told).toMatchObject({
    kind: "failed",
    error: expect.stringContaining("$0.5 in 24 hours"),
  });
});

it("of many that are due together, only as many are sent as the limit for a day has room for", async () => {
  const fleet = await aFleet(PGLITE);
  const usdPerDay = 0.0005;
  const plan = { ...ONCE, until: fleet.clock.now() + 10 * TTL_MS, usdPerDay };
  const kept: Kept[] = [];
  for (let index = 0; index < 12; index++)
    kept.push(await fleet.keepWarm(`number-${index}`, { inMs: 1_500, plan }));
  await fleet.worker({ concurrency: 1 });
  await vi.waitFor(async () => {
    for (const { jobId } of kept) expect((await fleet.job(jobId)).finishedAt).not.toBeNull();
  }, eventually);
  const results = await unbooked(fleet.database, "gateway-1");
  const costs = results.flatMap(({ told }) => (told.kind === "warmed" ? [told.costUsd ?? 0] : []));
  const spentUsd = costs.reduce((sum, usd) => sum + usd, 0);
  expect(costs.length).toBeGreaterThan(0);
  expect(costs.length).toBeLessThan(12);
  // The last one may go beyond it by itself.
  expect(spentUsd - (costs[0] ?? 0)).toBeLessThan(usdPerDay);
});
