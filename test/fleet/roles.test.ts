import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  type FleetDatabase,
  installTables,
  listGateways,
  listJobs,
  listWorkers,
  openPostgres,
  openQueues,
  queueOverview,
} from "../../src/fleet/index.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { aFleet, aPostgresDatabase, type Engine } from "./world.ts";

/** The statements that the documentation tells an owner to run. */
function documented(): readonly string[] {
  const [, sql = ""] = /```sql\n([\s\S]*?)```/.exec(readFileSync("docs/fleet.md", "utf8")) ?? [];
  return sql
    .replace(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

async function anInstalledDatabase(): Promise<{ as(role: string): Promise<FleetDatabase> }> {
  const url = await aPostgresDatabase();
  const owner = await openPostgres({ url, name: "owner" });
  await installTables(owner);
  const queues = await openQueues(owner, { supervise: false, onError: () => {} });
  await queues.close();
  for (const statement of documented()) await owner.query(statement);
  for (const role of ["keepwarm_fleet", "keepwarm_reader"])
    await owner.query(`alter role ${role} password 'x'`);
  await owner.close();
  return {
    as: (role) => openPostgres({ url: url.replace(/\/\/[^@]*@/, `//${role}:x@`), name: role }),
  };
}

describe("the roles of the documentation", () => {
  it("are enough to work, and to look without seeing a prompt", async () => {
    const installed = await anInstalledDatabase();
    const engine: Engine = { name: "as keepwarm_fleet", open: () => installed.as("keepwarm_fleet") };
    const fleet = await aFleet(engine);
    await fleet.worker();
    const { jobId } = await fleet.keepWarm("ada", { inMs: 500 });
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), 20_000);
    expect(fleet.logger.at("error")).toEqual([]);

    const reader = await installed.as("keepwarm_reader");
    onTestFinished(() => reader.close());
    await installTables(reader);
    expect(await queueOverview(reader)).toMatchObject({ completed: 1 });
    expect(await listJobs(reader)).toHaveLength(1);
    expect(await listWorkers(reader)).toHaveLength(1);
    expect(await listGateways(reader)).toEqual([]);
    await expect(reader.query("select body from keepwarm.prefix")).rejects.toThrow("permission denied");
    await expect(reader.query("delete from keepwarm.job")).rejects.toThrow("permission denied");
  });
});

describe("who only looks", () => {
  it("leaves a database without a fleet as it is, and says that there is none", async () => {
    const url = await aPostgresDatabase();
    const env = { DATABASE_URL: url };
    const looked = await keepwarm(["fleet", "status"], env);
    expect(looked).toMatchObject({ code: 1, stdout: "" });
    expect(looked.stderr).toContain("the database of DATABASE_URL holds no fleet: is it the right one?");
    const database = await openPostgres({ url, name: "test" });
    onTestFinished(() => database.close());
    const schemas = () => database.query("select 1 from pg_namespace where nspname like 'keepwarm%'");
    expect(await schemas()).toEqual([]);
    expect((await keepwarm(["fleet", "migrate"], env)).code).toBe(0);
    expect(await schemas()).toHaveLength(2);
    expect((await keepwarm(["fleet", "status"], env)).code).toBe(0);
  });

  it("hears that the server has no such database", async () => {
    const url = await aPostgresDatabase();
    const { code, stderr } = await keepwarm(["fleet", "status"], { DATABASE_URL: `${url}_nowhere` });
    expect(code).toBe(1);
    expect(stderr).toContain("has no database of that name");
  });
});
