/** One worker for several workspaces. */
import { expect, it, vi } from "vitest";
import { createCredentials } from "../../src/fleet/index.ts";
import { aFleet, PGLITE } from "./world.ts";

it("a worker with too few slots leaves no workspace out", async () => {
  const fleet = await aFleet(PGLITE, { emulated: { firstTokenDelayMs: 100 } });
  const keys = ["sk-ant-api03-one-workspace", "sk-ant-api03-another"] as const;
  for (let index = 0; index < 6; index++) {
    for (const apiKey of keys) await fleet.keepWarm(`${apiKey.length}-${index}`, { inMs: 0, apiKey });
  }
  await fleet.worker({ concurrency: 1, credentials: createCredentials(keys.join(","), fleet.keyring) });
  await vi.waitFor(() => expect(fleet.warms()).toBeGreaterThanOrEqual(6), { timeout: 20_000, interval: 20 });
  const served = await fleet.database.query<{ queue: string; count: number }>(
    "select queue, count(*)::integer as count from keepwarm.job where running_at is not null group by queue",
  );
  expect(served).toHaveLength(2);
  for (const { count } of served) expect(count).toBeGreaterThanOrEqual(2);
});
