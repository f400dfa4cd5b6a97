import { describe, expect, it } from "vitest";
import { type Figures, type LedgerDeps, localDay, readContents } from "../../src/ledger/index.ts";
import { rollUp } from "../../src/ledger/roll-up.ts";
import { storageIn } from "../support/storage-in.ts";
import { aLedger, ID, MINUTE_MS, START, usage } from "./book.ts";

const DAY_MS = 86_400_000;

/** A ledger of a process that shares these entries with others. */
function process(entries: Map<string, string>, at = START, options: Partial<LedgerDeps> = {}) {
  const world = aLedger({ storage: storageIn(entries), ...options });
  world.setNow(at);
  return world;
}

/** A turn, a warm and a rescue. */
async function aRescue({ turn, warm, ledger }: ReturnType<typeof process>, conversationId = ID) {
  turn(0, usage(0, 1_000), { conversationId });
  warm(4 * MINUTE_MS, usage(1_000, 0), { conversationId });
  turn(4 * MINUTE_MS, usage(1_000, 0), { conversationId });
  await ledger.stored();
}

const essence = ({ requests, warms, rescued, spentUsd }: Figures) => ({ requests, warms, rescued, spentUsd });
const rescues = (count: number) => ({
  requests: 2 * count,
  warms: count,
  rescued: count,
  spentUsd: 100 * count,
});

async function totalOf(entries: Map<string, string>, at = START) {
  return essence((await process(entries, at).ledger.report()).total);
}

