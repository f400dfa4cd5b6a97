import { expect, it, onTestFinished } from "vitest";
import { installTables, openPostgres, openQueues } from "../../src/fleet/index.ts";
import { aPostgresDatabase } from "./world.ts";

it("lets many processes begin at once on an empty database", async () => {
  for (let round = 0; round < 3; round++) {
    const url = await aPostgresDatabase();
    const begun = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const database = await openPostgres({ url, name: "test" });
        await installTables(database);
        const queues = await openQueues(database, { supervise: false, onError: () => {} });
        return { database, queues };
      }),
    );
    expect(begun).toHaveLength(5);
    for (const { database, queues } of begun) {
      await queues.close();
      await database.close();
    }
  }
});

it("leaves tables of a newer version as they are, in the midst of an update", async () => {
  const database = await openPostgres({ url: await aPostgresDatabase(), name: "test" });
  onTestFinished(() => database.close());
  await installTables(database);
  await database.query("update keepwarm.version set version = version + 1");
  const newer = await database.query("select version from keepwarm.version");
  await installTables(database);
  expect(await database.query("select version from keepwarm.version")).toEqual(newer);
});
