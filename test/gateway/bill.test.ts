import type Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { pricesWith } from "../../src/anthropic/index.ts";
import { createLedger } from "../../src/ledger/index.ts";
import { createRecordingLogger } from "../support/recording-logger.ts";
import { storageIn } from "../support/storage-in.ts";
import { billOf } from "./bill.ts";
import { API_KEY, MINUTE_MS, setUp, text, type World } from "./world.ts";

const marked = (ttl: "5m" | "1h") => ({ type: "ephemeral", ttl }) as const;

interface Kind {
  readonly model: string;
  readonly tokens: number;
  /** Of its system prompt, and of the rest. */
  readonly ttls: readonly ["5m" | "1h", "5m" | "1h"];
  /** What else its requests ask for. */
  readonly asks?: { readonly speed?: "fast"; readonly inference_geo?: "us" };
}

/** Conversations of several models, both tiers, mixed ones, a price that depends on the prompt, own prices. */
const KINDS: Readonly<Record<string, Kind>> = {
  "five minutes": { model: "claude-opus-5-5", tokens: 40_000, ttls: ["5m", "5m"] },
  "an hour": { model: "claude-fable-5-2", tokens: 30_000, ttls: ["1h", "1h"] },
  mixed: { model: "claude-sonnet-5", tokens: 20_000, ttls: ["1h", "5m"] },
  long: { model: "claude-haiku-5-5", tokens: 110_000, ttls: ["5m", "5m"] },
  short: { model: "claude-haiku-5-5", tokens: 20_000, ttls: ["5m", "5m"] },
  hurried: { model: "claude-opus-5-5", tokens: 20_000, ttls: ["5m", "5m"], asks: { speed: "fast" } },
  "at home": { model: "claude-fable-5-2", tokens: 20_000, ttls: ["5m", "5m"], asks: { inference_geo: "us" } },
  "of our own": { model: "house-model", tokens: 20_000, ttls: ["5m", "5m"] },
};

const OWN = {
  "house-model": { input: 7, write5m: 9, write1h: 13, read: 0.3, output: 31 },
  "claude-sonnet-5": { input: 2, write5m: 2.5, write1h: 3.5, read: 0.15, output: 10 },
};

const prices = pricesWith({
  models: {
    "house-model": {
      minimumCacheableTokens: 512,
      rates: { input: 7, cacheWrite5m: 9, cacheWrite1h: 13, cacheRead: 0.3, output: 31 },
    },
    "claude-sonnet-5": { rates: { cacheWrite1h: 3.5, cacheRead: 0.15 } },
  },
});

class Chat {
  readonly messages: Anthropic.MessageParam[] = [];
  readonly #client: Anthropic;
  readonly #name: string;
  readonly #kind: Kind;

  constructor(client: Anthropic, name: string, kind: Kind) {
    this.#client = client;
    this.#name = name;
    this.#kind = kind;
  }

  get system(): Anthropic.TextBlockParam[] {
    const { tokens, ttls } = this.#kind;
    return [{ type: "text", text: text(`handbook, ${this.#name}`, tokens), cache_control: marked(ttls[0]) }];
  }

