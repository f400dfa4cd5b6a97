/** Real worker processes on a real PostgreSQL: killed, asked for their health, seen by the command. */
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  DatabaseOwnedError,
  listJobs,
  newFleetKey,
  openPglite,
  openPostgres,
  unbooked,
  unbookedPreWarms,
} from "../../src/fleet/index.ts";
import { entryOf, requestOf } from "../prewarm/entries.ts";
import { aStateDirectory } from "../support/control-under-test.ts";
import { freePort } from "../support/free-port.ts";
import { keepwarm } from "../support/keepwarm-command.ts";
import { aDesk } from "./pre-warms.ts";
import { API_KEY, aFleet, aPostgresDatabase, type Engine } from "./world.ts";

interface WorkerChild {
  readonly child: ChildProcess;
  readonly port: number;
  output(): string;
}

async function aWorkerProcess(env: Readonly<Record<string, string>>): Promise<WorkerChild> {
  const port = await freePort();
  const child = spawn(process.execPath, [resolve("src/cli.ts"), "worker"], {
    env: { ...process.env, ...env, KEEPWARM_WORKER_HEALTH_PORT: String(port) },
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  onTestFinished(() => void child.kill("SIGKILL"));
  await vi.waitFor(async () => expect((await get(port, "/ready")).status).toBe(200), {
    timeout: 20_000,
    interval: 100,
  });
  return { child, port, output: () => output };
}

async function get(port: number, path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
}

async function aFleetWithProcesses(emulated = {}) {
  const url = await aPostgresDatabase();
  const key = newFleetKey();
  const engine: Engine = { name: "PostgreSQL", open: () => openPostgres({ url, name: "test" }) };
  const fleet = await aFleet(engine, { key, emulated });
  return { fleet, env: { DATABASE_URL: url, KEEPWARM_FLEET_KEY: key, KEEPWARM_FLEET_API_KEY: API_KEY } };
}

describe("a worker that is killed", () => {
  it("loses its job to another in time, and what it may have sent is counted", async () => {
    const { fleet, env } = await aFleetWithProcesses();
    const first = await aWorkerProcess(env);
    const { jobId } = await fleet.keepWarm("ada", { inMs: 1_000, ttlMs: 60_000 });
    // Its answer never comes.
    fleet.emulator.failNext({ status: 500, at: "disconnect" });
    first.child.on("exit", () => {});
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toMatch(/claimed|running/), {
      timeout: 10_000,
      interval: 5,
    });
    first.child.kill("SIGKILL");
    const killedAt = Date.now();
    fleet.emulator.clearFaults();
    await fleet.worker();
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), 20_000);
    expect(Date.now() - killedAt).toBeLessThan(16_000);
    expect(await fleet.job(jobId)).toMatchObject({ attempt: 2, worker: "worker-1" });
    const kinds = (await unbooked(fleet.database, "gateway-1")).map(({ told }) => told.kind);
    expect(kinds.at(-1)).toBe("warmed");
  });
});

describe("a worker that is killed with a pre-warm on its way", () => {
  it("loses it to another after the threshold of its environment, at the most that it may have cost", async () => {
    const { fleet, env } = await aFleetWithProcesses();
    const first = await aWorkerProcess({
      ...env,
      KEEPWARM_WORKER_POLL_INTERVAL_SECS: "0.5",
      KEEPWARM_WORKER_HEARTBEAT_SECS: "5",
      KEEPWARM_WORKER_STALE_THRESHOLD_SECS: "10",
    });
    const slow = { messages: [{ role: "user", content: "warmup [[delay:3000ms]]" }] };
    const entry = entryOf("reviewer", requestOf("reviewer", 1_000, slow));
    const catalogue = aDesk(fleet, "gateway-1");
    await catalogue.registered([entry]);
    const warming = catalogue.warm([entry], { cause: "connect" });
    await vi.waitFor(
      async () => expect(await listJobs(fleet.database)).toMatchObject([{ outcome: "running" }]),
      {
        timeout: 10_000,
        interval: 20,
      },
    );
    first.child.kill("SIGKILL");
    const killedAt = Date.now();
    await fleet.worker();
    const [done] = await warming;
    expect(done?.outcome).toMatch(/^(wrote|read)$/);
    expect(Date.now() - killedAt).toBeGreaterThan(5_000);
    expect(Date.now() - killedAt).toBeLessThan(25_000);
    const [job] = await listJobs(fleet.database);
    expect(job).toMatchObject({ outcome: "completed", attempt: 2, worker: "worker-1" });
    expect(job?.attempts).toHaveLength(1);
    const booked = (await unbookedPreWarms(fleet.database, "gateway-1")).map(
      ({ done: { isBound } }) => isBound,
    );
    expect(booked).toEqual([true, false]);
  });
});

describe("a worker's process", () => {
  it("says how it is, by HTTP and in its log, and the command shows it", async () => {
    const { fleet, env } = await aFleetWithProcesses();
    const { child, port, output } = await aWorkerProcess(env);
    const { jobId } = await fleet.keepWarm("ada", { inMs: 500 });
    await fleet.keepWarm("bea", { inMs: 60_000, ttlMs: 120_000 });
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), 10_000);
    const health = await get(port, "/health");
    expect(health.status).toBe(200);
    expect(JSON.parse(health.text)).toEqual({ status: "healthy", active_jobs: 0, queue_depth: 1 });
    const { text } = await get(port, "/metrics");
    expect(text).toContain('keepwarm_worker_jobs_total{kind="warm",trigger="idle",outcome="completed"} 1');
    expect(text).toMatch(/keepwarm_worker_tokens_total\{cache="read"\} [1-9]/);
    expect(text).toContain('keepwarm_queue_depth{state="pending"} 1');
    const lines = output()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg).slice(0, 3)).toEqual(["worker starting", "polling", "claimed"]);
    expect(lines[0]).toMatchObject({ concurrency: 4 });
    expect(lines[2]).toMatchObject({ job: jobId, kind: "warm" });

    const status = await keepwarm(["fleet", "status"], env);
    expect(status.stdout).toContain("queued       1, of which due 0");
    expect(status.stdout).toContain("workers      1 (0 of 4 slots in use)");
    const jobs = await keepwarm(["fleet", "jobs", "--json"], env);
    expect(JSON.parse(jobs.stdout)).toHaveLength(2);
    const job = await keepwarm(["fleet", "job", jobId.slice(0, 8)], env);
    expect(job.stdout).toMatch(/outcome {6}completed/);
    const workers = await keepwarm(["fleet", "workers"], env);
    expect(workers.stdout).toContain("working");
    expect(`${output()}${status.stdout}${jobs.stdout}`).not.toContain(API_KEY);

    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect((await keepwarm(["fleet", "workers"], env)).stdout).toContain("There are no workers");
  });
});

describe("an embedded database", () => {
  it("is one process's: a second is refused, and told why", async () => {
    const directory = aStateDirectory();
    const first = await openPglite(directory);
    onTestFinished(() => first.close());
    await expect(openPglite(directory)).rejects.toThrow(DatabaseOwnedError);
    await expect(openPglite(directory)).rejects.toThrow(
      /another process's: only one may use it, so set DATABASE_URL/,
    );
  });
});
