import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { requestOf } from "../prewarm/entries.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { aService } from "../support/service-under-test.ts";

it("a gateway pre-warms at its start, tells of it, stops when it is switched off, and knows it when it starts anew", async () => {
  const directory = aStateDirectory();
  const catalogue = join(directory, "catalogue.json");
  writeFileSync(
    catalogue,
    JSON.stringify({
      prefixes: [{ name: "reviewer", request: requestOf("reviewer"), triggers: ["connect"] }],
    }),
  );
  const env = {
    ANTHROPIC_API_KEY: "sk-ant-api03-own",
    KEEPWARM_PREWARM_CATALOGUE: catalogue,
  };
  writeFileSync(join(directory, "config.json"), '{ "prewarm": true }');
  const { client, service } = await aService({ directory, env });
  await expect.poll(async () => (await client.prewarm()).history.length).toBe(1);
  const told = await client.prewarm();
  expect(told).toMatchObject({ enabled: true, trouble: null, catalogue, maxUsd: 1 });
  expect(told.history[0]).toMatchObject({
    name: "reviewer",
    cause: "connect",
    outcome: "wrote",
    wroteTokens: 1_000,
  });
  expect(told.prefixes[0]?.lapsesAt).toBeGreaterThan(Date.now());
  const { preWarms } = (await client.status()).gateway;
  expect(preWarms).toBeGreaterThan(0);
  await client.changeSetting({ name: "prewarm", value: false });
  expect((await client.prewarm()).enabled).toBe(false);
  await client.changeSetting({ name: "prewarm", value: true });
  expect((await client.report(0)).total).toMatchObject({ preWarms: 1 });
  await service.stop();

  const again = await aService({ directory, env });
  await expect.poll(async () => (await again.client.prewarm()).history.length).toBeGreaterThanOrEqual(1);
  expect((await again.client.prewarm()).history.at(-1)).toMatchObject({ name: "reviewer", cause: "connect" });
});
