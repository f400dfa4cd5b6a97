import { describe, expect, it, vi } from "vitest";
import {
  createAwaiting,
  createPreWarmDesk,
  listJobs,
  noteUse,
  type PreWarmDesk,
  preWarmByHand,
  preWarmsUsd,
  registeredEntries,
  requeue,
  unbookedPreWarms,
} from "../../src/fleet/index.ts";
import type { Cause, PrefixEntry } from "../../src/prewarm/index.ts";
import { entryOf, requestOf } from "../prewarm/entries.ts";
import { API_KEY, aFleet, type Engine, type FleetWorld, TTL_MS } from "./world.ts";

const eventually = { timeout: 20_000, interval: 50 };

/** What a gateway of that name does with a catalogue. */
export function aDesk(fleet: FleetWorld, owner: string, { capUsd = 10 } = {}): PreWarmDesk {
  return createPreWarmDesk({
    upstream: fleet.url,
    apiKey: () => API_KEY,
    capUsd: () => capUsd,
    database: fleet.database,
    store: fleet.store.preWarms,
    awaiting: createAwaiting(fleet.database),
    keyring: fleet.keyring,
    owner,
    settings: { ttl5mMs: TTL_MS },
    logger: fleet.logger,
    now: Date.now,
    databaseNow: () => fleet.clock.now(),
  });
}

async function twoDesks(
  fleet: FleetWorld,
  entries: readonly PrefixEntry[],
  options: { capUsd?: number } = {},
) {
  const desks = [aDesk(fleet, "gateway-1", options), aDesk(fleet, "gateway-2", options)] as const;
  for (const one of desks) await one.registered(entries);
  return desks;
}

async function threeWorkers(fleet: FleetWorld): Promise<void> {
  for (let at = 0; at < 3; at++) await fleet.worker();
}

const preWarms = (fleet: FleetWorld) => fleet.emulator.requests.filter(({ maxTokens }) => maxTokens === 0);
const jobsOf = async (fleet: FleetWorld) =>
  (await listJobs(fleet.database, { limit: 1_000 })).filter(({ kind }) => kind === "prewarm");