describe("a stored ledger", () => {
  it("goes on where an earlier process ended", async () => {
    const entries = new Map<string, string>();
    await aRescue(process(entries));
    const second = process(entries, START + 10 * MINUTE_MS);
    await second.ledger.stored();
    expect(essence(second.figures())).toMatchObject({ warms: 1, rescued: 1 });
    await aRescue(second);
    expect(essence(second.figures())).toMatchObject({ warms: 2, rescued: 2 });
    expect(await totalOf(entries)).toEqual(rescues(2));
  });

  it("shows a conversation's figures whether it is heard of before or after they are read", async () => {
    const entries = new Map<string, string>();
    await aRescue(process(entries));
    const second = process(entries);
    second.warm(0, usage(1_000, 0));
    await second.ledger.stored();
    expect(second.figures()).toMatchObject({ warms: 2 });
    await second.ledger.report();
    expect(second.figures()).toMatchObject({ warms: 2 });
  });

  it("does not add its own rows to what it has booked while it was reading", async () => {
    const entries = new Map<string, string>();
    await aRescue(process(entries));
    const store = storageIn(entries);
    const keys = async (prefix?: string) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return store.keys(prefix);
    };
    const world = process(entries, START, { storage: { ...store, keys } });
    world.warm(0, usage(1_000, 0));
    await world.ledger.stored();
    expect(world.figures()).toMatchObject({ warms: 2 });
  });

  it("adds up what several processes write at once, each in rows of its own", async () => {
    const entries = new Map<string, string>();
    const processes = [process(entries), process(entries), process(entries)];
    for (let round = 0; round < 4; round++) await Promise.all(processes.map((one) => aRescue(one)));
    expect(await totalOf(entries)).toEqual(rescues(12));
  });

  it("writes a store that is slow one value after the other, and the last one at the end", async () => {
    const entries = new Map<string, string>();
    const store = storageIn(entries);
    let under = 0;
    const world = aLedger({
      storage: {
        ...store,
        async set(key, value) {
          const isRow = key.startsWith("ledger:row:");
          if (isRow) expect(under++).toBe(0);
          // The first takes longest.
          await new Promise((resolve) => setTimeout(resolve, entries.has(key) ? 1 : 20));
          entries.set(key, value);
          if (isRow) under--;
        },
      },
    });
    world.warm(0, usage(1_000, 0));
    for (let more = 0; more < 9; more++) world.warm(MINUTE_MS, usage(1_000, 0));
    await world.ledger.stored();
    expect(world.logger.at("error")).toEqual([]);
    expect((await totalOf(entries)).warms).toBe(10);
  });

  it("says in the log what could not be stored, and stores it with the next booking", async () => {
    const entries = new Map<string, string>();
    const store = storageIn(entries);
    let isFull = true;
    const world = aLedger({
      storage: {
        ...store,
        set: async (key, value) => {
          if (isFull) throw new Error("disk full");
          await store.set(key, value);
        },
      },
    });
    world.warm(0, usage(1_000, 0));
    await world.ledger.stored();
    expect(world.logger.at("error").length).toBeGreaterThan(0);
    isFull = false;
    world.warm(MINUTE_MS, usage(1_000, 0));
    await world.ledger.stored();
    expect((await totalOf(entries)).warms).toBe(2);
  });

  it("stores what could not be stored with the next booking of whatever conversation, on whatever day", async () => {
    const entries = new Map<string, string>();
    const store = storageIn(entries);
    let [isFull, tried] = [true, 0];
    const world = aLedger({
      storage: {
        ...store,
        set: async (key, value) => {
          tried++;
          if (isFull) throw new Error("disk full");
          await store.set(key, value);
        },
      },
    });
    for (const conversationId of ["ada", "bob", "cy"]) world.warm(0, usage(1_000, 0), { conversationId });
    await world.ledger.stored();
    world.setNow(START + DAY_MS);
    tried = 0;
    world.turn(0, usage(1_000, 0), { conversationId: "dee" });
    await world.ledger.stored();
    // Of a store that is in trouble no more is asked than what is new.
    expect(tried).toBe(1);
    isFull = false;
    world.turn(0, usage(1_000, 0), { conversationId: "dee" });
    await world.ledger.stored();
    const { total, conversations, days } = await process(entries, START + DAY_MS).ledger.report();
    expect(total).toMatchObject({ warms: 3, requests: 2 });
    expect(days).toHaveLength(2);
    expect(conversations.map(({ conversationId }) => conversationId).toSorted()).toEqual([
      "ada",
      "bob",
      "cy",
      null,
    ]);
  });

  it("is not kept from storing the rest by what can never be stored", async () => {
    const entries = new Map<string, string>();
    const store = storageIn(entries);
    let isFull = true;
    const world = aLedger({
      storage: {
        ...store,
        set: async (key, value) => {
          if (isFull || value === "eve") throw new Error("not this one");
          await store.set(key, value);
        },
      },
    });
    for (const conversationId of ["eve", "bob", "cy"]) world.warm(0, usage(1_000, 0), { conversationId });
    await world.ledger.stored();
    isFull = false;
    for (let more = 0; more < 3; more++) world.turn(0, usage(1_000, 0), { conversationId: "dee" });
    await world.ledger.stored();
    expect(await totalOf(entries)).toMatchObject({ warms: 3, requests: 3 });
  });

  it("reads past rows that are damaged, and leaves them", async () => {
    const entries = new Map([
      ["ledger:row:2026-11-20:w:1", "{"],
      ["ledger:row:2026-11-20:w:2", '{"by":[{"model":5,"warms":"many","spentUsd":null,"hits":2}]}'],
      ["ledger:row:nonsense", '{"by":[{"warms":1}]}'],
      ["ledger:day:2026-01-01", "[]"],
    ]);
    const { total } = await process(entries).ledger.report();
    expect(total).toMatchObject({ warms: 0, hits: 2, spentUsd: 0 });
    expect(entries.get("ledger:row:2026-11-20:w:1")).toBe("{");
  });

  it("lets its program go on while it reads many rows of a store that answers at once", async () => {
    const entries = new Map<string, string>();
    const world = process(entries);
    for (let n = 0; n < 500; n++) world.warm(0, usage(1_000, 0), { conversationId: `c${n}` });
    await world.ledger.stored();
    let turns = 0;
    const other = setInterval(() => turns++);
    await world.ledger.report();
    clearInterval(other);
    expect(turns).toBeGreaterThan(5);
  });

  it("says how far it is while many rows are read", async () => {
    const entries = new Map<string, string>();
    const world = process(entries);
    for (let n = 0; n < 200; n++) world.warm(0, usage(1_000, 0), { conversationId: `c${n}` });
    await world.ledger.stored();
    const shares: number[] = [];
    await readContents(storageIn(entries), (share) => shares.push(share));
    expect(shares).toEqual([0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1]);
  });

  it("reads of what is to be merged no more than that", async () => {
    const entries = new Map<string, string>();
    await aRescue(process(entries));
    await aRescue(process(entries, START - 20 * DAY_MS));
    const read: string[] = [];
    const store = storageIn(entries);
    const get = async (key: string) => {
      read.push(key);
      return store.get(key);
    };
    await rollUp({ ...store, get }, localDay(START));
    expect(read.filter((key) => key.startsWith("ledger:row:2026-11"))).toEqual([]);
    expect(read.filter((key) => key.startsWith("ledger:row:2026-10"))).not.toEqual([]);
  });

  it("looks back as far as it is asked to", async () => {
    const entries = new Map<string, string>();
    const world = process(entries);
    for (let day = 0; day < 5; day++) {
      await aRescue(world);
      world.setNow(START + (day + 1) * DAY_MS);
    }
    const { total, days, since } = await world.ledger.report(START + 3 * DAY_MS);
    expect(since).toBe("2026-11-23");
    expect(essence(total)).toEqual(rescues(2));
    expect(days.map(({ day }) => day)).toEqual(["2026-11-24", "2026-11-23"]);
  });
});

