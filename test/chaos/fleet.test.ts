/** A fleet at work for minutes, while its workers are killed, its database is restarted and its network is cut. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { billOf } from "../gateway/bill.ts";
import type { Sent } from "./api-process.ts";
import { aFleetOfProcesses, type WorkerChild } from "./fleet-world.ts";

const CONVERSATIONS = 2_000;

/** Not less, because a worker's death is noticed after ten seconds of real time. */
const TTL_MS = 90_000;

/** When most are warmed: a minute is left for whatever goes wrong, and for a busy machine. */
const EVERY_MS = 30_000;

/** How late a request may reach the API whose worker looked just before the lapse, in ms. */
const GRACE_MS = 3_000;

const SKEWS_MS = [30_000, -30_000, 10_000, 0] as const;
const names = Array.from({ length: CONVERSATIONS }, (_, n) => `c${n}`);
const written = ({ usage }: Sent) => usage?.cache_creation_input_tokens ?? 0;

it("does each job once, loses none and pays for what it knows, whatever breaks", async () => {
  const world = await aFleetOfProcesses({ ttlMs: TTL_MS, graceMs: GRACE_MS, workers: 4, concurrency: 16 });
  const { postgres, database, keeper, sent, ask, change } = world;
  const { warmer, ledger } = keeper;
  const workers = await Promise.all(SKEWS_MS.map((skewMs, at) => world.worker(at, skewMs)));

  async function kill(at: number): Promise<void> {
    const { child, exited } = workers[at] as WorkerChild;
    child.kill("SIGKILL");
    expect(await exited).toBe("SIGKILL");
    // Another comes in its place, with another clock.
    workers[at] = await world.worker(at, -(SKEWS_MS[at] ?? 0));
  }

  async function cut(some: readonly number[], how: "resume" | "reset"): Promise<void> {
    change(some, "cut");
    await sleep(5_000);
    change(some, how);
  }

  const queue = [...names];
  const statuses: number[] = [];
  async function begin(): Promise<void> {
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      statuses.push(await ask(name));
      // Every tenth is left to its TTL, which leaves little time: some of those lapse.
      if (Number(name.slice(1)) % 10 !== 0)
        await warmer.setIntervalMs(name, EVERY_MS * (0.8 + Math.random() * 0.4));
    }
  }
  await Promise.all(Array.from({ length: 20 }, begin));

  let talking = true;
  async function talk(): Promise<void> {
    while (talking) {
      await sleep(1_000 * Math.random());
      const name = names[Math.floor(Math.random() * CONVERSATIONS)] ?? "";
      statuses.push(await ask(name));
    }
  }
  const people = Array.from({ length: 5 }, talk);
  try {
    await sleep(5_000);
    await kill(0);
    await sleep(5_000);
    await postgres.stop();
    await sleep(2_000);
    await postgres.start();
    await sleep(8_000);
    await cut([1], "resume");
    await kill(2);
    await sleep(8_000);
    await cut([0, 1, 2, 3], "reset");
    await sleep(5_000);
    await Promise.all([kill(1), kill(3)]);
    await sleep(20_000);
  } finally {
    talking = false;
    await Promise.all(people);
  }

  // Nothing is overdue, and nobody holds what somebody died over.
  const late = () =>
    database.query(
      `select id from keepwarm.job where finished_at is null
         and coalesce(running_at, claimed_at, due_at) < clock_timestamp() - interval '3 seconds'`,
    );
  await expect.poll(late, { timeout: 60_000, interval: 500 }).toEqual([]);
  // Each either has its next warm in the queue, or has been told why not.
  const without = async () => {
    const pending = await database.query<{ conversation: string }>(
      "select conversation from keepwarm.job where finished_at is null",
    );
    const has = new Set(pending.map(({ conversation }) => conversation));
    return names.filter((name) => warmer.getStatus(name).phase === "idle" && !has.has(name));
  };
  await expect.poll(without, { timeout: 20_000, interval: 500 }).toEqual([]);
  for (const { child } of workers) child.kill("SIGTERM");
  expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
  const unbooked = () => database.query("select id from keepwarm.result where booked_at is null");
  await expect.poll(unbooked, { timeout: 30_000, interval: 500 }).toEqual([]);

  // Nobody's turn was in the way.
  expect(statuses.filter((status) => status !== 200)).toEqual([]);

  const warms = sent.filter(({ isWarm }) => isWarm);
  const byConversation = Map.groupBy(warms, ({ conversation }) => conversation);
  const overlaps = [...byConversation.values()].flatMap((all) =>
    all
      .toSorted((a, b) => a.at - b.at)
      .filter(({ at }, n, sorted) => n > 0 && at < (sorted[n - 1]?.endedAt ?? 0)),
  );
  expect(overlaps).toEqual([]);

  // None went out after its prefix had lapsed: it would have been written anew.
  expect(warms.filter((one) => written(one) > 0)).toEqual([]);

  // The engine and our own record agree on what is still to be done.
  const apart = await database.query(
    `select job.id, job.outcome, engine.state from keepwarm.job
       left join keepwarm_queue.job engine on engine.id = job.id
     where (job.finished_at is null) <> coalesce(engine.state < 'completed', false)`,
  );
  expect(apart).toEqual([]);

  // The ledger has what the API charged. Where an answer never came it has the most that it can have been.
  let warmsBooked = 0;
  let cutOff = 0;
  for (const name of names) {
    const figures = ledger.figuresOf(name);
    const all = byConversation.get(name) ?? [];
    const billedUsd = billOf(all);
    const spentUsd = figures?.spentUsd ?? 0;
    const boundUsd = figures?.boundUsd ?? 0;
    // Of a warm whose worker died, and whose request a turn has replaced since, no bound is known either.
    if ((figures?.warmsUnpriced ?? 0) === 0) expect(spentUsd, name).toBeGreaterThanOrEqual(billedUsd - 1e-9);
    expect(spentUsd - boundUsd, name).toBeLessThanOrEqual(billedUsd + 1e-9);
    if ((figures?.cutOff ?? 0) === 0) expect(figures?.warms ?? 0, name).toBe(all.length);
    expect(figures?.warmsUnpriced ?? 0, name).toBeLessThanOrEqual(figures?.cutOff ?? 0);
    warmsBooked += figures?.warms ?? 0;
    cutOff += figures?.cutOff ?? 0;
  }
  const kept = names.filter((name) => warmer.getStatus(name).phase === "idle");
  // Most of which are answers: what was cut off is no more than those who died had in hand.
  expect(cutOff).toBeLessThan(warmsBooked / 20);
  // All were at work: most conversations are warm still, whatever has happened.
  expect(kept.length).toBeGreaterThan(CONVERSATIONS * 0.8);
  expect(warms.length).toBeGreaterThan(CONVERSATIONS);
}, 600_000);
