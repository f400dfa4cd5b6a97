/**
 * Two workers, a PostgreSQL and an API that answers at once, on this machine: 10,000 conversations, each warmed again a
 * minute after its last warm. Beside them, in the same run, as many bare pg-boss jobs that do nothing but come again: in
 * as many processes, as many at once, on the same server, deferred by the same time.
 *
 * It must hold that: at that rate the fleet does at least 0.8 of the bare jobs a second · a request reaches the API at
 * most 2 s after its warm is due, in 99 of 100 cases. Then the same jobs all due at once: how many a second are done when
 * nothing else limits them, and what they cost in the time of a core, which tells more on a machine that is busy otherwise.
 *
 * Run: npm run bench:fleet [-- --conversations 10000 --every 60 --kb 32]; a look, in a minute: -- --short
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PgBoss } from "pg-boss";
import {
  boundTo,
  createFleetStore,
  createKeyring,
  type FleetDatabase,
  installTables,
  newFleetKey,
  openPostgres,
  openQueues,
  pack,
} from "../src/fleet/index.ts";
import { startPostgres } from "../test/fleet/postgres-server.ts";
import { bareOptions, type Lateness, QUEUE } from "./support/bare-queue.ts";
import { startScript } from "./support/child-process.ts";
import { coreMs } from "./support/core-time.ts";
import { percentile } from "./support/statistics.ts";
import { transcript } from "./support/transcript.ts";
import type { Arrivals } from "./support/warm-answers.ts";

const { values } = parseArgs({
  options: {
    conversations: { type: "string" },
    every: { type: "string" },
    kb: { type: "string", default: "32" },
    short: { type: "boolean", default: false },
  },
});
/** In short the same rate, with fewer. */
const CONVERSATIONS = Number(values.conversations ?? (values.short ? 1_500 : 10_000));
const EVERY_MS = Number(values.every ?? (values.short ? 9 : 60)) * 1_000;
const BODY_BYTES = Number(values.kb) * 1_000;
const WORKERS = 2;
const CONCURRENCY = 16;
const LEAST_SHARE = 0.8;
const MOST_LAG_MS = 2_000;
const HOUR_MS = 3_600_000;
/** How long storing takes, about: what has become overdue until it is done is no part of what is measured. */
const LEAD_MS = { fleet: values.short ? 6_000 : 75_000, bare: 5_000 };
/** Not measured, in ms. */
const WARM_UP_MS = values.short ? 0 : 10_000;
const API_KEY = "sk-ant-api03-of-a-bench";
const KEY = newFleetKey();

const script = (name: string) => fileURLToPath(new URL(`./support/${name}`, import.meta.url));
const BODIES = Array.from({ length: 20 }, (_, seed) => Buffer.from(transcript(seed, BODY_BYTES)));

/** What is set against what. */
const COMPARED = `Both: ${WORKERS} processes that take up to ${CONCURRENCY} jobs at once and look twice a second where there are none, each job
inserted anew when it is done and deferred by the same time; a database of its own on one server, which writes durably.
keepwarm: each is claimed, compared with its prefix, decrypted, unpacked, sent over HTTP, and recorded in every step.
bare pg-boss: each is fetched, and ended and inserted anew in one transaction for all that were fetched with it.
`;

interface Measured {
  readonly jobsASecond: number;
  readonly lags: readonly number[];
  readonly megabytes: number;
}

let arrivals: (readonly [conversation: string, at: number])[] = [];
const api = await startScript(script("warm-answers.ts"), [], (told) => arrivals.push(...(told as Arrivals)));
const postgres = await startPostgres({ durable: true });
try {
  const fleet = await paced("fleet", fleetOf);
  const bare = await paced("bare", bareOf);
  const fleetMost = await flooded("fleet_flooded", fleetOf);
  const bareMost = await flooded("bare_flooded", bareOf);
  const rows = [
    ["", "keepwarm", "bare pg-boss"],
    ["jobs a second, as they fall due", fleet.jobsASecond.toFixed(1), bare.jobsASecond.toFixed(1)],
    ["due → sent, p50", `${ms(fleet, 50)} ms`, `${ms(bare, 50)} ms`],
    ["due → sent, p99", `${ms(fleet, 99)} ms`, `${ms(bare, 99)} ms`],
    ["database", `${fleet.megabytes.toFixed(0)} MB`, `${bare.megabytes.toFixed(0)} MB`],
    ["jobs a second, all due at once", fleetMost.jobsASecond.toFixed(0), bareMost.jobsASecond.toFixed(0)],
    ["ms of a core for each, its own", fleetMost.ownMs.toFixed(2), bareMost.ownMs.toFixed(2)],
    ["ms of a core for each, PostgreSQL's", fleetMost.serverMs.toFixed(2), bareMost.serverMs.toFixed(2)],
  ];
  const sent = `${CONVERSATIONS} conversations of ${BODY_BYTES / 1_000} kB, each every ${EVERY_MS / 1_000} s`;
  console.log(`${sent}; ${WORKERS} workers with ${CONCURRENCY} slots, PostgreSQL beside them\n`);
  console.log(COMPARED);
  for (const [name = "", ...cells] of rows)
    console.log(name.padEnd(36), ...cells.map((cell) => cell.padStart(14)));
  const share = fleet.jobsASecond / bare.jobsASecond;
  const isGood = share >= LEAST_SHARE && percentile(fleet.lags, 99) <= MOST_LAG_MS;
  console.log(
    `\nof the bare jobs' rate: ${share.toFixed(2)} as they fall due (bar: ≥ ${LEAST_SHARE}; p99 ≤ 2 s),`,
  );
  console.log(
    `${(fleetMost.jobsASecond / bareMost.jobsASecond).toFixed(2)} when all are due at once (no bar): ${isGood ? "good" : "MISSED"}`,
  );
  if (!isGood) process.exitCode = 1;
} finally {
  await api.stop();
  await postgres.close();
}

