/** A gateway whose fleet's database is not there when it starts, as may be when all of a cluster starts at once. */
import { connect, createServer } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { discover } from "../../src/hub/index.ts";
import { freePort } from "../support/free-port.ts";
import { aGateway, anApi, ask, aWorker, EVERY_MS, warmsAt } from "./gateways.ts";
import { aPostgresDatabase } from "./world.ts";

/** A port at which nobody listens, and a way to have the database there. */
async function databaseToCome() {
  const real = await aPostgresDatabase();
  const { hostname, port } = new URL(real);
  const ours = await freePort();
  const url = new URL(real);
  url.port = String(ours);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
  onTestFinished(() => void server.close());
  const come = () => new Promise<void>((resolve) => server.listen(ours, "127.0.0.1", resolve));
  return { url: url.href, real, come };
}

describe("a gateway whose fleet's database is away when it starts", () => {
  it("carries its people's traffic, warms nothing, says why, and goes on once it is there", async () => {
    const { emulator, url } = await anApi();
    const database = await databaseToCome();
    const { service, logger, directory } = await aGateway(url, { DATABASE_URL: database.url });
    await ask(service, "ada");
    const { keeper } = service.gateway;
    await keeper.warmer.setIntervalMs("ada", EVERY_MS);
    const found = await discover(directory);
    if (found.state !== "running") throw new Error(found.state);
    const problems = async () => (await found.client.health()).problems.map(({ sentence }) => sentence);
    expect(await problems()).toEqual([expect.stringMatching(/does not answer: .*ECONNREFUSED/)]);
    await new Promise((resolve) => setTimeout(resolve, 2 * EVERY_MS));
    expect(warmsAt(emulator)).toEqual([]);
    await database.come();
    await aWorker(database.real, "worker-1");
    await vi.waitFor(() => expect(keeper.ledger.figuresOf("ada")?.warms).toBeGreaterThan(0), 30_000);
    await vi.waitFor(async () => expect(await problems()).toEqual([]), 20_000);
    expect(JSON.stringify(logger.lines)).not.toContain("nobody-elses");
  });

  it("ends at once, though it is still away", async () => {
    const { url } = await anApi();
    const { service } = await aGateway(url, { DATABASE_URL: (await databaseToCome()).url });
    await service.stop();
  });

  it("does not start with one that does not let it in", async () => {
    const { url } = await anApi();
    const wrong = new URL(await aPostgresDatabase());
    wrong.password = "wrong";
    await expect(aGateway(url, { DATABASE_URL: wrong.href })).rejects.toThrow(/cannot be used \(28/);
    const none = new URL(await aPostgresDatabase());
    none.pathname = "/none";
    await expect(aGateway(url, { DATABASE_URL: none.href })).rejects.toThrow(/cannot be used \(3D000\)/);
  });
});
