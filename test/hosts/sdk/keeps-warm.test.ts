import { describe, expect, it } from "vitest";
import { createMemoryStorage } from "../../../src/storage/index.ts";
import { API_KEY, MINUTE_MS, MODEL, prefixOf, settled, setUp, Talk, text } from "./world.ts";

describe("a program on the Anthropic SDK, wrapped", () => {
  it.each([{ stream: false }, { stream: true }])(
    "reads its prefix after three pauses of four TTLs, and writes only what is new (%o)",
    async ({ stream }) => {
      const { client, away } = await setUp();
      const talk = new Talk(client);
      let known = prefixOf(await talk.ask("Shall we begin?", { stream }));
      for (const question of ["And then?", "And after that?", "And at last?"]) {
        await away(20 * MINUTE_MS);
        const usage = await talk.ask(question, { stream });
        expect(usage.cache_read_input_tokens).toBe(known);
        known = prefixOf(usage);
      }
    },
  );

  it("pays for writing it again on each return without keepwarm", async () => {
    const { plain, away } = await setUp();
    const talk = new Talk(plain);
    await talk.ask("Shall we begin?");
    for (const question of ["And then?", "And after that?"]) {
      await away(20 * MINUTE_MS);
      expect((await talk.ask(question)).cache_read_input_tokens).toBe(0);
    }
  });

  it("warms by its fetch just as by its wrapper", async () => {
    const { url, keepwarm, away } = await setUp();
    const { default: Anthropic } = await import("@anthropic-ai/sdk");
    const client = new Anthropic({ baseURL: url, apiKey: API_KEY, authToken: null, fetch: keepwarm.fetch });
    const talk = new Talk(client);
    const known = prefixOf(await talk.ask("Shall we begin?"));
    await away(20 * MINUTE_MS);
    expect((await talk.ask("And then?")).cache_read_input_tokens).toBe(known);
  });

  it("warms an hour's entry once an hour", async () => {
    const { client, away, warms } = await setUp();
    await client.messages.create({
      model: MODEL,
      max_tokens: 64,
      system: [{ type: "text", text: text("handbook"), cache_control: { type: "ephemeral", ttl: "1h" } }],
      messages: [{ role: "user", content: "Shall we begin?" }],
    });
    await away(120 * MINUTE_MS);
    expect(warms()).toHaveLength(2);
    for (const { usage } of warms()) expect(usage?.cache_creation_input_tokens).toBe(0);
  });

  it("is off by default", async () => {
    const { client, away, warms, keepwarm, only } = await setUp({ enableNew: false });
    await new Talk(client).ask("Shall we begin?");
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(keepwarm.warmer.getStatus(only()).phase).toBe("off");
  });

  it("begins when its person switches it on, while the prefix is alive", async () => {
    const { client, away, keepwarm, only } = await setUp({ enableNew: false });
    const talk = new Talk(client);
    const known = prefixOf(await talk.ask("Shall we begin?"));
    await away(2 * MINUTE_MS);
    await keepwarm.warmer.setEnabled(only(), true);
    await away(20 * MINUTE_MS);
    expect((await talk.ask("And then?")).cache_read_input_tokens).toBe(known);
  });

  it("does not switch on again, with enableNew, what was switched off before", async () => {
    const { client, away, keepwarm, warms } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    await talk.ask("Shall we begin?");
    keepwarm.close("a");
    await talk.ask("One more thing.");
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });

  it.each([
    ["off", 0],
    ["off", 50],
    ["close", 0],
    ["close", 50],
  ])("does not switch on what meets an %s on its way (storage takes %i ms)", async (command, delayMs) => {
    const inner = createMemoryStorage();
    const slow = async <T>(answer: Promise<T>) => {
      const value = await answer;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return value;
    };
    const storage = {
      ...inner,
      get: (key: string) => slow(inner.get(key)),
      has: (key: string) => slow(inner.has(key)),
    };
    const { client, keepwarm } = await setUp({ storage });
    await new Talk(client, text("handbook"), "a").ask("Shall we begin?");
    if (command === "close") keepwarm.close("a");
    else await keepwarm.warmer.setEnabled("a", false);
    await new Promise((resolve) => setTimeout(resolve, 4 * delayMs + 20));
    expect(JSON.parse((await inner.get("settings:a")) ?? "null")).toMatchObject({ enabled: false });
    expect(keepwarm.warmer.getState("a").enabled).toBe(false);
    expect(keepwarm.warmer.conversations()).toEqual(command === "close" ? [] : ["a"]);
  });

  it("keeps a conversation warm whose warm is answered only after the entry would have lapsed", async () => {
    const answers: (() => void)[] = [];
    const { client, clock, calm, warms } = await setUp({
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (!(init?.body instanceof Uint8Array)) return response;
        const bytes = await response.arrayBuffer();
        await new Promise<void>((resolve) => void answers.push(resolve));
        return new Response(bytes, { status: response.status, headers: response.headers });
      },
    });
    const arrive = () => expect.poll(() => answers.length).toBe(1);
    await new Talk(client).ask("Shall we begin?");
    await clock.pass(280_000);
    await arrive();
    await clock.pass(25_000);
    answers.pop()?.();
    await calm();
    await clock.pass(280_000);
    await arrive();
    answers.pop()?.();
    await calm();
    expect(warms()).toHaveLength(2);
  });

  it.each([2, 60])(
    "warms in time though the wall clock was set back by %i min during the turn",
    async (minutes) => {
      const { client, clock, away, keepwarm } = await setUp();
      const talk = new Talk(client, text("handbook"), "a");
      const startedAt = clock.monotonicNow();
      const response = await client.messages
        .create(
          { ...talk.params, messages: [{ role: "user", content: "Hi" }], stream: true },
          { headers: talk.headers },
        )
        .asResponse();
      await settled();
      await clock.pass(4 * MINUTE_MS);
      clock.setWall(-minutes * MINUTE_MS);
      await response.text();
      await settled();
      const warmedMs: number[] = [];
      keepwarm.events.on("warmCompleted", () => warmedMs.push(clock.monotonicNow() - startedAt));
      await away(6 * MINUTE_MS);
      expect(warmedMs[0]).toBeLessThan(5 * MINUTE_MS);
    },
  );

  it("does not try again with 1 token when the entry has lapsed before 0 was refused", async () => {
    const asked: number[] = [];
    const { client, clock, away } = await setUp({
      fetch: async (input, init) => {
        if (!(init?.body instanceof Uint8Array)) return fetch(input, init);
        asked.push(JSON.parse(new TextDecoder().decode(init.body)).max_tokens);
        clock.sleep(30 * MINUTE_MS);
        const error = { type: "invalid_request_error", message: "max_tokens: must be at least 1" };
        return Response.json({ type: "error", error }, { status: 400 });
      },
    });
    await new Talk(client).ask("Shall we begin?");
    await away(6 * MINUTE_MS);
    expect(asked).toEqual([0]);
  });

  it("waits with a conversation's warms as long as its own request was asked to, and with no other's", async () => {
    const { client, emulator, away, keepwarm, warms } = await setUp();
    const turnedAway = new Talk(client, text("turned away"), "a");
    await turnedAway.ask("Shall we begin?");
    await new Talk(client, text("another"), "b").ask("Hi");
    for (const id of ["a", "b"]) await keepwarm.warmer.setIntervalMs(id, 20_000);
    // The shorter wait of the second does not cut the first one short.
    for (const retryAfterSeconds of [120, 1]) {
      emulator.failNext({ status: 429, retryAfterSeconds });
      await expect(turnedAway.ask("Go on.")).rejects.toThrow();
      turnedAway.messages.pop();
    }
    const isOfTurnedAway = () =>
      warms().map(({ body }) => new TextDecoder().decode(body).includes("turned away"));
    await away(115_000);
    // How many there are of the other depends on their jitter.
    expect(new Set(isOfTurnedAway())).toEqual(new Set([false]));
    await away(MINUTE_MS);
    expect(isOfTurnedAway()).toContain(true);
    for (const { usage } of warms()) expect(usage?.cache_creation_input_tokens).toBe(0);
  });

  it("leaves nothing of a conversation that a listener closes when it hears of its turn", async () => {
    const storage = createMemoryStorage();
    const { client, keepwarm } = await setUp({ storage });
    keepwarm.events.on("turnStarted", ({ conversationId }) => keepwarm.close(conversationId));
    await new Talk(client).ask("Hi");
    expect([keepwarm.warmer.conversations(), await storage.keys()]).toEqual([[], []]);
  });

  it("warms with 1 token when told to, and what max_tokens 0 is not taken for", async () => {
    const { client, away, warms } = await setUp({ warmTokens: 1 });
    await new Talk(client).ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    expect(warms().map(({ maxTokens }) => maxTokens)).toEqual([1]);
  });
});