function ms({ lags }: Measured, percent: number): string {
  return percentile(lags, percent).toFixed(0);
}

/** A side of the comparison, on a database of its own. */
interface Side {
  /** Stores a job for each conversation. @param dueAt of the nth, in epoch ms; again after `everyMs` */
  store(dueAt: (n: number) => number, everyMs: number): Promise<void>;
  start(everyMs: number): Promise<void>;
  /** How late each job was that was due since then, in ms. */
  lags(since: number): Promise<readonly number[]>;
  done(): number;
  /** Ms of a core that its processes have used. */
  coreMs(): number;
  stop(): Promise<void>;
}

type Open = (database: FleetDatabase, url: string) => Promise<Side>;

async function onDatabase<Result>(
  name: string,
  open: Open,
  act: (side: Side, database: FleetDatabase) => Promise<Result>,
): Promise<Result> {
  const admin = await openPostgres({ url: postgres.url("postgres"), name: "bench" });
  await admin.query(`create database ${name}`);
  await admin.close();
  const url = postgres.url(name);
  const database = await openPostgres({ url, name: "bench", connections: 8 });
  const side = await open(database, url);
  try {
    return await act(side, database);
  } finally {
    await side.stop();
    await database.close();
  }
}

/** Each is due again so long after it was done, and they are spread over that time. */
function paced(name: keyof typeof LEAD_MS, open: Open): Promise<Measured> {
  return onDatabase(name, open, async (side, database) => {
    const from = Date.now() + LEAD_MS[name];
    await side.store((n) => from + (n / CONVERSATIONS) * EVERY_MS, EVERY_MS);
    await side.start(EVERY_MS);
    await sleep(Math.max(from, Date.now()) + WARM_UP_MS - Date.now());
    const since = Date.now();
    const before = side.done();
    const began = performance.now();
    await sleep(EVERY_MS);
    const jobsASecond = ((side.done() - before) * 1_000) / (performance.now() - began);
    const lags = await side.lags(since);
    const [row] = await database.query<{ bytes: string }>(
      "select pg_database_size(current_database()) as bytes",
    );
    return { jobsASecond, lags, megabytes: Number(row?.bytes) / 1e6 };
  });
}

interface Flooded {
  readonly jobsASecond: number;
  /** Ms of a core for each job: of the processes that do them, and of the server. */
  readonly ownMs: number;
  readonly serverMs: number;
}

/** All at once. */
function flooded(name: string, open: Open): Promise<Flooded> {
  return onDatabase(name, open, async (side) => {
    const due = Date.now();
    await side.store(() => due, HOUR_MS);
    const began = performance.now();
    const serverBefore = coreMs(postgres.pid(), true);
    await side.start(HOUR_MS);
    const first = performance.now();
    const ownBefore = side.coreMs();
    while (side.done() < CONVERSATIONS && performance.now() - began < 180_000) await sleep(20);
    const done = side.done();
    return {
      jobsASecond: (done * 1_000) / (performance.now() - first),
      ownMs: (side.coreMs() - ownBefore) / done,
      serverMs: (coreMs(postgres.pid(), true) - serverBefore) / done,
    };
  });
}

