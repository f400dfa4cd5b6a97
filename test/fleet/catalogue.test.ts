/** A team's catalogue at work: two gateways that both have it, three workers, one database, real traffic. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type FleetDatabase, listJobs, preWarmsUsd } from "../../src/fleet/index.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { aGateway, anApi, aWorker, KEY, warmsAt } from "./gateways.ts";
import { API_KEY, aPostgresDatabase } from "./world.ts";

/** Shorter than elsewhere: a miss is answered shortly before the lapse. */
const TTL_MS = 20_000;
const eventually = { timeout: 30_000, interval: 100 };

function handbook(name: string): string {
  return `handbook of the ${name} `.repeat(400);
}

function persona(name: string) {
  const system = [{ type: "text", text: handbook(name), cache_control: { type: "ephemeral" } }];
  return { model: "claude-opus-5-5", system };
}

function aRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-team-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  git(folder, "init", "-q");
  return folder;
}

function git(folder: string, ...args: readonly string[]): void {
  execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@t", ...args], {
    stdio: "ignore",
  });
}

async function aTeam(
  entries: readonly Record<string, unknown>[],
  flags: Record<string, string | boolean> = {},
) {
  const { emulator, url } = await anApi(TTL_MS);
  const databaseUrl = await aPostgresDatabase();
  const folder = aRepository();
  const file = join(folder, "catalogue.json");
  const write = (prefixes: readonly Record<string, unknown>[]) =>
    writeFileSync(file, JSON.stringify({ prefixes }));
  write(entries);
  git(folder, "add", ".");
  git(folder, "commit", "-qm", "one");
  const { database } = await aWorker(databaseUrl, "worker-1");
  await aWorker(databaseUrl, "worker-2");
  await aWorker(databaseUrl, "worker-3");
  const settings = {
    enableNew: false,
    prewarm: true,
    prewarmCatalogue: file,
    ttl5m: `${TTL_MS}ms`,
    ...flags,
  };
  const gateways = [0, 1].map(() =>
    aGateway(url, { DATABASE_URL: databaseUrl }, aStateDirectory(), settings),
  );
  const [one, other] = await Promise.all(gateways);
  if (one === undefined || other === undefined) throw new Error("there are two");
  return { emulator, database, databaseUrl, folder, write, one, other };
}

type Gateway = Awaited<ReturnType<typeof aGateway>>;

async function turn({ service }: Gateway, request: Record<string, unknown>) {
  const answer = await fetch(`${service.gatewayUrl}/v1/messages`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-api-key": API_KEY,
      "anthropic-version": "2023-06-01",
      "x-keepwarm-conversation": crypto.randomUUID(),
    },
    body: JSON.stringify({
      max_tokens: 16,
      messages: [{ role: "user", content: "Shall we?" }],
      ...request,
    }),
  });
  const { usage } = (await answer.json()) as { usage: Record<string, number> };
  return { read: usage.cache_read_input_tokens ?? 0, wrote: usage.cache_creation_input_tokens ?? 0 };
}

async function jobs(database: FleetDatabase) {
  const all = await listJobs(database, { limit: 100 });
  return all
    .toSorted((a, b) => a.queuedAt - b.queuedAt)
    .map(({ trigger, outcome }) => `${trigger} ${outcome}`);
}

const COMMITTED = ["commit completed", "commit completed"];

const told = ({ logger }: Gateway, message: string) =>
  logger.lines.filter((line) => JSON.stringify(line).includes(message)).length;

