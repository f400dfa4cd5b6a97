import { describe, expect, it } from "vitest";
import { createFeed } from "../../src/console/feed.ts";
import { type ControlledFleet, Refused } from "../../src/console/index.ts";
import { createRoutes } from "../../src/console/routes.ts";
import type { FleetJobView } from "../../src/hub/index.ts";
import { fleetAnswer, fleetJobAnswer, fleetJobsAnswer } from "../../src/hub/views/index.ts";
import { controlledInMemory, NOON } from "../support/controlled-in-memory.ts";

const JOB: FleetJobView = {
  id: "3f2a0000-0000-4000-8000-000000000000",
  kind: "warm",
  trigger: "idle",
  outcome: "failed",
  prefixId: "prefix",
  conversation: "api-server",
  repository: null,
  branch: null,
  artifact: null,
  worker: "worker-1",
  attempt: 4,
  attempts: [{ attempt: 3, worker: "worker-2", error: "no" }],
  queuedAt: NOON - 9_000,
  dueAt: NOON - 8_000,
  claimedAt: NOON - 8_700,
  runningAt: NOON - 8_000,
  finishedAt: NOON - 7_000,
  error: "no",
  costUsd: null,
  now: NOON,
};

const QUEUE = { queued: 3, due: 1, inProgress: 2, completed: 9, failed: 1, lapsed: 0, cancelled: 4 };

function aFleet() {
  const calls: string[] = [];
  const fleet: ControlledFleet = {
    overview: async () => ({
      embedded: false,
      dashboardUrl: null,
      queue: { ...QUEUE, prefixes: 5, spentUsd: 0.25 },
      workers: [],
      gateways: [],
      now: NOON,
    }),
    async jobs(query) {
      calls.push(JSON.stringify(query));
      return { jobs: [JOB] };
    },
    job: async (id) =>
      JOB.id.startsWith(id)
        ? { job: JOB, phases: { queuedMs: 300, claimedMs: 700, runningMs: 1_000, elapsedMs: 2_000 } }
        : null,
    async requeue(id) {
      calls.push(`requeue ${id}`);
      if (!JOB.id.startsWith(id)) throw new Refused(409, `Job ${id} has not ended: it is running.`);
      return { jobId: "another" };
    },
  };
  return { fleet, calls };
}

function routesOf(fleet: ControlledFleet | null) {
  const controlled = { ...controlledInMemory(), fleet };
  const feed = createFeed({ controlled, onError: () => {} });
  const app = createRoutes({ controlled, feed, onError: () => {}, heartbeatMs: 1_000 });
  return async (path: string, method = "GET") => {
    const answer = await app.request(path, { method });
    return { status: answer.status, told: (await answer.json()) as unknown };
  };
}

describe("a gateway with a fleet", () => {
  it("tells of its queue and its workers, as its page reads it", async () => {
    const { told } = await routesOf(aFleet().fleet)("/v1/fleet");
    expect(fleetAnswer.parse(told)).toMatchObject({ queue: QUEUE, now: NOON });
  });

  it("lists jobs by their outcome, and refuses one that there is not", async () => {
    const { fleet, calls } = aFleet();
    const ask = routesOf(fleet);
    expect(fleetJobsAnswer.parse((await ask("/v1/fleet/jobs?outcome=failed")).told).jobs).toEqual([JOB]);
    await ask("/v1/fleet/jobs?limit=5");
    expect(calls).toEqual(['{"outcome":"failed","limit":100}', '{"limit":5}']);
    for (const wrong of ["outcome=tired", "limit=0", "limit=1001", "limit=many"]) {
      expect((await ask(`/v1/fleet/jobs?${wrong}`)).status).toBe(400);
    }
  });

  it("shows a job with its phases, and says where there is none", async () => {
    const ask = routesOf(aFleet().fleet);
    expect(fleetJobAnswer.parse((await ask("/v1/fleet/jobs/3f2a")).told)).toMatchObject({
      job: JOB,
      phases: { claimedMs: 700 },
    });
    expect(await ask("/v1/fleet/jobs/beef")).toEqual({
      status: 404,
      told: { error: "There is no job beef, or more than one that begins so." },
    });
  });

  it("queues a job again, or says why not", async () => {
    const { fleet, calls } = aFleet();
    const ask = routesOf(fleet);
    expect(await ask("/v1/fleet/jobs/3f2a/requeue", "POST")).toEqual({
      status: 200,
      told: { jobId: "another" },
    });
    expect(calls).toEqual(["requeue 3f2a"]);
    expect(await ask("/v1/fleet/jobs/beef/requeue", "POST")).toEqual({
      status: 409,
      told: { error: "Job beef has not ended: it is running." },
    });
    expect((await ask("/v1/fleet/jobs/3f2a/requeue")).status).toBe(404);
  });
});

it("a gateway without a fleet says so", async () => {
  const ask = routesOf(null);
  for (const [path, method] of [
    ["/v1/fleet", "GET"],
    ["/v1/fleet/jobs", "GET"],
    ["/v1/fleet/jobs/3f2a", "GET"],
    ["/v1/fleet/jobs/3f2a/requeue", "POST"],
  ] as const) {
    expect(await ask(path, method)).toEqual({
      status: 404,
      told: { error: "This gateway has no fleet: start it with --fleet." },
    });
  }
});
