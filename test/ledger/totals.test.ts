import { describe, expect, it } from "vitest";
import { type Booked, localDay } from "../../src/ledger/index.ts";
import { rollUp } from "../../src/ledger/roll-up.ts";
import { storageIn } from "../support/storage-in.ts";
import { aLedger, ID, MINUTE_MS, MODEL, RATES, START, usage } from "./book.ts";

const DAY_MS = 86_400_000;

type World = ReturnType<typeof aLedger>;

/** A turn, a warm and a rescue. */
function aRescue({ turn, warm }: World, conversationId = ID) {
  turn(0, usage(0, 1_000), { conversationId });
  warm(4 * MINUTE_MS, usage(1_000, 0), { conversationId });
  turn(4 * MINUTE_MS, usage(1_000, 0), { conversationId });
}

describe("the totals of a ledger", () => {
  it("are known at once, without a word from the storage", () => {
    const never = () => new Promise<never>(() => {});
    const world = aLedger({ storage: { get: never, set: never, delete: never, has: never, keys: never } });
    aRescue(world);
    const { whole, days, conversations } = world.ledger.totals();
    const saved = 1_000 * (RATES.write5m - RATES.read);
    expect(whole).toMatchObject({ warms: 1, rescued: 1, requests: 2, spentUsd: 100 });
    expect(whole.netUsd).toBeCloseTo(saved - 100);
    expect(days).toEqual([{ day: localDay(START), ...whole }]);
    expect(conversations).toEqual([{ conversationId: ID, ...world.ledger.figuresOf(ID) }]);
  });

  it("are those of the report, whatever was stored before and by whom", async () => {
    const entries = new Map<string, string>();
    const storage = storageIn(entries);
    const before = aLedger({ storage });
    before.setNow(START - 10 * DAY_MS);
    aRescue(before, "eve");
    await before.ledger.stored();
    const [world, another] = [aLedger({ storage }), aLedger({ storage })];
    for (let day = 0; day < 12; day++) {
      world.setNow(START + day * DAY_MS);
      another.setNow(START + day * DAY_MS);
      aRescue(world);
      aRescue(another, "bob");
      if (day % 3 === 0) world.warm(MINUTE_MS, usage(0, 1_000));
      await Promise.all([world.ledger.stored(), another.ledger.stored()]);
    }
    for (const since of [undefined, START + 6 * DAY_MS]) {
      const report = await world.ledger.report(since);
      const totals = world.ledger.totals(since);
      expect(totals.whole).toEqual(report.total);
      expect(totals.days).toEqual(report.days);
    }
    expect(world.ledger.totals().whole).toMatchObject({ warms: 29, rescued: 25 });
  });

  it.each([
    [10, "2026-11-20"],
    [500, "2026-11"],
  ])("count what this process booked once, though it was merged %d days later", async (later, told) => {
    const entries = new Map<string, string>();
    const world = aLedger({ storage: storageIn(entries) });
    aRescue(world);
    await world.ledger.stored();
    await rollUp(storageIn(entries), localDay(START + later * DAY_MS));
    await world.ledger.report();
    const { whole, days } = world.ledger.totals();
    expect(whole).toMatchObject({ warms: 1, rescued: 1 });
    expect(days.map(({ day }) => day)).toEqual([told]);
  });

  it("tell conversations that were warmed, what cost most first", () => {
    const world = aLedger();
    world.turn(0, usage(0, 1_000), { conversationId: "never warmed" });
    world.warm(0, usage(1_000, 0), { conversationId: "cheap", modelName: MODEL });
    world.warm(0, usage(9_000, 0), { conversationId: "dear", modelName: MODEL });
    const named = () => world.ledger.totals().conversations.map(({ conversationId }) => conversationId);
    expect(named()).toEqual(["dear", "cheap"]);
  });
});

describe("a listener", () => {
  it("is told of each booking, when it counts already", () => {
    const world = aLedger();
    const told: (Booked & { warmsSoFar: number | undefined })[] = [];
    const end = world.ledger.subscribe((booked) =>
      told.push({ ...booked, warmsSoFar: world.ledger.figuresOf(booked.conversationId)?.warms }),
    );
    aRescue(world);
    end();
    world.warm(0, usage(1_000, 0));
    const day = localDay(START);
    expect(told).toMatchObject([
      { conversationId: ID, kind: "request", day, model: MODEL, policy: null, warmsSoFar: 0 },
      { conversationId: ID, kind: "warm", day, model: MODEL, policy: "always", warmsSoFar: 1 },
      { conversationId: ID, kind: "request", day, model: MODEL, policy: "always", warmsSoFar: 1 },
    ]);
    expect(told.map(({ amounts }) => [amounts.requests, amounts.warms, amounts.rescued])).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 1],
    ]);
    expect(told[1]?.amounts).toMatchObject({ spentUsd: 100, netUsd: -100 });
  });

  it("that throws keeps nothing from being booked, nor others from hearing of it", () => {
    const world = aLedger();
    let heard = 0;
    world.ledger.subscribe(() => {
      throw new Error("no page any more");
    });
    world.ledger.subscribe(() => {
      heard++;
    });
    aRescue(world);
    expect(heard).toBe(3);
    expect(world.figures()).toMatchObject({ warms: 1, rescued: 1 });
    expect(world.logger.at("error")).toHaveLength(3);
  });
});