describe("what was a week ago", () => {
  const LATER = START + 10 * DAY_MS;

  async function aWeekOf(entries: Map<string, string>) {
    for (const id of ["ada", "bob", "cy"]) await aRescue(process(entries), id);
    await aRescue(process(entries, START + DAY_MS));
  }

  it("becomes one row a day, without conversations, and is counted as before", async () => {
    const entries = new Map<string, string>();
    await aWeekOf(entries);
    const later = process(entries, LATER);
    await aRescue(later, "dee");
    await later.ledger.stored();
    const { total, days, conversations } = await later.ledger.report();
    expect(essence(total)).toEqual(rescues(5));
    expect(days.map(({ day, warms }) => [day, warms])).toEqual([
      ["2026-11-30", 1],
      ["2026-11-21", 1],
      ["2026-11-20", 3],
    ]);
    expect(conversations.map(({ conversationId }) => conversationId)).toEqual(["dee", null]);
    expect([...entries.keys()].filter((key) => !key.includes("2026-11-30"))).toEqual([
      "ledger:day:2026-11-20",
      "ledger:day:2026-11-21",
    ]);
  });

  it("is merged by a process that lives on, as its days pass", async () => {
    const entries = new Map<string, string>();
    const world = process(entries);
    for (let day = 0; day < 30; day++) {
      await aRescue(world);
      world.setNow(START + (day + 1) * DAY_MS);
    }
    await world.ledger.stored();
    expect([...entries.keys()].filter((key) => key.startsWith("ledger:row:")).length).toBeLessThan(20);
    expect(essence((await world.ledger.report()).total)).toEqual(rescues(30));
  });

  it.each([
    ["days", LATER, ["ledger:day:2026-11-20", "ledger:day:2026-11-21"]],
    ["months", START + 500 * DAY_MS, ["ledger:month:2026-11"]],
  ])("is counted once wherever its merging to %s is cut off", async (_, at, left) => {
    const whole = new Map<string, string>();
    await aWeekOf(whole);
    for (let cut = 0; ; cut++) {
      const entries = new Map(whole);
      let steps = cut;
      const killed =
        <Args extends unknown[]>(act: (...args: Args) => Promise<void>) =>
        async (...args: Args) => {
          if (steps-- === 0) throw new Error("killed");
          await act(...args);
        };
      const store = storageIn(entries);
      const dying = { ...store, set: killed(store.set), delete: killed(store.delete) };
      const wasCut = await rollUp(dying, localDay(at)).then(
        () => false,
        () => true,
      );
      expect(essence((await process(entries, START).ledger.report()).total), `cut at ${cut}`).toEqual(
        rescues(4),
      );
      await rollUp(store, localDay(at));
      expect(await totalOf(entries, at), `cut at ${cut}, mended`).toEqual(rescues(4));
      expect([...entries.keys()]).toEqual(left);
      if (!wasCut) break;
    }
  });

  it("is counted once whoever merges it at the same time, and whoever reads meanwhile", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const entries = new Map<string, string>();
      await aWeekOf(entries);
      const store = storageIn(entries);
      const random = randomOf(seed);
      const slowly =
        <Args extends unknown[], T>(act: (...args: Args) => Promise<T>) =>
        async (...args: Args): Promise<T> => {
          for (let turns = Math.floor(random() * 8); turns > 0; turns--) await null;
          return act(...args);
        };
      const slow = {
        get: slowly(store.get),
        set: slowly(store.set),
        delete: slowly(store.delete),
        has: slowly(store.has),
        keys: slowly(store.keys),
      };
      const mergers = [1, 2, 3].map(() => rollUp(slow, localDay(LATER)));
      const reader = aLedger({ storage: slow });
      for (let read = 0; read < 5; read++) {
        expect(essence((await reader.ledger.report()).total), `seed ${seed}`).toEqual(rescues(4));
      }
      await Promise.all(mergers);
      expect(await totalOf(entries, LATER), `seed ${seed}`).toEqual(rescues(4));
    }
  });

  it("counts a row that came too late to be merged", async () => {
    const entries = new Map<string, string>();
    await aWeekOf(entries);
    await rollUp(storageIn(entries), localDay(LATER));
    await aRescue(process(entries));
    await rollUp(storageIn(entries), localDay(LATER));
    expect(await totalOf(entries, LATER)).toEqual(rescues(5));
  });

  it("is told by months after more than a year", async () => {
    const entries = new Map<string, string>();
    await aWeekOf(entries);
    const years = START + 500 * DAY_MS;
    await rollUp(storageIn(entries), localDay(years));
    expect([...entries.keys()]).toEqual(["ledger:month:2026-11"]);
    const { total, days } = await process(entries, years).ledger.report();
    expect(essence(total)).toEqual(rescues(4));
    expect(days.map(({ day }) => day)).toEqual(["2026-11"]);
  });

  it("is not written to any more when the clock is set back", async () => {
    const entries = new Map<string, string>();
    const world = process(entries);
    await aRescue(world);
    world.setNow(LATER);
    await aRescue(world);
    await world.ledger.stored();
    await rollUp(storageIn(entries), localDay(LATER));
    world.setNow(START);
    await aRescue(world, "bob");
    expect(await totalOf(entries, LATER)).toEqual(rescues(3));
  });
});

