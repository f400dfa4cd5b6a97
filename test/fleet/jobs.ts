import { describe, expect, it, vi } from "vitest";
import {
  artifactTable,
  createCredentials,
  createKeyring,
  listWorkers,
  newFleetKey,
  queueOverview,
  requeue,
  unbooked,
} from "../../src/fleet/index.ts";
import { API_KEY, aFleet, type Engine, type FleetWorld, ONCE, TTL_MS } from "./world.ts";

const eventually = { timeout: 20_000, interval: 50 };

async function untilOutcome(fleet: FleetWorld, jobId: string, outcome: string): Promise<void> {
  await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe(outcome), eventually);
}

/** The same on every database. */
export function jobsOn(engine: Engine): void {
  describe(`a job on ${engine.name}`, () => {
    it("is claimed, run and completed, each with its time and its worker", async () => {
      const fleet = await aFleet(engine);
      // At work before there is anything to do.
      await fleet.worker();
      const { jobId } = await fleet.keepWarm("ada", { inMs: 3_000 });
      expect(await fleet.job(jobId)).toMatchObject({
        outcome: "queued",
        trigger: "idle",
        worker: null,
        attempt: 0,
      });
      await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), eventually);
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
      await vi.waitFor(() => expect(fleet.warms()).toBe(3), eventually);
      await vi.waitFor(async () =>
        expect(await queueOverview(fleet.database)).toMatchObject({ completed: 3, queued: 0, inProgress: 0 }),
      );
      const reads = fleet.emulator.requests.slice(1).map(({ usage }) => usage?.cache_creation_input_tokens);
      expect(reads).toEqual([0, 0, 0]);
    });

    it("is the only pending one of its prefix: a new turn replaces its time", async () => {
      const fleet = await aFleet(engine);
      const first = await fleet.keepWarm("ada", { inMs: 1_000 });
      const second = await fleet.keepWarm("ada", { inMs: 2_500 });
      expect(second.jobId).toBe(first.jobId);
      expect(await queueOverview(fleet.database)).toMatchObject({ queued: 1 });
      await fleet.worker();
      await untilOutcome(fleet, second.jobId, "completed");
      const { dueAt, runningAt } = await fleet.job(second.jobId);
      expect(runningAt).toBeGreaterThanOrEqual(dueAt);
      expect(fleet.warms()).toBe(1);
    });

    it("is not sent once it was taken back, and nothing of its prefix is left", async () => {
      const fleet = await aFleet(engine);
      const { jobId, prefixId } = await fleet.keepWarm("ada", { inMs: 800 });
      await fleet.store.drop(prefixId);
      await fleet.worker();
      expect(await fleet.job(jobId)).toMatchObject({ outcome: "cancelled" });
      // Another that is due after it has come and gone.
      const other = await fleet.keepWarm("bea", { inMs: 1_500 });
      await untilOutcome(fleet, other.jobId, "completed");
      expect(fleet.warms()).toBe(1);
      const rows = await fleet.database.query("select 1 from keepwarm.prefix where id = $1", [prefixId]);
      expect(rows).toEqual([]);
    });

    it("is not sent when its prefix changed after it was claimed", async () => {
      const fleet = await aFleet(engine);
      const { jobId, prefixId } = await fleet.keepWarm("ada", { inMs: 1_500 });
      await fleet.worker();
      await untilOutcome(fleet, jobId, "claimed");
      await fleet.database.query("update keepwarm.prefix set revision = gen_random_uuid() where id = $1", [
        prefixId,
      ]);
      await untilOutcome(fleet, jobId, "cancelled");
      expect(fleet.warms()).toBe(0);
    });

    it("is tried again with growing pauses, and then failed with its message", async () => {
      const fleet = await aFleet(engine);
      const { jobId } = await fleet.keepWarm("ada", { inMs: 500 });
      fleet.emulator.failNext({ status: 500, times: 10 });
      await fleet.worker();
      await untilOutcome(fleet, jobId, "failed");
      const { attempt, attempts, error } = await fleet.job(jobId);
      expect(attempt).toBe(4);
      expect(attempts).toHaveLength(3);
      expect(error).toContain("500");
      const sent = fleet.emulator.requests.slice(1).map(({ at }) => at);
      expect(sent).toHaveLength(4);
      const results = await unbooked(fleet.database, "gateway-1");
      expect(results.map(({ told }) => told.kind)).toEqual(["failed"]);
    });

    it("is done when another try succeeds", async () => {
      const fleet = await aFleet(engine);
      const { jobId } = await fleet.keepWarm("ada", { inMs: 500 });
      fleet.emulator.failNext({ status: 529 });
      await fleet.worker();
      await untilOutcome(fleet, jobId, "completed");
      expect(await fleet.job(jobId)).toMatchObject({ attempt: 2, error: null });
    });

    it("is queued again by hand, and by nothing else", async () => {
      const fleet = await aFleet(engine);
      const { jobId } = await fleet.keepWarm("ada", { inMs: 500, ttlMs: 30_000 });
      fleet.emulator.failNext({ status: 400, message: "no" });
      const worker = await fleet.worker();
      await untilOutcome(fleet, jobId, "failed");
      expect(worker.active()).toBe(0);
      const again = await requeue(fleet.database, fleet.store, jobId.slice(0, 8));
      if ("problem" in again) throw new Error(again.problem);
      expect(again.jobId).not.toBe(jobId);
      await untilOutcome(fleet, again.jobId, "completed");
      expect((await fleet.job(again.jobId)).trigger).toBe("manual");
      expect((await fleet.job(jobId)).outcome).toBe("failed");
      await expect(requeue(fleet.database, fleet.store, "00000000")).resolves.toHaveProperty("problem");
    });

    it("ends as lapsed, unsent, when nobody came in time", async () => {
      const fleet = await aFleet(engine);
      const { jobId } = await fleet.keepWarm("ada", { inMs: 300, ttlMs: 1_000 });
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      await fleet.worker();
      await untilOutcome(fleet, jobId, "lapsed");
      expect(fleet.warms()).toBe(0);
      const [result] = await unbooked(fleet.database, "gateway-1");
      expect(result?.told.kind).toBe("lapsed");
      await vi.waitFor(async () => {
        expect(await fleet.database.query("select 1 from keepwarm.prefix")).toEqual([]);
      }, eventually);
    });

    it("stops its prefix for good when the cache was cold", async () => {
      const fleet = await aFleet(engine);
      const plan = { ...ONCE, everyMs: 1_000, warms: 5, until: fleet.clock.now() + 60_000 };
      const { jobId, prefixId } = await fleet.keepWarm("ada", { inMs: 800, plan });
      fleet.emulator.clearCache();
      await fleet.worker();
      await untilOutcome(fleet, jobId, "completed");
      const [row] = await fleet.database.query<{ body: unknown; stopped: string }>(
        "select body, stopped from keepwarm.prefix where id = $1",
        [prefixId],
      );
      expect(row).toEqual({ body: null, stopped: "the last warm found it cold" });
      expect(await queueOverview(fleet.database)).toMatchObject({ queued: 0, completed: 1 });
      expect(fleet.warms()).toBe(1);
    });

    it("writes what nothing has written yet, where that is what it is for", async () => {
      const fleet = await aFleet(engine);
      const { jobId } = await fleet.keepWarm("shared", { inMs: 0, trigger: "connect", written: false });
      await fleet.worker();
      await untilOutcome(fleet, jobId, "completed");
      const [result] = await unbooked(fleet.database, "gateway-1");
      expect(result?.told).toMatchObject({ kind: "warmed", usage: { cacheReadTokens: 0 } });
      expect(await fleet.database.query("select 1 from keepwarm.prefix where stopped is null")).toHaveLength(
        1,
      );
    });

    it("is read with the key that wrote it, after a newer one has come", async () => {
      const old = newFleetKey();
      const fleet = await aFleet(engine, { key: old });
      const { jobId } = await fleet.keepWarm("ada", { inMs: 500 });
      const rotated = createKeyring(`${newFleetKey()},${old}`);
      const newer = await fleet.keepWarm("bea", { inMs: 600, keyring: rotated });
      await fleet.worker({ keyring: rotated, credentials: createCredentials(API_KEY, rotated) });
      await untilOutcome(fleet, jobId, "completed");
      await untilOutcome(fleet, newer.jobId, "completed");
      const ids = await fleet.database.query<{ key_id: string }>(
        "select distinct key_id from keepwarm.prefix",
      );
      expect(ids.map(({ key_id }) => key_id).toSorted()).toEqual([...rotated.ids].toSorted());
    });

    it("is left to workers that hold its credential", async () => {
      const fleet = await aFleet(engine);
      const { jobId } = await fleet.keepWarm("ada", { inMs: 300, apiKey: "sk-ant-api03-other-workspace" });
      const other = await fleet.keepWarm("bea", { inMs: 800 });
      await fleet.worker();
      await untilOutcome(fleet, other.jobId, "completed");
      expect(await fleet.job(jobId)).toMatchObject({ outcome: "queued", worker: null });
      const both = `${API_KEY}\nsk-ant-api03-other-workspace`;
      await fleet.worker({ credentials: createCredentials(both, fleet.keyring) });
      await untilOutcome(fleet, jobId, "completed");
      expect((await fleet.job(jobId)).worker).toBe("worker-2");
    });

    it("is held by one worker, however many ask", async () => {
      const fleet = await aFleet(engine);
      for (let index = 0; index < 24; index++) {
        await fleet.keepWarm(`number-${index}`, {
          inMs: 2_500 - index * 40,
          text: "The same for all. ".repeat(300),
        });
      }
      for (let index = 0; index < 4; index++) await fleet.worker();
      await vi.waitFor(
        async () =>
          expect(await queueOverview(fleet.database)).toMatchObject({ completed: 24, inProgress: 0 }),
        eventually,
      );
      expect(fleet.warms()).toBe(24);
      const results = await unbooked(fleet.database, "gateway-1");
      expect(new Set(results.map(({ conversation }) => conversation)).size).toBe(24);
    });

    it("waits with all others of its key for what one 429 asked for", async () => {
      const fleet = await aFleet(engine);
      const first = await fleet.keepWarm("ada", { inMs: 300 });
      fleet.emulator.failNext({ status: 429, retryAfterSeconds: 2 });
      await fleet.worker({ concurrency: 1 });
      await vi.waitFor(() => expect(fleet.emulator.requests.at(1)?.status).toBe(429), eventually);
      const turnedAwayAt = fleet.emulator.requests[1]?.at ?? 0;
      const second = await fleet.keepWarm("bea", { inMs: 100, ttlMs: 30_000 });
      await fleet.worker({ concurrency: 1 });
      await untilOutcome(fleet, second.jobId, "completed");
      await untilOutcome(fleet, first.jobId, "completed");
      const warms = fleet.emulator.requests.filter(({ maxTokens }) => maxTokens === 0);
      for (const { at } of warms.slice(1)) expect(at - turnedAwayAt).toBeGreaterThan(1_900);
    });

    it("waits likewise where the API asks for it in another way", async () => {
      const fleet = await aFleet(engine);
      const first = await fleet.keepWarm("ada", { inMs: 300 });
      fleet.emulator.failNext({ status: 529, retryAfterSeconds: 2 });
      await fleet.worker({ concurrency: 1 });
      await vi.waitFor(() => expect(fleet.emulator.requests.at(1)?.status).toBe(529), eventually);
      const turnedAwayAt = fleet.emulator.requests[1]?.at ?? 0;
      const second = await fleet.keepWarm("bea", { inMs: 1_000, ttlMs: 30_000 });
      await fleet.worker({ concurrency: 1 });
      await untilOutcome(fleet, second.jobId, "completed");
      await untilOutcome(fleet, first.jobId, "completed");
      const warms = fleet.emulator.requests.filter(({ maxTokens }) => maxTokens === 0);
      for (const { at } of warms.slice(1)) expect(at - turnedAwayAt).toBeGreaterThan(1_900);
    });

    it("is no reason to leave the API alone for good, whatever it asks for", async () => {
      const fleet = await aFleet(engine);
      const { jobId } = await fleet.keepWarm("ada", { inMs: 300 });
      fleet.emulator.failNext({ status: 429, retryAfterSeconds: 1e9 });
      await fleet.worker();
      await untilOutcome(fleet, jobId, "lapsed");
      const [limit] = await fleet.database.query<{ left: number }>(
        "select extract(epoch from until - clock_timestamp())::double precision as left from keepwarm.rate_limit",
      );
      expect(limit?.left).toBeGreaterThan(3_500);
      expect(limit?.left).toBeLessThanOrEqual(3_600);
    });

    it("is finished when its worker is told to end, and nothing new is taken", async () => {
      const fleet = await aFleet(engine, { emulated: { firstTokenDelayMs: 1_000 } });
      const { jobId } = await fleet.keepWarm("ada", { inMs: 1_200, ttlMs: 30_000 });
      const worker = await fleet.worker();
      await untilOutcome(fleet, jobId, "running");
      const late = await fleet.keepWarm("bea", { inMs: 100, ttlMs: 30_000 });
      await worker.drain(10_000);
      expect(await fleet.job(jobId)).toMatchObject({ outcome: "completed" });
      expect(await fleet.job(late.jobId)).toMatchObject({ outcome: "queued" });
      expect(await listWorkers(fleet.database)).toEqual([]);
    });

    it("is ended when every worker that tried was lost", async () => {
      const fleet = await aFleet(engine);
      const { jobId } = await fleet.keepWarm("ada", { inMs: 300, ttlMs: 60_000 });
      await fleet.database.query(
        `update keepwarm.job set outcome = 'running', worker = 'gone', attempt = 1,
         claimed_at = now() - interval '1 minute', running_at = now() - interval '1 minute' where id = $1`,
        [jobId],
      );
      await fleet.queues.boss.cancel((await queueOf(fleet, jobId)) ?? "", jobId);
      await fleet.worker();
      await untilOutcome(fleet, jobId, "failed");
      const [result] = await unbooked(fleet.database, "gateway-1");
      expect(result?.told).toMatchObject({ kind: "aborted", costUsd: null });
    });

    it("makes an artifact, and fails where there is no loader for it", async () => {
      const fleet = await aFleet(engine);
      const repository = process.cwd();
      const order = { repository, branch: "HEAD", type: "repo_map", parameters: { path: "src/fleet" } };
      const jobId = await fleet.store.order(order, "gateway-1", "commit");
      const unknown = await fleet.store.order({ ...order, type: "horoscope" }, "gateway-1", "manual");
      await fleet.worker();
      await untilOutcome(fleet, jobId, "completed");
      await untilOutcome(fleet, unknown, "failed");
      const made = await artifactTable(fleet.database, fleet.keyring).get(order);
      const { files } = JSON.parse(made?.content ?? "{}");
      expect(files).toContainEqual({
        path: "src/fleet/in-batches.ts",
        bytes: expect.any(Number),
        exports: ["inBatches"],
      });
      // It is what prompts are made of.
      const [row] = await fleet.database.query<{ content: string }>("select content from keepwarm.artifact");
      expect(row?.content).not.toContain("in-batches");
      expect(Buffer.from(row?.content.split(":")[1] ?? "", "base64").toString()).not.toContain("in-batches");
      expect(await artifactTable(fleet.database, createKeyring(newFleetKey())).get(order)).toBeNull();
    });
  });
}

async function queueOf(fleet: FleetWorld, jobId: string): Promise<string | undefined> {
  const [row] = await fleet.database.query<{ queue: string }>(
    "select queue from keepwarm.job where id = $1",
    [jobId],
  );
  return row?.queue;
}