describe("a team's catalogue", () => {
  it("is warm from the start: sent once, read by the first turn, booked by one gateway", async () => {
    const team = await aTeam([{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"] }]);
    const { emulator, database, one, other } = team;
    await vi.waitFor(async () => expect(await jobs(database)).toEqual(["connect completed"]), eventually);
    expect(warmsAt(emulator)).toHaveLength(1);
    await vi.waitFor(() => expect(told(one, "pre-warmed") + told(other, "pre-warmed")).toBe(2), eventually);
    const { read, wrote } = await turn(other, persona("reviewer"));
    expect([read > 1_000, wrote]).toEqual([true, 0]);
    const totals = () => [one, other].map(({ service }) => service.gateway.keeper.ledger.totals().whole);
    // Whichever of the two ordered it, this one knows that nobody but a pre-warm had kept it.
    await vi.waitFor(
      () => expect(totals().map(({ preWarmReads }) => preWarmReads)).toEqual([0, 1]),
      eventually,
    );
    const whole = totals();
    expect(whole.map(({ preWarms }) => preWarms).toSorted()).toEqual([0, 1]);
    expect(whole[0]?.preWarmsUsd ?? 0).not.toBe(whole[1]?.preWarmsUsd);
    const spent = whole.reduce((sum, { preWarmsUsd: usd }) => sum + usd, 0);
    expect(spent).toBeCloseTo(await preWarmsUsd(database), 9);
  });

  it("is sent once for a commit that changes it, and once for a changed file", async () => {
    const entry = { name: "reviewer", request: persona("reviewer"), triggers: ["commit"] };
    const { emulator, database, folder, write } = await aTeam([{ ...entry, files: ["notes.md"] }]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await jobs(database)).toEqual([]);
    writeFileSync(join(folder, "notes.md"), "something else");
    git(folder, "add", ".");
    git(folder, "commit", "-qm", "two");
    await vi.waitFor(async () => expect(await jobs(database)).toEqual(["commit completed"]), eventually);
    expect(warmsAt(emulator)).toHaveLength(1);
    write([{ ...entry, request: persona("stricter reviewer"), files: ["notes.md"] }]);
    git(folder, "commit", "-qam", "three");
    await vi.waitFor(
      async () => expect(await jobs(database)).toEqual(["commit completed", "commit completed"]),
      eventually,
    );
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(warmsAt(emulator).map(({ usage }) => usage?.cache_read_input_tokens)).toEqual([0, 0]);
    expect(await jobs(database)).toHaveLength(2);
  });

  it("is sent once when first turns at both gateways have found it cold again and again", async () => {
    const team = await aTeam([{ name: "reviewer", request: persona("reviewer"), triggers: ["miss"] }]);
    const { emulator, database, one, other } = team;
    for (const gateway of [one, one, other, other]) {
      emulator.clearCache();
      expect((await turn(gateway, persona("reviewer"))).read).toBe(0);
    }
    expect(await jobs(database)).toEqual([]);
    await vi.waitFor(async () => expect(await jobs(database)).toEqual(["miss completed"]), eventually);
    // In time: what the last turn had written was still there.
    expect(warmsAt(emulator).map(({ usage }) => usage?.cache_creation_input_tokens)).toEqual([0]);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(warmsAt(emulator)).toHaveLength(1);
    expect(await jobs(database)).toHaveLength(1);
  });

  it("is held warm by its schedule, and goes on when one of the gateways has ended", async () => {
    const team = await aTeam([
      { name: "reviewer", request: persona("reviewer"), triggers: ["connect"], schedule: "14s" },
    ]);
    const { emulator, one, other } = team;
    await vi.waitFor(() => expect(warmsAt(emulator)).toHaveLength(1), eventually);
    await one.service.stop();
    await vi.waitFor(() => expect(warmsAt(emulator)).toHaveLength(3), { timeout: 40_000, interval: 100 });
    expect(
      warmsAt(emulator)
        .slice(1)
        .map(({ usage }) => usage?.cache_creation_input_tokens),
    ).toEqual([0, 0]);
    expect(told(other, "pre-warmed")).toBeGreaterThanOrEqual(2);
  });

  it("says where traffic has drifted from it, at the gateway that sees that", async () => {
    const team = await aTeam([{ name: "reviewer", request: persona("reviewer"), triggers: ["connect"] }]);
    const { one, other } = team;
    await vi.waitFor(() => expect(told(one, "pre-warmed") + told(other, "pre-warmed")).toBe(2), eventually);
    const text = handbook("reviewer").replace(/.{30}$/, "and something else.");
    await turn(one, {
      ...persona("reviewer"),
      system: [{ type: "text", text, cache_control: { type: "ephemeral" } }],
    });
    await vi.waitFor(() => expect(told(one, "the catalogue has drifted")).toBe(1), eventually);
    expect(told(other, "the catalogue has drifted")).toBe(0);
  });

  it("is warmed by hand with the command, and seen there, without a word of it in the database", async () => {
    const team = await aTeam([{ name: "reviewer", request: persona("reviewer") }]);
    const { emulator, database, databaseUrl, one, other } = team;
    const env = { DATABASE_URL: databaseUrl, KEEPWARM_FLEET_KEY: KEY };
    const unknown = await keepwarm(["fleet", "prewarm", "tester"], env);
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining("no gateway of the fleet has tester in its catalogue: there are reviewer"),
    ]);
    const ordered = await keepwarm(["fleet", "prewarm", "reviewer"], env);
    expect(ordered.stdout).toMatch(/^It is queued, as job [0-9a-f-]{36}\.\n$/);
    await vi.waitFor(async () => expect(await jobs(database)).toEqual(["manual completed"]), eventually);
    expect(warmsAt(emulator)).toHaveLength(1);
    expect((await keepwarm(["fleet", "prewarm", "reviewer"], env)).stdout).toBe(
      "reviewer is still warm: nothing is to be sent.\n",
    );
    const { stdout } = await keepwarm(["fleet", "jobs"], env);
    expect(stdout).toMatch(/prewarm +manual +reviewer +completed/);
    await vi.waitFor(() => {
      const booked = [one, other].map(({ service }) => service.gateway.keeper.ledger.totals().whole.preWarms);
      expect(booked.toSorted()).toEqual([0, 1]);
    }, eventually);
    const tables = await database.query<{ name: string }>(
      `select table_schema || '.' || table_name as name from information_schema.tables
       where table_schema in ('keepwarm', 'keepwarm_queue') and table_type = 'BASE TABLE'`,
    );
    let dump = "";
    for (const { name } of tables) {
      const rows = await database.query<{ row: string }>(`select one::text as row from ${name} one`);
      dump += rows.map(({ row }) => row).join("\n");
    }
    expect(dump).toContain("reviewer");
    for (const secret of ["handbook of the", API_KEY, KEY]) {
      expect(dump).not.toContain(secret);
      expect(dump).not.toContain(Buffer.from(secret).toString("hex"));
      expect(dump).not.toContain(Buffer.from(secret).toString("base64").slice(0, -4));
    }
  });

  it("is made of artifacts that workers make, once for both gateways, with each commit anew", async () => {
    const text = `${handbook("reviewer")}\n{{artifact:map}}`;
    const request = {
      model: "claude-opus-5-5",
      system: [{ type: "text", text, cache_control: { type: "ephemeral" } }],
    };
    const artifacts = { map: { type: "repo_map" } };
    const entry = { name: "reviewer", request, artifacts, triggers: ["connect", "commit", "miss"] };
    const team = await aTeam([entry]);
    const { emulator, database, databaseUrl, folder, one } = team;
    await vi.waitFor(
      async () => expect(await jobs(database)).toEqual(["connect completed", "connect completed"]),
      eventually,
    );
    expect((await listJobs(database)).map(({ kind }) => kind).toSorted()).toEqual(["artifact", "prewarm"]);
    const env = { DATABASE_URL: databaseUrl, KEEPWARM_FLEET_KEY: KEY };
    const map = async () =>
      (await keepwarm(["fleet", "artifact", "repo_map", "--repository", folder], env)).stdout;
    expect(JSON.parse(await map()).files).toEqual([{ path: "catalogue.json", bytes: expect.any(Number) }]);
    // A prompt that has the same map reads what was pre-warmed.
    const asked = async () => ({
      ...request,
      system: [{ ...request.system[0], text: text.replace("{{artifact:map}}", await map()) }],
    });
    expect((await turn(one, await asked())).wrote).toBe(0);
    writeFileSync(join(folder, "more.ts"), "export const more = 1;");
    git(folder, "add", ".");
    git(folder, "commit", "-qm", "two");
    await vi.waitFor(async () => expect((await jobs(database)).slice(2)).toEqual(COMMITTED), eventually);
    expect(await map()).toContain('{"path":"more.ts","bytes":22,"exports":["more"]}');
    expect((await turn(one, await asked())).wrote).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await jobs(database)).toHaveLength(4);
    expect(warmsAt(emulator)).toHaveLength(2);
    const rows = await database.query<{ row: string }>("select one::text as row from keepwarm.artifact one");
    expect(JSON.stringify(rows)).not.toContain("more.ts");
  });

  it("is sent by the worker inside a gateway that no database was named to", async () => {
    const { emulator, url } = await anApi(TTL_MS);
    const folder = aRepository();
    const file = join(folder, "catalogue.json");
    writeFileSync(
      file,
      JSON.stringify({ name: "reviewer", request: persona("reviewer"), triggers: ["connect"] }),
    );
    const one = await aGateway(url, {}, aStateDirectory(), {
      enableNew: false,
      prewarm: true,
      prewarmCatalogue: file,
      ttl5m: `${TTL_MS}ms`,
    });
    await vi.waitFor(() => expect(warmsAt(emulator)).toHaveLength(1), eventually);
    await vi.waitFor(
      () => expect(one.service.gateway.keeper.ledger.totals().whole.preWarms).toBe(1),
      eventually,
    );
    expect((await turn(one, persona("reviewer"))).wrote).toBe(0);
  });

  it("costs no more than its cap, however many gateways and workers there are", async () => {
    const names = Array.from({ length: 12 }, (_, at) => `persona ${at}`);
    const team = await aTeam(
      names.map((name, at) => ({ name: `persona-${at}`, request: persona(name), triggers: ["connect"] })),
      { prewarmMaxUsdPerDay: "0.06" },
    );
    const { emulator, database } = team;
    await vi.waitFor(async () => {
      const all = await jobs(database);
      expect(all.filter((one) => /completed|failed/.test(one)).length).toBeGreaterThanOrEqual(12);
      expect(all.filter((one) => /queued|claimed|running/.test(one))).toEqual([]);
    }, eventually);
    expect(warmsAt(emulator).length).toBeGreaterThan(1);
    expect(warmsAt(emulator).length).toBeLessThan(12);
    expect(await preWarmsUsd(database)).toBeLessThanOrEqual(0.06);
  });
});