async function fleetOf(database: FleetDatabase, url: string): Promise<Side> {
  arrivals = [];
  await installTables(database);
  const queues = await openQueues(database, { supervise: false, onError: console.error });
  const store = createFleetStore(database, queues);
  const keyring = createKeyring(KEY);
  const children: ChildProcess[] = [];
  const nameOf = (n: number) => `c${n}`;

  async function keep(n: number, dueAt: number, everyMs: number): Promise<void> {
    const [id, revision] = [nameOf(n), randomUUID()];
    const headers = [
      ["content-type", "application/json"],
      ["anthropic-version", "2023-06-01"],
      ["x-session-id", id],
    ] as const;
    const body = BODIES[n % BODIES.length] as Buffer;
    const parcel = {
      url: `${api.url}/v1/messages`,
      headers,
      carrier: "x-api-key",
      body,
      settings: {},
    } as const;
    await store.keep(
      {
        id,
        owner: "bench",
        conversation: id,
        revision,
        fingerprint: keyring.fingerprint(API_KEY),
        sealed: await pack(parcel, keyring, boundTo(id, revision)),
        model: "claude-opus-5-5",
        ttlMs: 2 * HOUR_MS,
        usedAt: Date.now(),
        expiresAt: Date.now() + 2 * HOUR_MS,
      },
      {
        prefixId: id,
        trigger: "idle",
        dueAt,
        plan: { everyMs, until: Date.now() + 10 * HOUR_MS, warms: 1_000 },
      },
    );
  }

  return {
    async store(dueAt, everyMs) {
      let next = 0;
      const storing = async () => {
        for (let n = next++; n < CONVERSATIONS; n = next++) await keep(n, dueAt(n), everyMs);
      };
      await Promise.all(Array.from({ length: 8 }, storing));
    },
    async start() {
      for (let n = 0; n < WORKERS; n++) children.push(workerProcess(url));
      await Promise.all(children.map(polling));
    },
    done: () => arrivals.length,
    coreMs: () => children.reduce((sum, { pid = 0 }) => sum + coreMs(pid), 0),
    async lags(since) {
      const jobs = await database.query<{ conversation: string; due: number }>(
        `select conversation, extract(epoch from due_at) * 1000 as due from keepwarm.job
         where running_at is not null order by due_at`,
      );
      const dues = Map.groupBy(jobs, ({ conversation }) => conversation);
      const came = Map.groupBy(arrivals, ([conversation]) => conversation);
      return [...came].flatMap(([conversation, all]) =>
        all.flatMap(([, at], n) => {
          const due = dues.get(conversation)?.[n]?.due;
          return due === undefined || due < since ? [] : [at - due];
        }),
      );
    },
    async stop() {
      for (const child of children) child.kill("SIGKILL");
      await queues.close();
    },
  };
}

function workerProcess(url: string): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(new URL("../dist/cli.js", import.meta.url)), "worker"], {
    env: {
      ...process.env,
      DATABASE_URL: url,
      KEEPWARM_FLEET_KEY: KEY,
      KEEPWARM_FLEET_API_KEY: API_KEY,
      KEEPWARM_WORKER_CONCURRENCY: String(CONCURRENCY),
      KEEPWARM_WORKER_HEALTH_PORT: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function polling(child: ChildProcess): Promise<void> {
  let said = "";
  // To the end: a pipe that nobody reads would stop it.
  const began = new Promise<void>((resolve) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      if (said.length < 10_000) said += chunk;
      if (said.includes('"polling"')) resolve();
    });
  });
  await Promise.race([
    began,
    once(child, "exit").then(() => {
      throw new Error("a worker ended");
    }),
  ]);
}

async function bareOf(database: FleetDatabase, url: string): Promise<Side> {
  const boss = new PgBoss({ ...bareOptions, db: database.db });
  boss.on("error", console.error);
  await boss.start();
  await boss.createQueue(QUEUE);
  const done: Lateness[] = [];
  const children: Awaited<ReturnType<typeof startScript>>[] = [];
  return {
    async store(dueAt) {
      const jobs = Array.from({ length: CONVERSATIONS }, (_, n) => dueAt(n));
      for (let n = 0; n < CONVERSATIONS; n += 1_000) {
        const some = jobs.slice(n, n + 1_000);
        await boss.insert(
          QUEUE,
          some.map((due) => ({ data: { dueAt: due }, startAfter: new Date(due) })),
        );
      }
    },
    async start(everyMs) {
      const args = [url, String(CONCURRENCY), String(everyMs)];
      const start = () =>
        startScript(script("bare-jobs.ts"), args, (told) => done.push(...(told as Lateness[])));
      children.push(...(await Promise.all(Array.from({ length: WORKERS }, start))));
    },
    done: () => done.length,
    coreMs: () => children.reduce((sum, { pid }) => sum + coreMs(pid), 0),
    lags: async (since) => done.flatMap(({ dueAt, at }) => (dueAt < since ? [] : [at - dueAt])),
    async stop() {
      for (const child of children) await child.stop();
      await boss.stop({ graceful: false, close: false });
    },
  };
}
