import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { netUsd } from "../../src/ledger/index.ts";
import { GAPS_KEY, GapHistory } from "../../src/policy/index.ts";
import { prefixOf } from "../hosts/sdk/world.ts";
import { storageIn } from "../support/storage-in.ts";
import { billOf, OPUS } from "./bill.ts";
import { controlledWorld } from "./controlled.ts";
import { clientOf, MINUTE_MS, MODEL, setUp, Talk, text } from "./world.ts";

async function aWorld(options: Parameters<typeof setUp>[0] = {}, emulated: Parameters<typeof setUp>[1] = {}) {
  const entries = new Map<string, string>();
  const world = await setUp({ ledger: storageIn(entries), ...options }, emulated);
  const figures = (id: string) => {
    const known = world.keeper.ledger.figuresOf(id);
    if (known === null) throw new Error(`nothing is known of ${id}`);
    return known;
  };
  return { ...world, ledgerEntries: entries, figures };
}

describe("the ledger of a gateway", () => {
  it("agrees with the other side's bill to the cent: of warms, and of everything", async () => {
    const { talk, away, keeper, emulator, warms } = await aWorld();
    const [ada, bob, cy] = ["ada", "bob", "cy"].map((id) => talk(id, text(`handbook of ${id}`, 40_000)));
    for (const one of [ada, bob, cy]) await one?.ask("Shall we begin?");
    await away(12 * MINUTE_MS);
    await ada?.ask("Go on.", { stream: true });
    await keeper.warmer.setEnabled("cy", false);
    await away(3 * MINUTE_MS);
    await ada?.ask("And on.");
    await bob?.ask("Where were we?");
    await away(40 * MINUTE_MS);
    await ada?.ask("I am back.");
    await cy?.ask("So am I.");
    await away(30 * MINUTE_MS);
    const { total, conversations } = await keeper.ledger.report();
    expect(warms().length).toBeGreaterThan(20);
    expect(total.warms).toBe(warms().length);
    expect(total.spentUsd).toBeCloseTo(billOf(warms()), 8);
    expect(total.spentUsd + total.requestsUsd).toBeCloseTo(billOf(emulator.requests), 8);
    expect(billOf(warms())).toBeGreaterThan(0.1);
    expect(total).toMatchObject({ first: 3, rescued: 3, within: 1, lapsed: 1, requests: 8 });
    // The last is what they asked before they were first warmed.
    expect(conversations.map(({ conversationId }) => conversationId)).toEqual(
      expect.arrayContaining(["ada", "bob", "cy", null]),
    );
    expect(total.savedUsd).toBeGreaterThan(0);
  });

  it("credits what the same day without it would have cost more, to the cent", async () => {
    async function dayOf(enableNew: boolean) {
      const world = await aWorld({ enableNew });
      const ada = world.talk("ada", text("handbook", 40_000));
      await ada.ask("Shall we begin?");
      for (const pause of [7, 2, 18, 11]) {
        await world.away(pause * MINUTE_MS);
        await ada.ask(`Part ${pause}`);
      }
      return { bill: billOf(world.emulator.requests), figures: world.figures("ada") };
    }
    const [without, kept] = [await dayOf(false), await dayOf(true)];
    expect(without.figures).toMatchObject({ lapsed: 3, within: 1, spentUsd: 0, savedUsd: 0 });
    expect(kept.figures).toMatchObject({ rescued: 3, within: 1, lapsed: 0 });
    expect(netUsd(kept.figures)).toBeCloseTo(without.bill - kept.bill, 8);
  });

  it("shows a conversation what it cost and saved", async () => {
    const { talk, away, keeper } = await aWorld();
    const ada = talk("ada", text("handbook", 40_000));
    const shown = () =>
      keeper.surface
        .getSpec({ conversationId: "ada" })
        .fields.flatMap((field) => (field.kind === "stat" ? [[field.label, field.value]] : []));
    await ada.ask("Shall we begin?");
    expect(Object.fromEntries(shown())).not.toHaveProperty("Spent");
    await away(6 * MINUTE_MS);
    expect(Object.fromEntries(shown())).toMatchObject({
      Saved: "$0.00",
      Net: expect.stringMatching(/^−\$/),
    });
    await ada.ask("Go on.");
    expect(Object.fromEntries(shown())).toMatchObject({
      Spent: expect.stringMatching(/^\$0\.0\d+/),
      Saved: expect.stringMatching(/^\$0\.[1-9]/),
      Net: expect.stringMatching(/^\$0\.[1-9]/),
    });
  });

  it("goes on after a restart: figures stay, and nothing is credited to what it does not know of", async () => {
    const entries = new Map<string, string>();
    const first = await setUp({ ledger: storageIn(entries) });
    const ada = first.talk("ada");
    await ada.ask("Shall we begin?");
    await first.away(6 * MINUTE_MS);
    const before = first.keeper.ledger.figuresOf("ada");
    await first.gateway.close();
    const second = await setUp({ ledger: storageIn(entries), upstream: () => first.emulatorUrl });
    await second.keeper.ledger.stored();
    expect(second.keeper.ledger.figuresOf("ada")).toEqual(
      expect.objectContaining({ warms: before?.warms, spentUsd: before?.spentUsd }),
    );
    const resumed = new Talk(clientOf(second.url), text("handbook of ada"), "ada");
    resumed.messages.push(...ada.messages);
    expect((await resumed.ask("Still there?")).cache_read_input_tokens).toBeGreaterThan(0);
    await second.calm();
    expect(second.keeper.ledger.figuresOf("ada")).toMatchObject({ rescued: 0, savedUsd: 0, warms: 1 });
  });

  it("counts a warm whose connection broke at its most, one that was turned away at nothing", async () => {
    const { talk, away, figures, emulator, warms } = await aWorld();
    const ada = talk("ada", text("handbook", 40_000));
    await ada.ask("Shall we begin?");
    await ada.ask("Go on.");
    const prefix = prefixOf(await ada.ask("And on."));
    emulator.failNext({ status: 529 });
    emulator.failNext({ status: 500, at: "disconnect" });
    await away(6 * MINUTE_MS);
    const most = (prefix * OPUS.write5m + 1 * OPUS.output) / 1e6;
    const { warms: count, cutOff, hits, boundUsd, spentUsd } = figures("ada");
    expect({ count, cutOff, hits }).toEqual({ count: 2, cutOff: 1, hits: 1 });
    expect(boundUsd - most).toBeLessThan(0.000_1);
    expect(boundUsd).toBeGreaterThanOrEqual(most);
    expect(spentUsd).toBeCloseTo(billOf(warms()) + boundUsd, 8);
  });

  it("counts a warm that the return overtook once, at its most, and credits the one before it", async () => {
    const { talk, away, figures, warms, clock, calm, phase } = await aWorld({}, { firstTokenDelayMs: 100 });
    const ada = talk("ada", text("handbook", 40_000));
    await ada.ask("Shall we begin?");
    await away(8 * MINUTE_MS);
    expect(figures("ada").warms).toBe(1);
    for (let second = 0; second < 200 && phase("ada") !== "warming"; second++) await clock.pass(1_000);
    await expect.poll(() => warms().length).toBe(2);
    await ada.ask("Go on.");
    await calm();
    expect(figures("ada")).toMatchObject({ warms: 2, hits: 1, cutOff: 1, rescued: 1, requests: 2 });
    expect(figures("ada").spentUsd - figures("ada").boundUsd).toBeCloseTo(billOf(warms().slice(0, 1)), 8);
  });

  it("has its names forgotten by the control API", async () => {
    const { talk, away, gateway, clock, logger } = await aWorld();
    const control = controlledWorld({ gateway, clock, logger });
    await talk("ada").ask("Shall we begin?");
    await away(6 * MINUTE_MS);
    gateway.keeper.detach("ada");
    const names = async () => (await control.report()).conversations.map((row) => row.conversationId);
    expect(await names()).toContain("ada");
    expect(await control.forget("ada")).toBe(true);
    expect(await names()).toEqual([null]);
    expect(await control.forget("ada")).toBe(false);
  });

  it("has compaction as a thread replaced, a regenerated answer as the same one", async () => {
    const { talk, away, figures } = await aWorld();
    const ada = talk("ada", text("handbook", 40_000));
    await ada.ask("Shall we begin?");
    await ada.ask("First part.");
    await ada.ask("Second part.");
    await away(6 * MINUTE_MS);
    ada.messages.splice(-2);
    await ada.ask("Second part, once more.");
    // The cache refreshed what was asked last, and not what it began with.
    expect(figures("ada")).toMatchObject({ drifted: 1, replaced: 0 });
    await away(6 * MINUTE_MS);
    ada.messages.splice(0, ada.messages.length, { role: "user", content: "In short: all went well." });
    ada.messages.push({ role: "assistant", content: "I see." });
    await ada.ask("Go on from there.");
    expect(figures("ada")).toMatchObject({ rescued: 0, drifted: 1, replaced: 1 });
  });

  it("tells sub-agents' cost and credits them nothing", async () => {
    const { client, talk, away, figures, calm } = await aWorld();
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    const headers = { "x-keepwarm-conversation": "ada", "x-claude-code-agent-id": "a1" };
    const aside = { model: MODEL, max_tokens: 64, messages: [{ role: "user" as const, content: "Look." }] };
    await away(6 * MINUTE_MS);
    await client.messages.create({ ...aside, system: "You are a sub-agent." }, { headers });
    await calm();
    expect(figures("ada")).toMatchObject({ requests: 2, first: 1, rescued: 0, within: 0 });
    await ada.ask("Go on.");
    expect(figures("ada")).toMatchObject({ requests: 3, rescued: 1 });
  });

  it("keeps no name of a conversation that was never warmed, and none that its person had forgotten", async () => {
    const { talk, away, keeper, ledgerEntries } = await aWorld();
    await keeper.warmer.setEnabled("bob", false);
    for (const id of ["ada", "bob"]) await talk(id).ask("Shall we begin?");
    await talk().ask("Hello?");
    const unnamed = keeper.conversations().find(({ named }) => !named)?.id ?? "none";
    await away(6 * MINUTE_MS);
    const stored = () => JSON.stringify([...ledgerEntries]);
    expect(stored()).toContain("ada");
    expect(stored()).not.toContain("bob");
    // What it cost is told apart too, by an id that is nobody's name.
    expect(stored()).toContain(unnamed);
    const { total } = await keeper.ledger.report();
    for (const id of ["ada", unnamed]) {
      expect(await keeper.ledger.forget(id)).toBe(true);
      expect(stored()).not.toContain(id);
    }
    expect((await keeper.ledger.report()).total).toEqual(total);
    expect(keeper.ledger.figuresOf("ada")).toBeNull();
  });

  it("knows what a person's subscription paid, and does not take another's token for one", async () => {
    const { url, away, calm, figures } = await aWorld({ allowSubscription: true });
    for (const [id, authToken] of [
      ["ada", "sk-ant-oat01-for-a-test"],
      ["bob", "sk-ant-api03-for-a-test"],
      ["cy", "a-token-of-some-gateway"],
    ] as const) {
      const client = new Anthropic({ baseURL: url, apiKey: null, authToken, maxRetries: 0 });
      await new Talk(client, text(`handbook of ${id}`), id).ask("Shall we begin?");
      await calm();
    }
    await away(6 * MINUTE_MS);
    const paidFor = (id: string) => {
      const { warms, requests, warmsBySubscription, requestsBySubscription } = figures(id);
      return { warms, requests, warmsBySubscription, requestsBySubscription };
    };
    const all = { warms: 1, requests: 1, warmsBySubscription: 1, requestsBySubscription: 1 };
    expect(paidFor("ada")).toEqual(all);
    const none = { ...all, warmsBySubscription: 0, requestsBySubscription: 0 };
    expect(paidFor("bob")).toEqual(none);
    expect(paidFor("cy")).toEqual(none);
  });

  it("has no warm, its own or another's, counted among the pauses of its person", async () => {
    async function pausesOf(isWarmed: boolean) {
      const storage = storageIn(new Map());
      const world = await aWorld({ enableNew: isWarmed, keeping: { keepWarm: "always", storage } });
      const ada = world.talk("ada");
      await ada.ask("Shall we begin?");
      for (let pause = 0; pause < 3; pause++) {
        await world.away(15 * MINUTE_MS);
        if (isWarmed)
          await world.client.messages.create({ ...ada.params, max_tokens: 1 }, { headers: ada.headers });
        await world.away(5 * MINUTE_MS);
        await ada.ask("Go on.");
      }
      await world.calm();
      return { pauses: await storage.get(GAPS_KEY), warms: world.warms().length };
    }
    const [alone, warmed] = [await pausesOf(false), await pausesOf(true)];
    expect(alone.warms).toBe(0);
    expect(warmed.warms).toBeGreaterThan(12);
    expect(warmed.pauses).toBe(alone.pauses);
    expect(GapHistory.parse(warmed.pauses).summary()).not.toEqual(new GapHistory().summary());
  });
});
