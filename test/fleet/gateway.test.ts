import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { type FleetDatabase, listGateways, queueOverview } from "../../src/fleet/index.ts";
import { aGateway, anApi, ask, aWorker, EVERY_MS, KEY, warmsAt } from "./gateways.ts";
import { API_KEY, aPostgresDatabase } from "./world.ts";

describe("a gateway with a fleet", () => {
  it("has the worker inside where no database is named, and books what it does", async () => {
    const { emulator, url } = await anApi();
    const { service } = await aGateway(url, {});
    await ask(service, "ada");
    await service.gateway.keeper.warmer.setIntervalMs("ada", EVERY_MS);
    const { keeper } = service.gateway;
    await vi.waitFor(() => expect(warmsAt(emulator).length).toBeGreaterThanOrEqual(2), 30_000);
    await vi.waitFor(() => expect(keeper.ledger.figuresOf("ada")?.warms).toBeGreaterThanOrEqual(2), 5_000);
    const written = warmsAt(emulator).map(({ usage }) => usage?.cache_creation_input_tokens);
    expect(written.every((tokens) => tokens === 0)).toBe(true);
    expect(keeper.warmer.getStatus("ada").phase).toBe("idle");
    expect(keeper.warmer.getState("ada").lastPct).toBeGreaterThan(90);
  });

  it("leaves warming to others when it dies, and books what they did when it is back", async () => {
    const { emulator, url } = await anApi();
    const databaseUrl = await aPostgresDatabase();
    const { database } = await aWorker(databaseUrl, "worker-1");
    const { service, directory } = await aGateway(url, { DATABASE_URL: databaseUrl });
    await ask(service, "ada");
    await service.gateway.keeper.warmer.setIntervalMs("ada", EVERY_MS);
    await vi.waitFor(async () => expect((await queueOverview(database)).queued).toBe(1), 5_000);
    await service.stop();
    await vi.waitFor(() => expect(warmsAt(emulator).length).toBe(2), 15_000);
    const back = await aGateway(url, { DATABASE_URL: databaseUrl }, directory);
    const { ledger } = back.service.gateway.keeper;
    await vi.waitFor(() => expect(ledger.figuresOf("ada")?.warms).toBeGreaterThanOrEqual(2), 5_000);
    // A turn through it takes what was planned before out of the queue.
    await ask(back.service, "ada", "And then?");
    await back.service.gateway.keeper.warmer.setEnabled("ada", false);
    await vi.waitFor(async () => expect((await queueOverview(database)).queued).toBe(0), 5_000);
    const sent = warmsAt(emulator).length;
    await vi.waitFor(() => expect(ledger.figuresOf("ada")?.warms).toBe(sent), 5_000);
  });

  it("takes a conversation's warm back when its person speaks or switches it off", async () => {
    const { emulator, url } = await anApi();
    const databaseUrl = await aPostgresDatabase();
    const { database } = await aWorker(databaseUrl, "worker-1");
    const { service } = await aGateway(url, { DATABASE_URL: databaseUrl });
    await ask(service, "ada");
    await service.gateway.keeper.warmer.setIntervalMs("ada", EVERY_MS);
    await vi.waitFor(async () => expect((await queueOverview(database)).queued).toBe(1), 5_000);
    await service.gateway.keeper.warmer.setEnabled("ada", false);
    await vi.waitFor(async () =>
      expect(await queueOverview(database)).toMatchObject({ queued: 0, prefixes: 0, cancelled: 1 }),
    );
    expect(warmsAt(emulator)).toEqual([]);
  });

  it("has a warm that is asked for by hand sent by a worker", async () => {
    const { emulator, url } = await anApi();
    const databaseUrl = await aPostgresDatabase();
    await aWorker(databaseUrl, "worker-1");
    const { service } = await aGateway(url, { DATABASE_URL: databaseUrl });
    await ask(service, "ada");
    await service.gateway.keeper.warmer.setIntervalMs("ada", EVERY_MS);
    const { warmer, ledger } = service.gateway.keeper;
    await vi.waitFor(() => expect(warmer.getState("ada").nextWarmAt).not.toBeNull());
    expect(await warmer.warmNow("ada")).toEqual({ sent: true });
    expect(warmsAt(emulator)).toHaveLength(1);
    expect(ledger.figuresOf("ada")?.warms).toBe(1);
    expect(warmer.getState("ada").nextWarmAt).not.toBeNull();
  });

  it("stops a conversation whose worker found the cache cold, and says so", async () => {
    const { emulator, url } = await anApi();
    const databaseUrl = await aPostgresDatabase();
    await aWorker(databaseUrl, "worker-1");
    const { service } = await aGateway(url, { DATABASE_URL: databaseUrl });
    await ask(service, "ada");
    await service.gateway.keeper.warmer.setIntervalMs("ada", EVERY_MS);
    emulator.clearCache();
    const { warmer } = service.gateway.keeper;
    await vi.waitFor(() => expect(warmer.getStatus("ada").phase).toBe("stopped"), 10_000);
    expect(warmer.getStatus("ada").why).toContain("found the cache cold");
    expect(warmsAt(emulator)).toHaveLength(1);
  });

  it("shares the load: two gateways and three workers on one database", async () => {
    const { emulator, url } = await anApi();
    const databaseUrl = await aPostgresDatabase();
    const { database } = await aWorker(databaseUrl, "worker-1");
    await aWorker(databaseUrl, "worker-2");
    await aWorker(databaseUrl, "worker-3");
    const gateways = [
      await aGateway(url, { DATABASE_URL: databaseUrl }),
      await aGateway(url, { DATABASE_URL: databaseUrl }),
    ];
    for (const [index, { service }] of gateways.entries()) {
      for (let at = 0; at < 8; at++) {
        const conversation = `${index}-${at}`;
        await ask(service, conversation);
        await service.gateway.keeper.warmer.setIntervalMs(conversation, EVERY_MS);
      }
    }
    expect(await listGateways(database)).toHaveLength(2);
    const warms = () =>
      gateways.flatMap(({ service: { gateway } }, index) =>
        Array.from({ length: 8 }, (_, at) => gateway.keeper.ledger.figuresOf(`${index}-${at}`)?.warms ?? 0),
      );
    await vi.waitFor(() => expect(Math.min(...warms())).toBeGreaterThanOrEqual(2), 25_000);
    for (const { service } of gateways) await service.stop();
    const workers = await database.query<{ worker: string; jobs: number }>(
      "select worker, count(*)::integer as jobs from keepwarm.job where outcome = 'completed' group by worker",
    );
    expect(workers.map(({ worker }) => worker).toSorted()).toEqual(["worker-1", "worker-2", "worker-3"]);
    const ledger = gateways.map(({ service }) => service.gateway.keeper.ledger.totals().whole.spentUsd);
    expect(ledger[0]).toBeGreaterThan(0);
    expect(warmsAt(emulator).every(({ status }) => status === 200)).toBe(true);
  });

  it("keeps no prompt and no credential where a dump of the database would show it", async () => {
    const { url } = await anApi();
    const databaseUrl = await aPostgresDatabase();
    const { database } = await aWorker(databaseUrl, "worker-1");
    const { service } = await aGateway(url, { DATABASE_URL: databaseUrl });
    await ask(service, "ada", "What nobody else may read.");
    await service.gateway.keeper.warmer.setIntervalMs("ada", EVERY_MS);
    const { ledger } = service.gateway.keeper;
    await vi.waitFor(() => expect(ledger.figuresOf("ada")?.warms).toBeGreaterThanOrEqual(1), 15_000);
    const dumped = await dump(database);
    // It is in there, and the words are found where they are.
    expect(dumped.text).toContain("claude-opus-5-5");
    expect(dumped.tables).toContain("keepwarm.prefix");
    const [row] = await database.query<{ bytes: number }>(
      "select length(body) as bytes from keepwarm.prefix",
    );
    expect(row?.bytes).toBeGreaterThan(100);
    for (const secret of ["What nobody else may read.", "The handbook of ada.", API_KEY, KEY]) {
      for (const shape of shapesOf(secret)) expect(dumped.text).not.toContain(shape);
    }
    // Nor compressed and not encrypted.
    for (const body of dumped.bodies) {
      for (const skip of [0, 1, 12, 28, 29]) {
        for (const unpacked of unpackings(body.subarray(skip))) expect(unpacked).not.toContain("handbook");
      }
    }
  });
});