describe("a conversation's name", () => {
  it("is forgotten wherever it stands, and what it cost stays in the sums", async () => {
    const entries = new Map<string, string>();
    for (const at of [START, START + DAY_MS]) await aRescue(process(entries, at));
    await aRescue(process(entries), "bob");
    const { ledger } = process(entries, START + DAY_MS);
    expect(await ledger.forget(ID)).toBe(true);
    expect(await ledger.forget(ID)).toBe(false);
    expect(JSON.stringify([...entries])).not.toContain('"ada"');
    const { conversations, total } = await ledger.report();
    expect(essence(total)).toEqual(rescues(3));
    expect(conversations.map(({ conversationId }) => conversationId)).toEqual(["bob", null]);
  });

  it("does not come back with what is booked by a process that goes on, until it is warmed again", async () => {
    const entries = new Map<string, string>();
    const world = process(entries);
    await aRescue(world);
    await world.ledger.forget(ID);
    world.turn(MINUTE_MS, usage(1_000, 0));
    await world.ledger.stored();
    expect(JSON.stringify([...entries])).not.toContain('"ada"');
    expect(world.figures()).toMatchObject({ requests: 1, warms: 0 });
    world.warm(MINUTE_MS, usage(1_000, 0));
    await world.ledger.stored();
    expect(JSON.stringify([...entries])).toContain('"ada"');
    expect((await world.ledger.report()).total).toMatchObject({ requests: 3, warms: 2 });
  });

  it("goes with its day, also where its process was killed before the row was written", async () => {
    const entries = new Map([["ledger:name:2026-11-20:w:1", "ada"]]);
    await rollUp(storageIn(entries), localDay(START + 10 * DAY_MS));
    expect(entries.size).toBe(0);
  });

  it("is one of at most 500 a day and process; the rest are told together", async () => {
    const entries = new Map<string, string>();
    const world = process(entries);
    for (let n = 0; n < 600; n++) world.warm(0, usage(1_000, 0), { conversationId: `c${n}` });
    await world.ledger.stored();
    expect(entries.size).toBe(2 * 500 + 1);
    expect((await world.ledger.report()).total.warms).toBe(600);
  });
});

/** Numbers in [0, 1) that are the same each time (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it("keeps no more of a model's or a policy's name than a person can read", async () => {
  const entries = new Map<string, string>();
  const world = process(entries);
  world.warm(0, usage(1_000, 0), { modelName: "m".repeat(1_000_000), policy: "p".repeat(1_000_000) });
  await world.ledger.stored();
  expect(JSON.stringify([...entries]).length).toBeLessThan(2_000);
});