/** The same on every database. */
export function preWarmsOn(engine: Engine): void {
  describe(`a catalogue in a fleet on ${engine.name}`, () => {
    it.each<Cause>(["connect", "commit", "miss", "asked"])(
      "is sent once for %s, though two gateways have it and three workers look",
      async (cause) => {
        const fleet = await aFleet(engine);
        const entry = entryOf("reviewer");
        const [one, other] = await twoDesks(fleet, [entry]);
        await threeWorkers(fleet);
        const done = await Promise.all([one.warm([entry], { cause }), other.warm([entry], { cause })]);
        expect(preWarms(fleet)).toHaveLength(1);
        expect(preWarms(fleet)[0]?.usage?.cache_creation_input_tokens).toBeGreaterThan(900);
        const trigger = cause === "asked" ? "manual" : cause;
        const jobs = await jobsOf(fleet);
        expect(jobs).toMatchObject([{ kind: "prewarm", trigger, entry: "reviewer", outcome: "completed" }]);
        expect(done.flat()).toMatchObject([{ outcome: "wrote" }, { outcome: "wrote" }]);
        // One of the two books it.
        expect(done.flat().filter(({ costUsd }) => costUsd !== null)).toHaveLength(1);
        const booked = await Promise.all(
          ["gateway-1", "gateway-2"].map((owner) => unbookedPreWarms(fleet.database, owner)),
        );
        expect(booked.flat().map(({ done: { name, outcome } }) => [name, outcome])).toEqual([
          ["reviewer", "wrote"],
        ]);
        expect(await preWarmsUsd(fleet.database)).toBeCloseTo(booked.flat()[0]?.done.costUsd ?? 0, 9);
        // The phases are kept for audit, as of every job.
        const [job] = jobs;
        expect(job?.queuedAt).toBeLessThanOrEqual(job?.claimedAt ?? 0);
        expect(job?.claimedAt).toBeLessThanOrEqual(job?.runningAt ?? 0);
        expect(job?.worker).toMatch(/^worker-[123]$/);
      },
    );

    it("is not sent again while it is warm, whoever made it so", async () => {
      const fleet = await aFleet(engine);
      const entry = entryOf("reviewer");
      const [one, other] = await twoDesks(fleet, [entry]);
      await fleet.worker();
      await one.warm([entry], { cause: "connect" });
      expect(await other.warm([entry], { cause: "connect" })).toMatchObject([{ outcome: "warm" }]);
      expect(await jobsOf(fleet)).toHaveLength(1);
      expect(other.recordOf(entry, API_KEY)?.startedAt).toBeGreaterThan(Date.now() - 30_000);
    });

    it("completes as still warm, unsent, when a turn has used it before a worker came", async () => {
      const fleet = await aFleet(engine);
      const entry = entryOf("reviewer");
      const [one] = await twoDesks(fleet, [entry]);
      const warming = one.warm([entry], { cause: "connect" });
      await vi.waitFor(async () => expect(await jobsOf(fleet)).toHaveLength(1), eventually);
      one.used("reviewer", Date.now(), { "x-api-key": "sk-ant-api03-another-workspace" });
      await vi.waitFor(async () => {
        // What another workspace's key has used is another cache.
        const [{ usedAt } = { usedAt: undefined }] = await registeredEntries(fleet.database, "reviewer");
        expect(usedAt).toBeNull();
      });
      one.used("reviewer", Date.now(), { "x-api-key": API_KEY });
      await vi.waitFor(async () => {
        const [{ usedAt } = { usedAt: undefined }] = await registeredEntries(fleet.database, "reviewer");
        expect(usedAt).not.toBeNull();
      }, eventually);
      await fleet.worker();
      expect(await warming).toMatchObject([{ outcome: "warm", costUsd: null }]);
      expect(preWarms(fleet)).toEqual([]);
      expect(await jobsOf(fleet)).toMatchObject([{ outcome: "completed", costUsd: null }]);
    });

    it("keeps to its cap over all workers", async () => {
      const fleet = await aFleet(engine);
      const names = Array.from({ length: 9 }, (_, at) => `persona-${at}`);
      const entries = names.map((name) => entryOf(name));
      // Each writes $0.005, and up to $0.0085 is held back for it.
      const [one] = await twoDesks(fleet, entries, { capUsd: 0.02 });
      await threeWorkers(fleet);
      const done = await one.warm(entries, { cause: "connect" });
      const refused = done.filter(({ outcome }) => outcome === "refused");
      expect(done.filter(({ outcome }) => outcome === "wrote")).toHaveLength(preWarms(fleet).length);
      expect(preWarms(fleet).length).toBeGreaterThanOrEqual(2);
      expect(preWarms(fleet).length).toBeLessThanOrEqual(3);
      expect(refused).toHaveLength(9 - preWarms(fleet).length);
      expect(refused[0]?.why).toMatch(
        /are spent or on their way, and pre-warms may cost \$0.0200 in 24 hours/,
      );
      expect(await preWarmsUsd(fleet.database)).toBeLessThanOrEqual(0.02);
      const failed = (await jobsOf(fleet)).filter(({ outcome }) => outcome === "failed");
      expect(failed).toHaveLength(refused.length);
      expect(failed.map(({ attempt }) => attempt)).toEqual(refused.map(() => 1));
      expect(failed.map(({ error }) => error).toSorted()).toEqual(refused.map(({ why }) => why).toSorted());
    });

    it("is held by its schedule once an interval, though two gateways keep it", async () => {
      const fleet = await aFleet(engine);
      const entry = entryOf("reviewer", requestOf("reviewer"), { schedule: { everyMs: TTL_MS - 8_000 } });
      const [one, other] = await twoDesks(fleet, [entry]);
      await fleet.worker();
      const options = { cause: "schedule", refresh: true } as const;
      await one.warm([entry], options);
      const abort = new AbortController();
      // Planned, and not waited for.
      expect(await other.warm([entry], { ...options, signal: abort.signal })).toMatchObject([
        { outcome: "warm", costUsd: null },
      ]);
      const jobs = await jobsOf(fleet);
      const [first, second] = ["completed", "queued"].map((outcome) =>
        jobs.find((job) => job.outcome === outcome),
      );
      expect((second?.dueAt ?? 0) - (first?.dueAt ?? 0)).toBeCloseTo(TTL_MS - 8_000, -1);
      expect(preWarms(fleet)).toHaveLength(1);
      abort.abort();
      await vi.waitFor(
        async () =>
          expect((await jobsOf(fleet)).map(({ outcome }) => outcome).toSorted()).toEqual([
            "cancelled",
            "completed",
          ]),
        eventually,
      );
    });

    it("keeps its schedule when the gateway that had ordered the next one ends", async () => {
      const fleet = await aFleet(engine);
      const everyMs = TTL_MS - 8_000;
      const entry = entryOf("reviewer", requestOf("reviewer"), { schedule: { everyMs } });
      const [one, other] = await twoDesks(fleet, [entry]);
      await fleet.worker();
      const options = { cause: "schedule", refresh: true } as const;
      const [{ at } = { at: 0 }] = await one.warm([entry], options);
      const abort = new AbortController();
      await one.warm([entry], { ...options, signal: abort.signal });
      const others = new AbortController();
      await other.warm([entry], { ...options, signal: others.signal });
      expect(await jobsOf(fleet)).toHaveLength(2);
      abort.abort();
      await vi.waitFor(
        async () =>
          expect((await jobsOf(fleet)).map(({ outcome }) => outcome).toSorted()).toEqual([
            "cancelled",
            "completed",
            "queued",
          ]),
        eventually,
      );
      const job = (await jobsOf(fleet)).find(({ outcome }) => outcome === "queued");
      expect(Math.abs((job?.dueAt ?? 0) - at - everyMs)).toBeLessThan(1_000);
      others.abort();
    });

    it("is not sent once it was switched off where it was ordered, and goes on where it was not", async () => {
      const fleet = await aFleet(engine);
      const entry = entryOf("reviewer");
      const [one, other] = await twoDesks(fleet, [entry]);
      const abort = new AbortController();
      const off = one.warm([entry], { cause: "connect", signal: abort.signal });
      await vi.waitFor(async () => expect(await jobsOf(fleet)).toMatchObject([{ outcome: "queued" }]));
      const on = other.warm([entry], { cause: "connect" });
      await one.registered([]);
      abort.abort();
      expect(await off).toMatchObject([{ outcome: "refused", why: "It was called off." }]);
      await fleet.worker();
      expect(await on).toMatchObject([{ outcome: "wrote" }]);
      const jobs = await jobsOf(fleet);
      expect(jobs.map(({ outcome }) => outcome).toSorted()).toEqual(["cancelled", "completed"]);
      expect(preWarms(fleet)).toHaveLength(1);
    });

    it("is not sent for a gateway that has it no more, whatever waits in the queue", async () => {
      const fleet = await aFleet(engine);
      const entry = entryOf("reviewer");
      const [one] = await twoDesks(fleet, [entry]);
      void one.warm([entry], { cause: "connect" });
      await vi.waitFor(async () => expect(await jobsOf(fleet)).toMatchObject([{ outcome: "queued" }]));
      await one.registered([]);
      await fleet.worker();
      await vi.waitFor(
        async () => expect((await jobsOf(fleet)).at(-1)).toMatchObject({ outcome: "cancelled" }),
        eventually,
      );
      expect(preWarms(fleet)).toEqual([]);
    });

    it("is tried again with growing pauses, then failed, and queued again by hand", async () => {
      const fleet = await aFleet(engine);
      const entry = entryOf("reviewer");
      const [one] = await twoDesks(fleet, [entry]);
      fleet.emulator.failNext({ status: 500, times: 2 });
      await fleet.worker({ maxRetries: 1 });
      expect(await one.warm([entry], { cause: "connect" })).toMatchObject([{ outcome: "failed" }]);
      const [job] = await jobsOf(fleet);
      expect(job).toMatchObject({ outcome: "failed", attempt: 2 });
      expect(job?.attempts).toHaveLength(1);
      expect(job?.error).toContain("500");
      const again = await requeue(fleet.database, fleet.store, job?.id ?? "");
      if ("problem" in again) throw new Error(again.problem);
      await vi.waitFor(
        async () =>
          expect(await fleet.job(again.jobId)).toMatchObject({ outcome: "completed", trigger: "manual" }),
        eventually,
      );
      const [known] = await registeredEntries(fleet.database, "reviewer");
      if (known === undefined) throw new Error("it is not registered");
      expect(await preWarmByHand(fleet.store, known)).toEqual({
        problem: "reviewer is still warm: nothing is to be sent.",
      });
    });

    it("is verified by its usage: what the API cached nothing of has failed", async () => {
      const fleet = await aFleet(engine, { emulated: { minimumTokens: 2_000 } });
      const entry = entryOf("reviewer");
      const [one, other] = await twoDesks(fleet, [entry]);
      await fleet.worker();
      const [done] = await one.warm([entry], { cause: "connect" });
      expect(done).toMatchObject({ outcome: "nothing", isBound: false });
      expect(done?.why).toContain("The API cached nothing of it");
      expect(await jobsOf(fleet)).toMatchObject([{ outcome: "failed", attempt: 1 }]);
      // Each further time would be paid in full, at whichever gateway.
      const [again] = await other.warm([entry], { cause: "commit", refresh: true });
      expect(again?.outcome).toBe("refused");
      expect(again?.why).toContain("cached");
      expect(preWarms(fleet)).toHaveLength(1);
      const afresh = aDesk(fleet, "gateway-1");
      await afresh.registered([entry]);
      expect(await afresh.warm([entry], { cause: "connect" })).toMatchObject([{ outcome: "nothing" }]);
    });

    it("leaves out what nobody could read, with the reason", async () => {
      const fleet = await aFleet(engine);
      const unmarked = { ...requestOf("reviewer"), system: "no marker" };
      const entry = entryOf("reviewer", unmarked);
      const [one] = await twoDesks(fleet, [entry]);
      await fleet.worker();
      const [done] = await one.warm([entry], { cause: "connect" });
      expect(done?.outcome).toBe("refused");
      expect(done?.why).toMatch(/cache/);
      expect(await jobsOf(fleet)).toEqual([]);
    });

    it("counts what a lost worker may have sent at the most, and is sent by another", async () => {
      const fleet = await aFleet(engine);
      const entry = entryOf("reviewer");
      const [one] = await twoDesks(fleet, [entry]);
      const warming = one.warm([entry], { cause: "connect" });
      await vi.waitFor(async () => expect(await jobsOf(fleet)).toHaveLength(1));
      const [job] = await jobsOf(fleet);
      // As a worker leaves it that was killed on the way, and as the engine gives it to the next.
      await fleet.database.query(
        `update keepwarm.job set outcome = 'running', worker = 'killed', attempt = 1,
           claimed_at = clock_timestamp(), running_at = clock_timestamp()`,
      );
      await fleet.database.query(
        "insert into keepwarm.prewarm_spend (job_id, attempt, usd) values ($1, 1, 0.0085)",
        [job?.id],
      );
      await fleet.database.query("update keepwarm_queue.job set retry_count = 1");
      await fleet.worker();
      expect(await warming).toMatchObject([{ outcome: "wrote" }]);
      const booked = await unbookedPreWarms(fleet.database, "gateway-1");
      expect(booked.map(({ done: { outcome, isBound, costUsd } }) => [outcome, isBound, costUsd])).toEqual([
        ["failed", true, 0.0085],
        ["wrote", false, expect.closeTo(0.005, 3)],
      ]);
      expect(await preWarmsUsd(fleet.database)).toBeCloseTo(0.0135, 3);
    });

    it("expires with its gateway's silence, once it is cold", async () => {
      const fleet = await aFleet(engine);
      const entry = entryOf("reviewer");
      await twoDesks(fleet, [entry]);
      await fleet.database.query("update keepwarm.registration set expires_at = clock_timestamp()");
      await fleet.database.query(
        "update keepwarm.entry set created_at = clock_timestamp() - interval '2 hours'",
      );
      const [known] = await fleet.database.query<{ id: string }>("select id from keepwarm.entry");
      await fleet.worker();
      await vi.waitFor(async () => {
        expect(await fleet.database.query("select 1 from keepwarm.entry")).toEqual([]);
        expect(await fleet.database.query("select 1 from keepwarm.registration")).toEqual([]);
      }, eventually);
      await noteUse(fleet.database, known?.id ?? "", Date.now());
    });
  });
}