describe("several conversations at once", () => {
  it("are each kept warm with their own prefix", async () => {
    const { client, away } = await setUp();
    const talks = ["Ada", "Brouwer", "Church"].map((topic) => new Talk(client, text(topic)));
    const known = await Promise.all(talks.map(async (talk) => prefixOf(await talk.ask("Hi"))));
    await away(20 * MINUTE_MS);
    const returns = await Promise.all(talks.map((talk) => talk.ask("And then?")));
    expect(returns.map((usage) => usage.cache_read_input_tokens)).toEqual(known);
  });

  it("are told apart by name, and the name is never sent", async () => {
    const { client, emulator, keepwarm } = await setUp();
    await new Talk(client, text("same"), "one").ask("Hi");
    await new Talk(client, text("same"), "two").ask("Hi");
    expect(keepwarm.warmer.conversations()).toEqual(["one", "two"]);
    for (const { headers } of emulator.requests)
      expect(Object.keys(headers).join()).not.toContain("keepwarm");
  });

  it("are told apart by their threads when they go on differently", async () => {
    const { client, keepwarm } = await setUp();
    const first = new Talk(client, text("same"));
    const second = new Talk(client, text("same"));
    await first.ask("Hi");
    await first.ask("Tell me of ships.");
    await second.ask("Hi");
    await second.ask("Tell me of shoes.");
    await first.ask("Go on.");
    expect(keepwarm.warmer.conversations()).toHaveLength(2);
  });

  it("stay one when the last exchange is asked again, edited, or under another system prompt", async () => {
    const { client, away, warms, keepwarm } = await setUp();
    const talk = new Talk(client);
    await talk.ask("Shall we begin?");
    await talk.ask("And then?");
    for (let edit = 1; edit <= 5; edit++) {
      talk.messages.splice(-2);
      await talk.ask(`And then, edited ${edit} times?`);
    }
    const later = new Talk(client, text("handbook, as of noon"));
    later.messages.push(...talk.messages);
    await later.ask("What time is it?");
    expect(keepwarm.warmer.conversations()).toHaveLength(1);
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });

  it("are two when one has a name and the other has not, though they say the same", async () => {
    const { client, keepwarm } = await setUp();
    const named = new Talk(client, text("same"), "ada");
    await named.ask("Hi");
    const unnamed = new Talk(client, text("same"));
    unnamed.messages.push(...named.messages);
    await unnamed.ask("Go on.");
    expect(keepwarm.warmer.conversations()).toHaveLength(2);
  });

  it("are not let go of while a turn is under way", async () => {
    const { client, keepwarm } = await setUp({ maxConversations: 1 });
    const talk = new Talk(client, text("busy"), "busy");
    const question = { role: "user" as const, content: "Hi" };
    const response = await client.messages
      .create({ ...talk.params, messages: [question], stream: true }, { headers: talk.headers })
      .asResponse();
    await new Talk(client, text("other"), "other").ask("Hi");
    expect(keepwarm.warmer.conversations()).toContain("busy");
    await response.text();
  });

  it("are let go of beyond the limit, the one used longest ago first, with its setting kept", async () => {
    const { client, away, keepwarm, warms } = await setUp({ maxConversations: 2 });
    for (const name of ["one", "two", "three"]) await new Talk(client, text(name), name).ask("Hi");
    expect(keepwarm.warmer.conversations()).toEqual(["two", "three"]);
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(2);
  });

  it("are let go of beyond the limit though a surface redraws each a moment later", async () => {
    const { client, keepwarm } = await setUp({ maxConversations: 2 });
    keepwarm.surface.subscribe((conversationId) => {
      queueMicrotask(() => keepwarm.surface.getSpec({ conversationId }));
    });
    const names = ["one", "two", "three", "four", "five"];
    for (const name of names) await new Talk(client, text(name), name).ask("Hi");
    expect(keepwarm.warmer.conversations()).toEqual(["four", "five"]);
  });

  it("are not left open by a storage that throws at once", async () => {
    const broken = () => {
      throw new Error("disk gone");
    };
    const storage = { get: broken, set: broken, delete: broken, has: broken, keys: broken };
    const { client, keepwarm, only } = await setUp({ maxConversations: 1, storage });
    await new Talk(client, text("one")).ask("Hi");
    await new Talk(client, text("two")).ask("Hi");
    expect(keepwarm.warmer.getState(only()).active).toBe(false);
  });

  it("leave no setting behind when they had no name, and keep it when they had one", async () => {
    const storage = createMemoryStorage();
    const { client } = await setUp({ maxConversations: 1, storage });
    await new Talk(client, text("one")).ask("Hi");
    await new Talk(client, text("two"), "named").ask("Hi");
    await new Talk(client, text("three"), "last").ask("Hi");
    expect(await storage.keys()).toEqual(["settings:named", "settings:last"]);
  });
});
