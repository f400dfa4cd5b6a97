/** What breaks in the midst of something, or is heard of too late. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { RequestFacts } from "../../src/anthropic/index.ts";
import type { DispatchContext } from "../../src/capture/index.ts";
import { createDispatcher } from "../../src/fleet/dispatcher.ts";
import { openPostgres, unbooked } from "../../src/fleet/index.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { aFleet, aPostgresDatabase, POSTGRES } from "./world.ts";

describe("a connection that breaks", () => {
  it("between two statements of a transaction fails that, and not the process", async () => {
    const url = await aPostgresDatabase();
    const database = await openPostgres({ url, name: "test" });
    const other = await openPostgres({ url, name: "other" });
    onTestFinished(async () => {
      await database.close();
      await other.close();
    });
    const broken = database.transaction(async (tx) => {
      const [row] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
      await other.query("select pg_terminate_backend($1)", [row?.pid]);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await tx.query("select 1");
    });
    await expect(broken).rejects.toThrow();
    await expect(database.query("select 1 as one")).resolves.toEqual([{ one: 1 }]);
  });
});

describe("a warm whose worker died while it was sent", () => {
  it("is told to its owner even when a turn has taken its request's place", async () => {
    const fleet = await aFleet(POSTGRES);
    const { jobId, prefixId } = await fleet.keepWarm("ada", { inMs: 500 });
    const { database } = fleet;
    await database.query(
      `update keepwarm.job set outcome = 'running', worker = 'gone', attempt = 1,
         claimed_at = clock_timestamp(), running_at = clock_timestamp() where id = $1`,
      [jobId],
    );
    await database.query("update keepwarm_queue.job set retry_count = 1 where id = $1", [jobId]);
    await database.query("update keepwarm.prefix set revision = gen_random_uuid() where id = $1", [prefixId]);
    await fleet.worker();
    await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("cancelled"), 10_000);
    expect(fleet.warms()).toBe(0);
    const results = await unbooked(database, "gateway-1");
    expect(results.map(({ told }) => told)).toEqual([{ kind: "aborted", modelName: "", costUsd: null }]);
  });
});

describe("a conversation that goes on with a credential no fleet can use", () => {
  it("leaves nothing planned of what it had before", async () => {
    const fleet = await aFleet(POSTGRES);
    const failed = vi.fn<DispatchContext["failed"]>();
    const drop = vi.fn(fleet.store.drop);
    const headers = { authorization: "Bearer sk-ant-oat01-a-persons" };
    const held = {
      version: {},
      facts: { model: "claude-opus-5-5" } as RequestFacts,
      usage: null,
      lastUsedAt: Date.now(),
      ttlMs: 60_000,
      request: async () => ({ url: fleet.url, headers, body: new Uint8Array() }),
    };
    const dispatcher = createDispatcher({
      context: { repeatable: () => held, failed, completed() {}, aborted() {} },
      store: { ...fleet.store, drop },
      keyring: fleet.keyring,
      owner: "gateway-1",
      keeping: {},
      settings: {},
      logger: createRecordingLogger(),
      now: Date.now,
      databaseNow: Date.now,
      reachable() {},
    });
    onTestFinished(() => dispatcher.dispose());
    const now = Date.now();
    const plan = { dueAt: now + 1_000, everyMs: 1_000, lapsesAt: now + 5_000, most: 3, until: now + 9_000 };
    dispatcher.plan({ conversationId: "ada", ...plan });
    await vi.waitFor(() => expect(failed).toHaveBeenCalledOnce(), 10_000);
    expect(drop).toHaveBeenCalledOnce();
  });
});

describe("what a newer worker tells", () => {
  it("is left to a newer gateway, and is in nobody's way", async () => {
    const { database } = await aFleet(POSTGRES);
    const add = (count: number, kind: string) =>
      database.query(
        `insert into keepwarm.result (id, job_id, attempt, kind, owner, conversation, prefix_id, told, recorded_at)
         select gen_random_uuid(), gen_random_uuid(), 1, $2, 'gateway-1', 'ada', 'a', $3::jsonb, clock_timestamp()
         from generate_series(1, $1)`,
        [count, kind, JSON.stringify({ kind, error: "no", modelName: "" })],
      );
    await add(600, "of tomorrow");
    await add(1, "failed");
    expect(await unbooked(database, "gateway-1")).toMatchObject([{ told: { kind: "failed" } }]);
  });
});

describe("a conversation whose request was let go of", () => {
  it("is said to have lapsed, and nothing of it stays planned", async () => {
    const fleet = await aFleet(POSTGRES);
    const failed = vi.fn<DispatchContext["failed"]>();
    const drop = vi.fn(fleet.store.drop);
    const dispatcher = createDispatcher({
      context: { repeatable: () => null, failed, completed() {}, aborted() {} },
      store: { ...fleet.store, drop },
      keyring: fleet.keyring,
      owner: "gateway-1",
      keeping: {},
      settings: {},
      logger: createRecordingLogger(),
      now: Date.now,
      databaseNow: Date.now,
      reachable() {},
    });
    onTestFinished(() => dispatcher.dispose());
    const now = Date.now();
    const plan = { dueAt: now + 1_000, everyMs: 1_000, lapsesAt: now + 5_000, most: 3, until: now + 9_000 };
    dispatcher.plan({ conversationId: "ada", ...plan });
    await vi.waitFor(() => expect(failed).toHaveBeenCalledOnce(), 10_000);
    expect(failed.mock.calls[0]?.[0]).toMatchObject({ conversationId: "ada", lapsed: true });
    expect(drop).toHaveBeenCalledOnce();
  });
});
