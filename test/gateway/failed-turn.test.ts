/** What a turn that failed leaves of what is known: neither a longer life of the cache entry, nor a shorter one. */
import { describe, expect, it } from "vitest";
import { listPrices } from "../../src/anthropic/index.ts";
import { createHistory } from "../../src/gateway/history/index.ts";
import { viewOf } from "../../src/hub/index.ts";
import { storageIn } from "../support/storage-in.ts";
import { MODEL, setUp, type World } from "./world.ts";

const TTL_MS = 20_000;

async function aWorld(enableNew = false) {
  const world = await setUp({ enableNew, ttl5mMs: TTL_MS }, { ttl5mMs: TTL_MS });
  const { keeper, clock, logger, emulator } = world;
  const { timers, now } = clock;
  const history = createHistory({ keeper, storage: storageIn(new Map()), timers, logger, now });
  return {
    ...world,
    kinds: async (id: string) => ((await history.of(id))?.entries ?? []).map(({ kind }) => kind),
    view: (id: string) => viewIn(world, id),
    async fail(talk: ReturnType<World["talk"]>) {
      emulator.failNext({ status: 400 });
      await expect(talk.ask("And then?")).rejects.toThrow();
      talk.messages.pop();
    },
  };
}

function viewIn({ keeper }: World, id: string) {
  const summary = keeper.conversation(id);
  if (summary === null) throw new Error("it is not open");
  const viewed = { keeper, prices: listPrices(), runOf: () => undefined, keepWarm: () => "auto" };
  return viewOf(summary, viewed);
}

describe("a turn that fails", () => {
  it("after the cache entry has died does not bring it back to life", async () => {
    const { talk, away, view, fail, clock, kinds } = await aWorld();
    const ada = talk("ada");
    const usedAt = clock.now();
    await ada.ask("Shall we begin?");
    const before = view("ada");
    expect(before.lapsesAt).toBe(usedAt + TTL_MS);
    await away(TTL_MS + 10_000);
    await fail(ada);
    expect(view("ada")).toMatchObject({
      lapsesAt: usedAt + TTL_MS,
      ttlMs: TTL_MS,
      lastTurnPct: before.lastTurnPct,
      prefixTokens: before.prefixTokens,
      returnUsd: before.returnUsd,
    });
    expect(await kinds("ada")).toEqual(["turn", "failure"]);
  });

  it("while the entry lives leaves it the life that it had", async () => {
    const { talk, away, view, fail, clock } = await aWorld();
    const ada = talk("ada");
    const usedAt = clock.now();
    await ada.ask("Shall we begin?");
    await away(10_000);
    await fail(ada);
    expect(view("ada").lapsesAt).toBe(usedAt + TTL_MS);
  });

  it("is in the history once, with what it stopped", async () => {
    const { talk, view, fail, kinds } = await aWorld(true);
    const ada = talk("ada");
    await fail(ada);
    expect(view("ada")).toMatchObject({
      phase: "stopped",
      lapsesAt: null,
      why: expect.stringContaining("status 400"),
    });
    expect(await kinds("ada")).toEqual(["failure"]);
  });

  it("of a conversation that is on and has lapsed leaves it lapsed, and says why nothing is sent", async () => {
    const { talk, away, view, fail, keeper } = await aWorld(true);
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    await keeper.warmer.setKeepWarm("ada", "0 pings");
    await away(TTL_MS + 5_000);
    expect(view("ada").phase).toBe("lapsed");
    await fail(ada);
    expect(view("ada")).toMatchObject({ phase: "lapsed", why: expect.stringContaining("status 400") });
  });
});

describe("a turn of which nothing was cached", () => {
  it("has no life that could lapse", async () => {
    const { client, calm, view, only } = await aWorld();
    const messages = [{ role: "user" as const, content: "hi" }];
    await client.messages.create({ model: MODEL, max_tokens: 20, messages });
    await calm();
    expect(view(only())).toMatchObject({ lapsesAt: null, lastUsedAt: null, prefixTokens: 0 });
  });
});

describe("an interval that nobody chose", () => {
  it("is told as what the cache entry's life makes it, and a chosen one as it was chosen", async () => {
    const { talk, view, keeper } = await aWorld(true);
    await talk("ada").ask("Shall we begin?");
    const seconds = () => view("ada").surface.fields.find((field) => field.kind === "number")?.value;
    expect(view("ada")).toMatchObject({ intervalChosen: false, intervalMs: 18_667 });
    expect(seconds()).toBe(19);
    await keeper.warmer.setIntervalMs("ada", 99_999_000);
    expect(view("ada")).toMatchObject({ intervalChosen: true, intervalMs: 99_999_000 });
    expect(seconds()).toBe(99_999);
  });
});
