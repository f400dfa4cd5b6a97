/** What happened in a conversation can be read afterwards, by whoever may see it, and outlives the gateway. */
import { describe, expect, it } from "vitest";
import { createHistory } from "../../src/gateway/history/index.ts";
import type { StorageNamespace } from "../../src/host.ts";
import type { HistoryEntry } from "../../src/hub/index.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { storageIn } from "../support/storage-in.ts";
import { clientOf, MINUTE_MS, setUp, Talk, text, type World } from "./world.ts";

const DAY_MS = 86_400_000;

function recorded(
  { gateway, clock, logger }: Pick<World, "gateway" | "clock" | "logger">,
  storage: StorageNamespace,
) {
  const { timers, now } = clock;
  return createHistory({ keeper: gateway.keeper, storage, timers, logger, now });
}

async function aWorld(entries = new Map<string, string>(), options: Parameters<typeof setUp>[0] = {}) {
  const world = await setUp(options);
  const history = recorded(world, storageIn(entries));
  const of = async (id: string) => (await history.of(id))?.entries ?? [];
  const kinds = async (id: string) => (await of(id)).map(({ kind }) => kind);
  return { ...world, history, of, kinds, stored: entries };
}

describe("the history of a conversation", () => {
  it("tells turns and how they found the cache, warms and what they cost", async () => {
    const { talk, away, of, clock, keeper } = await aWorld();
    const ada = talk("ada", text("handbook", 40_000));
    const begunAt = clock.now();
    await ada.ask("Shall we begin?");
    await away(6 * MINUTE_MS);
    const usage = await ada.ask("Go on.");
    const [first, warm, second] = await of("ada");
    expect(first).toMatchObject({
      kind: "turn",
      at: begunAt,
      modelName: "claude-opus-5-5",
      ttlMs: 5 * MINUTE_MS,
      found: "first",
      savedUsd: 0,
      costUsd: expect.any(Number),
      stopReason: "end_turn",
    });
    expect(warm).toMatchObject({
      kind: "warm",
      outcome: "hit",
      policy: "always",
      foreign: false,
      ttlMs: 5 * MINUTE_MS,
    });
    expect(second).toMatchObject({
      kind: "turn",
      found: "rescued",
      usage: {
        cacheReadTokens: usage.cache_read_input_tokens,
        cacheWriteTokens: usage.cache_creation_input_tokens,
        outputTokens: usage.output_tokens,
      },
    });
    const { spentUsd = 0, savedUsd, requestsUsd } = keeper.ledger.figuresOf("ada") ?? {};
    const costs = (await of("ada")).map((entry) => ("costUsd" in entry ? (entry.costUsd ?? 0) : 0));
    expect(costs.reduce((a, b) => a + b)).toBeCloseTo(spentUsd + (requestsUsd ?? 0), 10);
    expect(second?.kind === "turn" && second.savedUsd).toBeCloseTo(savedUsd ?? 0, 10);
  });

  it("tells when it lapsed and when it stopped, and why, each once", async () => {
    const { talk, away, of, kinds, keeper, clock } = await aWorld();
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    await keeper.warmer.setKeepWarm("ada", "1 ping");
    await away(12 * MINUTE_MS);
    expect(await kinds("ada")).toEqual(["turn", "warm", "stop", "lapse"]);
    expect((await of("ada")).slice(-2)).toMatchObject([
      { why: "The 1 warm that you chose is used up.", at: expect.any(Number) },
      { why: "The 1 warm that you chose is used up. The entry has expired since." },
    ]);
    await keeper.warmer.setKeepWarm("ada", "always");
    await ada.ask("Go on.");
    // The laptop slept: nothing is sent, and its entry has lapsed.
    clock.sleep(20 * MINUTE_MS);
    await away(5 * MINUTE_MS);
    expect((await kinds("ada")).slice(4)).toEqual(["turn", "lapse"]);
  });

  it("has each entry told to who listens, as it happens, numbered in order", async () => {
    const { talk, away, history, of } = await aWorld();
    const told: [string, HistoryEntry][] = [];
    const end = history.subscribe((id, entry) => told.push([id, entry]));
    const [ada, bob] = [talk("ada"), talk("bob")];
    await ada.ask("Shall we begin?");
    await bob.ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    end();
    await ada.ask("Go on.");
    expect(told.filter(([id]) => id === "ada").map(([, entry]) => entry)).toEqual(
      (await of("ada")).slice(0, 2),
    );
    const numbers = told.map(([, { seq }]) => seq);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  it("leaves out sub-agents", async () => {
    const { client, talk, of, calm } = await aWorld(undefined, { enableNew: false });
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    const headers = { "x-keepwarm-conversation": "ada", "x-claude-code-agent-id": "a1" };
    const aside = {
      model: "claude-opus-5-5",
      max_tokens: 64,
      messages: [{ role: "user" as const, content: "Look." }],
    };
    await client.messages.create({ ...aside, system: "You are a sub-agent." }, { headers });
    await calm();
    expect(await of("ada")).toHaveLength(1);
  });

  it("outlives the gateway, and goes on where it was", async () => {
    const entries = new Map<string, string>();
    const first = await aWorld(entries);
    const ada = first.talk("ada");
    await ada.ask("Shall we begin?");
    await first.away(5 * MINUTE_MS);
    first.history.switched("ada", false);
    const before = await first.of("ada");
    await first.history.close();
    await first.gateway.close();
    const second = await aWorld(entries, { upstream: () => first.emulatorUrl });
    expect(await second.of("ada")).toEqual(before);
    second.clock.sleep(first.clock.now() - second.clock.now() + 1);
    const resumed = new Talk(clientOf(second.url), text("handbook of ada"), "ada");
    resumed.messages.push(...ada.messages);
    await resumed.ask("Still there?");
    await second.calm();
    const after = await second.of("ada");
    expect(after.slice(0, 3)).toEqual(before);
    expect(after[3]).toMatchObject({ kind: "turn" });
    expect(after[3]?.seq).toBeGreaterThan(before[2]?.seq ?? Number.POSITIVE_INFINITY);
  });

  it("is written a moment later, some seconds of it at once", async () => {
    const { talk, clock, stored, calm } = await aWorld();
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    await ada.ask("Go on.");
    expect(stored.size).toBe(0);
    await clock.pass(5_000);
    await calm();
    expect([...stored.keys()]).toEqual(["ada"]);
    expect(JSON.parse(stored.get("ada") ?? "").rows).toHaveLength(2);
  });

  it("is the last 200 entries, and says that there were more", async () => {
    const { history, of, clock, calm } = await aWorld();
    for (let n = 0; n < 150; n++) history.switched("ada", n % 2 === 0);
    await clock.pass(6_000);
    await calm();
    expect((await history.of("ada"))?.truncated).toBe(false);
    for (let n = 0; n < 100; n++) history.switched("ada", false);
    expect(await history.of("ada")).toMatchObject({ truncated: true });
    expect((await of("ada")).map(({ seq }) => seq)).toHaveLength(200);
    await clock.pass(6_000);
    await calm();
    expect(await of("ada")).toHaveLength(200);
    expect((await history.of("ada"))?.truncated).toBe(true);
  });

  it("is removed when its person has it forgotten, what is not written yet too", async () => {
    const { history, stored, clock, calm } = await aWorld();
    history.switched("ada", true);
    await history.forget("ada");
    await clock.pass(6_000);
    await calm();
    expect(stored.size).toBe(0);
    expect(await history.of("ada")).toBeNull();
    history.switched("ada", true);
    await clock.pass(6_000);
    await calm();
    expect(stored.size).toBe(1);
    expect(await history.forget("ada")).toBe(true);
    expect(await history.forget("ada")).toBe(false);
    expect(stored.size).toBe(0);
  });

  it("of a conversation without a name ends with it", async () => {
    const { talk, keeper, only, history, stored, clock, calm } = await aWorld();
    await talk().ask("Hello?");
    const id = only();
    await clock.pass(6_000);
    await calm();
    expect([...stored.keys()]).toEqual([id]);
    keeper.close(id);
    await calm();
    expect(stored.size).toBe(0);
    expect(await history.of(id)).toBeNull();
  });

  it("is known of what is open, though nothing has happened, and of nothing else", async () => {
    const { talk, history, away } = await aWorld();
    await talk("ada").ask("Shall we begin?");
    await history.forget("ada");
    expect(await history.of("ada")).toEqual({ conversationId: "ada", entries: [], truncated: false });
    await away(0);
    expect(await history.of("bob")).toBeNull();
  });

  it("is tidied up: what is a month old, and what nobody has a name for any more", async () => {
    const entries = new Map<string, string>();
    const first = await aWorld(entries);
    for (const id of ["old", "keepwarm-thread-1"]) first.history.switched(id, true);
    await first.history.close();
    first.clock.sleep(20 * DAY_MS);
    const later = recorded(first, storageIn(entries));
    later.switched("new", true);
    await first.clock.pass(61_000);
    await first.calm();
    expect([...entries.keys()].toSorted()).toEqual(["new", "old"]);
    await later.close();
    first.clock.sleep(11 * DAY_MS);
    const last = recorded(first, storageIn(entries));
    await first.clock.pass(61_000);
    await first.calm();
    expect([...entries.keys()]).toEqual(["new"]);
    await last.close();
  });

  it("passes over what it cannot read", async () => {
    const rows = [["t", 1], ["w"], "nonsense", ["e", 7, 8, true, "more"], ["e", 5, 6, true], ["z", 9, 9]];
    const entries = new Map([
      ["ada", JSON.stringify({ truncated: "perhaps", rows })],
      ["bob", "{"],
      ["cy", '{"rows":7}'],
    ]);
    const { of, history } = await aWorld(entries);
    expect(await of("ada")).toEqual([{ kind: "switch", seq: 5, at: 6, enabled: true }]);
    expect(await of("bob")).toEqual([]);
    expect(await history.of("cy")).toBeNull();
  });

  it("holds no turn up where it cannot be stored, says so, and is not piled up", async () => {
    const world = await setUp();
    const logger = createRecordingLogger();
    const failing = async () => {
      throw new Error("the disk is full");
    };
    const storage = { get: failing, set: failing, delete: failing, has: failing, keys: failing };
    const history = recorded({ ...world, logger }, storage);
    await world.talk("ada").ask("Shall we begin?");
    await world.clock.pass(6_000);
    await world.calm();
    expect(logger.lines.map(({ message }) => message)).toContain(
      "keepwarm: the history of conversations could not be written",
    );
    await expect(history.of("ada")).rejects.toThrow("the disk is full");
    await history.close();
  });

  it("holds nothing of what was said", async () => {
    const { talk, away, stored, history } = await aWorld();
    await talk("ada", text("a secret handbook", 4_000)).ask("What is the secret?");
    await away(6 * MINUTE_MS);
    await history.close();
    expect(JSON.stringify([...stored])).not.toMatch(/secret/);
    expect(stored.get("ada")?.length).toBeLessThan(400);
  });
});