  async ask(question: string, { stream = false } = {}): Promise<void> {
    const { model, ttls, asks } = this.#kind;
    const content = [{ type: "text" as const, text: question, cache_control: marked(ttls[1]) }];
    const asked = [...this.messages, { role: "user" as const, content }];
    const params = { model, max_tokens: 256, system: this.system, messages: asked, ...asks };
    const options = { headers: { "x-keepwarm-conversation": this.#name } };
    const { content: answer } = await (stream
      ? this.#client.messages.stream(params, options).finalMessage()
      : this.#client.messages.create(params, options));
    this.messages.push({ role: "user", content: question }, { role: "assistant", content: answer });
  }
}

/** A day with all that may happen to warms. */
async function aDay(world: World) {
  const { client, direct, away, calm, emulator, keeper } = world;
  const chats = new Map(Object.entries(KINDS).map(([name, kind]) => [name, new Chat(client, name, kind)]));
  const chat = (name: string) => {
    const known = chats.get(name);
    if (known === undefined) throw new Error(`no conversation is ${name}`);
    return known;
  };
  const all = async (question: string, options = {}) => {
    for (const one of chats.values()) await one.ask(question, options);
    await calm();
  };

  await all(text("What was said so far:", 3_000));
  await all("Go on.", { stream: true });
  await away(8 * MINUTE_MS);
  await all("All of you were rescued, or lived an hour.");
  // Turned away, and tried again; then a connection that breaks without an answer.
  emulator.failNext({ status: 529, retryAfterSeconds: 1, times: 3 });
  emulator.failNext({ status: 500, at: "disconnect" });
  await away(6 * MINUTE_MS);
  // The cache is lost, and of one conversation the beginning is written again by somebody else.
  emulator.clearCache();
  await direct.messages.create({
    model: "claude-opus-5-5",
    max_tokens: 16,
    system: chat("five minutes").system,
    messages: [{ role: "user", content: "Another conversation." }],
  });
  const notOurs = emulator.requests.length - 1;
  await away(6 * MINUTE_MS);
  await all("Where were we?");
  await client.messages.create(
    { model: "claude-haiku-5-5", max_tokens: 16, messages: [{ role: "user", content: "A title, please." }] },
    { headers: { "x-keepwarm-conversation": "short", "x-claude-code-agent-id": "a1" } },
  );
  await keeper.warmer.setEnabled("short", false);
  await away(75 * MINUTE_MS);
  await all("I am back.");
  const ours = emulator.requests.filter((_, index) => index !== notOurs);
  const isWarm = ({ maxTokens }: { maxTokens: number | null }) => maxTokens !== null && maxTokens <= 1;
  return { warms: ours.filter(isWarm), turns: ours.filter((one) => !isWarm(one)) };
}

describe("the sum of a gateway's ledger", () => {
  it("is the other side's bill to the cent, on each model, with each tier, whatever became of its warms", async () => {
    const entries = new Map<string, string>();
    const world = await setUp({ ledger: storageIn(entries), prices });
    const { warms, turns } = await aDay(world);
    const { total, models } = await world.keeper.ledger.report();

    expect(total.warms).toBe(total.hits + total.partials + total.colds + total.cutOff);
    expect(total.warms - total.cutOff).toBe(warms.filter(({ usage }) => usage !== null).length);
    expect(total).toMatchObject({ cutOff: 1, partials: 1, requests: turns.length, warmsUnpriced: 0 });
    expect(total.colds).toBeGreaterThanOrEqual(3);
    expect(total.coldReasons).toEqual({ gone_early: total.colds });
    expect(total.rescued).toBeGreaterThanOrEqual(10);
    expect(warms.filter(({ status }) => status === 529)).toHaveLength(3);
    const hours = warms.filter(({ model }) => model === "claude-fable-5-2");
    expect(hours.length).toBeGreaterThan(0);

    expect(total.spentUsd - total.boundUsd).toBeCloseTo(billOf(warms, OWN), 8);
    expect(total.requestsUsd).toBeCloseTo(billOf(turns, OWN), 8);
    for (const model of new Set(Object.values(KINDS).map((kind) => kind.model))) {
      const booked = models.find((row) => row.model === model);
      const of = (requests: typeof warms) => requests.filter((request) => request.model === model);
      expect((booked?.spentUsd ?? 0) - (booked?.boundUsd ?? 0), model).toBeCloseTo(billOf(of(warms), OWN), 8);
      expect(booked?.requestsUsd, model).toBeCloseTo(billOf(of(turns), OWN), 8);
    }
    // What another process reads of it later is the same.
    const later = createLedger({
      storage: storageIn(entries),
      logger: createRecordingLogger(),
      now: world.clock.now,
    });
    expect((await later.report()).total).toEqual(total);
  });

  it("has what was cut off at the whole prefix written anew, and no less", async () => {
    const world = await setUp({ ledger: storageIn(new Map()), prices }, { firstTokenDelayMs: 300 });
    const { client, calm, clock, phase, emulator, emulatorUrl, keeper } = world;
    for (const [name, kind] of Object.entries(KINDS)) {
      const chat = new Chat(client, name, kind);
      await chat.ask(text("What was said so far:", 3_000));
      await chat.ask("Go on.");
      await calm();
      const before = emulator.requests.length;
      for (let second = 0; second < 4_000 && phase(name) !== "warming"; second++) await clock.pass(1_000);
      await expect.poll(() => emulator.requests.length).toBe(before + 1);
      await chat.ask("I am back before it is answered.");
      await calm();
      await keeper.warmer.setEnabled(name, false);
      // The same request to an empty cache, with the one token that a warm may at most be answered with.
      const body = new TextDecoder().decode(emulator.requests[before]?.body);
      emulator.clearCache();
      const answered = await fetch(`${emulatorUrl}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": API_KEY },
        body: body.replace('"max_tokens":0', '"max_tokens":1'),
      });
      expect(answered.status).toBe(200);
      const cold = billOf(emulator.requests.slice(-1), OWN);
      expect(cold).toBeGreaterThan(0.001);
      const booked = keeper.ledger.figuresOf(name);
      expect(booked).toMatchObject({ warms: 1, cutOff: 1 });
      expect(booked?.spentUsd).toBe(booked?.boundUsd);
      expect(booked?.boundUsd, name).toBeGreaterThanOrEqual(cold - 1e-9);
      expect(booked?.boundUsd, name).toBeLessThan(2 * cold);
    }
  }, 60_000);
});

describe("the net of a gateway's ledger", () => {
  it.each(Object.keys(KINDS))(
    "is what the same day without warms would have cost more, to the cent: %s",
    async (name) => {
      const kind = KINDS[name];
      if (kind === undefined) throw new Error(name);
      const pauses = kind.ttls[1] === "1h" ? [20, 70, 130] : [7, 2, 18, 66];
      const dayOf = async (enableNew: boolean) => {
        const world = await setUp({ ledger: storageIn(new Map()), prices, enableNew });
        const chat = new Chat(world.client, name, kind);
        await chat.ask(text("What was said so far:", 3_000));
        for (const pause of pauses) {
          await world.away(pause * MINUTE_MS);
          await chat.ask(text(`Part ${pause}`, 1_000));
        }
        await world.calm();
        const { total } = await world.keeper.ledger.report();
        return { total, bill: billOf(world.emulator.requests, OWN) };
      };
      const [without, kept] = [await dayOf(false), await dayOf(true)];
      const overTtl = pauses.length - 1;
      expect(without.total).toMatchObject({ lapsed: overTtl, within: 1, first: 1, warms: 0, savedUsd: 0 });
      expect(kept.total).toMatchObject({ rescued: overTtl, within: 1, first: 1, lapsed: 0 });
      expect(kept.total.netUsd).toBeCloseTo(without.bill - kept.bill, 8);
    },
  );
});
