import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { createLedger } from "../../src/ledger/index.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";

function aStore(): string {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-ledger-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "keepwarm.sqlite");
}

function another(file: string, conversationId: string, warms: number) {
  const script = join(import.meta.dirname, "another-process.ts");
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [
    script,
    file,
    conversationId,
    String(warms),
  ]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const acknowledged = () => Number(out.trimEnd().split("\n").at(-1) ?? 0);
  return {
    child,
    ended: once(child, "close"),
    acknowledged,
    errors: () => err,
    hasStored: (count: number) =>
      vi.waitFor(() => expect(acknowledged(), err).toBeGreaterThanOrEqual(count), {
        timeout: 15_000,
        interval: 1,
      }),
  };
}

const later = (resolve: (value: false) => void) => setTimeout(() => resolve(false), 20);

async function reportOf(file: string) {
  const storage = openSqliteStorage({ file });
  onTestFinished(() => storage.close());
  const ledger = createLedger({
    storage: storage.namespace("ledger"),
    logger: createRecordingLogger(),
    now: Date.now,
  });
  return ledger.report();
}

it("loses nothing acknowledged and counts nothing twice when a process is killed and another goes on", async () => {
  const file = aStore();
  let atLeast = 0;
  for (let round = 0; round < 4; round++) {
    const process = another(file, "ada", 1_000_000);
    await process.hasStored(20 + 37 * round);
    process.child.kill("SIGKILL");
    await process.ended;
    expect(process.errors()).toBe("");
    atLeast += process.acknowledged();
    const { total, conversations } = await reportOf(file);
    // One more may have been stored and not been told any more, in each round.
    expect(total.warms).toBeGreaterThanOrEqual(atLeast);
    expect(total.warms).toBeLessThanOrEqual(atLeast + round + 1);
    expect(total.spentUsd).toBe(total.warms * 0.5);
    expect(conversations).toHaveLength(1);
  }
});

it("is right while two processes write and are killed in the middle, and never tells less than before", async () => {
  const file = aStore();
  let [acknowledged, kills, told] = [0, 0, 0];
  async function lives(conversationId: string): Promise<void> {
    for (let life = 0; life < 3; life++) {
      const process = another(file, conversationId, 1_000_000);
      await process.hasStored(30 + 23 * life);
      process.child.kill("SIGKILL");
      await process.ended;
      expect(process.errors()).toBe("");
      acknowledged += process.acknowledged();
      kills++;
    }
  }
  const lived = Promise.all([lives("ada"), lives("bob")]).then(() => true);
  for (let over = false; !over; over = await Promise.race([lived, new Promise<false>(later)])) {
    const { total } = await reportOf(file);
    expect(total.warms).toBeGreaterThanOrEqual(told);
    told = total.warms;
  }
  const { total, conversations } = await reportOf(file);
  expect(total.warms).toBeGreaterThanOrEqual(acknowledged);
  expect(total.warms).toBeLessThanOrEqual(acknowledged + kills);
  expect(total.spentUsd).toBe(total.warms * 0.5);
  expect(conversations.map(({ conversationId }) => conversationId).toSorted()).toEqual(["ada", "bob"]);
});

it("adds up what two processes write at once into the same store, of the same conversation", async () => {
  const file = aStore();
  const both = [another(file, "ada", 300), another(file, "ada", 300)];
  await Promise.all(both.map(({ ended }) => ended));
  expect(both.map(({ errors }) => errors())).toEqual(["", ""]);
  const { total, conversations } = await reportOf(file);
  expect(total).toMatchObject({ warms: 600, spentUsd: 300 });
  expect(conversations).toEqual([expect.objectContaining({ conversationId: "ada", warms: 600 })]);
});
