import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StorageNamespace } from "../../src/host.ts";
import { createSpend, createWarmRecords, type Spend, sentName } from "../../src/prewarm/index.ts";
import { storageIn } from "../support/storage-in.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;

async function spent(spend: Spend, usd: number, { most = 1, at = NOON } = {}): Promise<void> {
  const held = await spend.reserve(most, 100, at);
  if (!held.isHeld) throw new Error("it was not held back");
  held.settle(usd, at);
  await spend.stored();
}

describe("what pre-warms cost in a day", () => {
  it("holds back what is on its way, and then counts what it was", async () => {
    const spend = createSpend(storageIn(new Map()), "one");
    const held = await spend.reserve(0.5, 1, NOON);
    expect(spend.usd(NOON)).toBe(0.5);
    if (held.isHeld) held.settle(0.2, NOON);
    expect(spend.usd(NOON)).toBe(0.2);
    await spent(spend, 0, { most: 0.3 });
    expect(spend.usd(NOON)).toBe(0.2);
  });

  it("counts what other processes have spent, and after a restart its own", async () => {
    const entries = new Map<string, string>();
    const one = createSpend(storageIn(entries), "one");
    const other = createSpend(storageIn(entries), "other");
    await spent(one, 0.25);
    await spent(other, 0.5);
    await one.refresh(NOON);
    expect(one.usd(NOON)).toBe(0.75);
    const later = createSpend(storageIn(entries), "later");
    await later.refresh(NOON);
    expect(later.usd(NOON)).toBe(0.75);
  });

  it("holds back nothing that the cap has no room for, and says what is spent", async () => {
    const spend = createSpend(storageIn(new Map()), "one");
    await spent(spend, 0.75);
    expect(await spend.reserve(0.5, 1, NOON)).toEqual({ isHeld: false, spentUsd: 0.75 });
    expect(spend.usd(NOON)).toBe(0.75);
    expect(await spend.reserve(0.25, 1, NOON)).toMatchObject({ isHeld: true });
  });

  it("never gives two processes at once the same room, however their steps fall between each other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, processes) => {
        const storage = inSteps(storageIn(new Map()), scheduler);
        const spends = Array.from({ length: processes }, (_, at) => createSpend(storage, `process-${at}`));
        const reserving = Promise.all(spends.map((spend) => spend.reserve(0.6, 1, NOON)));
        await scheduler.waitFor(reserving);
        expect((await reserving).filter(({ isHeld }) => isHeld).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("counts what was on its way when a process was killed as spent", async () => {
    const entries = new Map<string, string>();
    await createSpend(storageIn(entries), "killed").reserve(0.75, 1, NOON);
    const next = createSpend(storageIn(entries), "next");
    expect(await next.reserve(0.5, 1, NOON)).toEqual({ isHeld: false, spentUsd: 0.75 });
  });

  it("gives no room while nobody can say what was spent", async () => {
    const storage = { ...storageIn(new Map()), keys: () => Promise.reject(new Error("no disk")) };
    const spend = createSpend(storage, "one");
    await expect(spend.reserve(0.5, 1, NOON)).rejects.toThrow("no disk");
    expect(spend.usd(NOON)).toBe(0);
  });

  it("forgets what is older than a day, at most an hour late", async () => {
    const entries = new Map<string, string>();
    const spend = createSpend(storageIn(entries), "one");
    await spent(spend, 0.25);
    expect(spend.usd(NOON + 24 * HOUR_MS)).toBe(0.25);
    expect(spend.usd(NOON + 25 * HOUR_MS)).toBe(0);
    await createSpend(storageIn(entries), "other").refresh(NOON + 25 * HOUR_MS);
    expect([...entries]).toEqual([]);
  });
});

/** Each of its answers comes when the scheduler says. */
function inSteps(storage: StorageNamespace, scheduler: fc.Scheduler): StorageNamespace {
  return {
    ...storage,
    get: scheduler.scheduleFunction(storage.get),
    set: scheduler.scheduleFunction(storage.set),
    delete: scheduler.scheduleFunction(storage.delete),
    keys: scheduler.scheduleFunction(storage.keys),
  };
}

describe("what is warm", () => {
  const record = { startedAt: NOON, ttlMs: 300_000, tokens: 5_000 };

  it("is warm until shortly before it lapses, after a restart too", async () => {
    const entries = new Map<string, string>();
    await createWarmRecords(storageIn(entries)).put("a", record);
    const records = createWarmRecords(storageIn(entries));
    await records.load(NOON + 1_000);
    expect(records.of("a")).toEqual(record);
    expect(records.isWarm("a", NOON + 279_000)).toBe(true);
    expect(records.isWarm("a", NOON + 281_000)).toBe(false);
    // A clock that was set back proves nothing.
    expect(records.isWarm("a", NOON - 1)).toBe(false);
    expect(records.isWarm("b", NOON)).toBe(false);
  });

  it("is forgotten in the end, and what cannot be read at once", async () => {
    const entries = new Map([
      ["warm:a", JSON.stringify(record)],
      ["warm:b", "nonsense"],
    ]);
    const records = createWarmRecords(storageIn(entries));
    await records.load(NOON + 8 * 24 * HOUR_MS);
    expect([...entries]).toEqual([]);
  });

  it("is another thing for another body, place, key or beta", () => {
    const sent = { url: "https://a/v1/messages", credential: "k", betas: [], body: new Uint8Array([1]) };
    const names = [
      sent,
      { ...sent, url: "https://b/v1/messages" },
      { ...sent, credential: "l" },
      { ...sent, betas: ["x"] },
      { ...sent, body: new Uint8Array([2]) },
    ].map((one) => sentName("key", one));
    expect(new Set(names).size).toBe(5);
    expect(sentName("key", { ...sent })).toBe(names[0]);
    expect(sentName("another key", sent)).not.toBe(names[0]);
  });
});