/** What bytes are, should they be compressed. */
function unpackings(bytes: Buffer): readonly string[] {
  return [gunzipSync, inflateSync, brotliDecompressSync, zstdDecompressSync].flatMap((unpack) => {
    try {
      return [unpack(bytes).toString("latin1")];
    } catch {
      return [];
    }
  });
}

/** Every row of every table of ours and of the queue's, as text; bytes as hex. */
async function dump(database: FleetDatabase) {
  const tables = await database.query<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_schema in ('keepwarm', 'keepwarm_queue') and table_type = 'BASE TABLE'`,
  );
  let text = "";
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select one::text as row from ${name} one`);
    text += rows.map(({ row }) => row).join("\n");
  }
  const bodies = await database.query<{ body: Buffer }>(
    "select body from keepwarm.prefix where body is not null",
  );
  return {
    text,
    tables: tables.map(({ name }) => name),
    bodies: bodies.map(({ body }) => Buffer.from(body)),
  };
}

/** How it would look written out, in base64 at any offset, and as the hex of bytes. */
function shapesOf(secret: string): readonly string[] {
  const base64 = [0, 1, 2].map((pad) =>
    Buffer.concat([Buffer.alloc(pad), Buffer.from(secret)])
      .toString("base64")
      .slice(pad === 0 ? 0 : 4, -4),
  );
  return [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString("hex"), ...base64];
}
