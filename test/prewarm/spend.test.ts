import { describe, expect, it } from "vitest";
import { createSpend, createWarmRecords, sentName } from "../../src/prewarm/index.ts";
import { storageIn } from "../support/storage-in.ts";

const NOON = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;

describe("what pre-warms cost in a day", () => {
  it("holds back what is on its way, and then counts what it was", () => {
    const spend = createSpend(storageIn(new Map()), "one");
    const settle = spend.reserve(0.5);
    expect(spend.usd(NOON)).toBe(0.5);
    settle(0.2, NOON);
    expect(spend.usd(NOON)).toBe(0.2);
    spend.reserve(0.3)(0, NOON);
    expect(spend.usd(NOON)).toBe(0.2);
  });

  it("counts what other processes have spent, and after a restart its own", async () => {
    const entries = new Map<string, string>();
    const [one, other] = ["one", "other"].map((writer) => createSpend(storageIn(entries), writer));
    one?.reserve(1)(0.25, NOON);
    other?.reserve(1)(0.5, NOON);
    await Promise.all([one?.stored(), other?.stored()]);
    await one?.refresh(NOON);
    expect(one?.usd(NOON)).toBe(0.75);
    const later = createSpend(storageIn(entries), "later");
    await later.refresh(NOON);
    expect(later.usd(NOON)).toBe(0.75);
  });

  it("forgets what is older than a day, at most an hour late", async () => {
    const entries = new Map<string, string>();
    const spend = createSpend(storageIn(entries), "one");
    spend.reserve(1)(0.25, NOON);
    await spend.stored();
    expect(spend.usd(NOON + 24 * HOUR_MS)).toBe(0.25);
    expect(spend.usd(NOON + 25 * HOUR_MS)).toBe(0);
    await createSpend(storageIn(entries), "other").refresh(NOON + 25 * HOUR_MS);
    expect([...entries]).toEqual([]);
  });
});

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
