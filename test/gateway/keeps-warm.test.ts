import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { prefixOf } from "../hosts/sdk/world.ts";
import { doctored } from "./doctored.ts";
import { API_KEY, clientOf, MINUTE_MS, MODEL, setUp, Talk, text } from "./world.ts";

describe("an agent behind the gateway", () => {
  it("pays for writing its prefix again on each return while nothing is switched on", async () => {
    const { away, talk, warms } = await setUp({ enableNew: false });
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    await away(20 * MINUTE_MS);
    expect((await ada.ask("Go on.")).cache_read_input_tokens).toBe(0);
    expect(warms()).toEqual([]);
  });

  it.each([true, false])("reads it on each return while it is kept warm (streaming: %s)", async (stream) => {
    const { away, talk } = await setUp();
    const ada = talk("ada");
    let known = prefixOf(await ada.ask("Shall we begin?", { stream }));
    for (let pause = 1; pause <= 3; pause++) {
      await away(20 * MINUTE_MS);
      const usage = await ada.ask(`Go on, part ${pause}.`, { stream });
      expect(usage.cache_read_input_tokens).toBe(known);
      known = prefixOf(usage);
    }
  });

  it("has its turns and warms counted as the API got them", async () => {
    const { away, talk, warms, gateway } = await setUp();
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    await away(20 * MINUTE_MS);
    await ada.ask("Go on.");
    expect(warms().length).toBeGreaterThan(2);
    expect(gateway.counts).toEqual({ turns: 2, warms: warms().length });
  });

  it("is kept warm from the moment its person switches it on", async () => {
    const { away, talk, keeper } = await setUp({ enableNew: false });
    const ada = talk("ada");
    const known = prefixOf(await ada.ask("Shall we begin?"));
    await away(2 * MINUTE_MS);
    await keeper.warmer.setEnabled("ada", true);
    await away(20 * MINUTE_MS);
    expect((await ada.ask("Go on.")).cache_read_input_tokens).toBe(known);
  });

  it("has its warms sent as its requests were: same key, same betas, and no name of ours", async () => {
    const { away, url, warms, calm } = await setUp();
    const client = new Anthropic({
      baseURL: url,
      apiKey: API_KEY,
      authToken: null,
      defaultHeaders: { "anthropic-beta": "context-1m-2025-08-07", "x-own": "yes" },
    });
    await new Talk(client, text("handbook"), "ada").ask("Shall we begin?");
    await calm();
    await away(5 * MINUTE_MS);
    const [warm] = warms();
    expect(warm?.headers).toMatchObject({
      authorization: `Bearer ${API_KEY}`,
      "anthropic-beta": "context-1m-2025-08-07",
      "x-own": "yes",
    });
    expect(warm?.headers).not.toHaveProperty("x-keepwarm-conversation");
    expect(warm?.headers).not.toHaveProperty("x-stainless-retry-count");
  });

  it("is one turn of one conversation with each request, and its stop reason travels along", async () => {
    const { keeper, client, calm } = await setUp();
    const told: unknown[] = [];
    keeper.events.on("turnStarted", ({ conversationId }) => told.push(conversationId));
    keeper.events.on("turnSettled", ({ stopReason }) => told.push(stopReason));
    const talk = new Talk(client, text("handbook"), "ada");
    const tools = [{ name: "look", input_schema: { type: "object" as const } }];
    await client.messages.create(
      { ...talk.params, tools, messages: [{ role: "user", content: "[[tool:look {}]] Look." }] },
      { headers: talk.headers },
    );
    await calm();
    expect(told).toEqual(["ada", "tool_use"]);
  });

  it.each([
    ["look", false, undefined],
    ["look", true, undefined],
    ["AskUserQuestion", false, true],
    ["AskUserQuestion", true, true],
  ])(
    "tells whether its turn ended with a question to the person: %s (streaming: %s)",
    async (name, stream, asks) => {
      const { keeper, client, calm } = await setUp();
      const told: unknown[] = [];
      keeper.events.on("requestAnswered", ({ asksPerson }) => told.push(asksPerson));
      keeper.events.on("turnSettled", ({ asksPerson }) => told.push(asksPerson));
      const { params, headers } = new Talk(client, text("handbook"), "ada");
      const tools = ["look", "AskUserQuestion"].map((tool) => ({
        name: tool,
        input_schema: { type: "object" as const },
      }));
      const messages = [{ role: "user" as const, content: `[[tool:${name} {}]] Do it.` }];
      const asked = { ...params, tools, messages };
      if (stream) await client.messages.stream(asked, { headers }).finalMessage();
      else await client.messages.create(asked, { headers });
      await calm();
      expect(told).toEqual([asks, asks]);
    },
  );

  it("is covered while its tool runs", async () => {
    const { client, away, calm } = await setUp();
    const talk = new Talk(client, text("handbook"), "ada");
    const tools = [{ name: "look", input_schema: { type: "object" as const } }];
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: "[[tool:look {}]] Look." }];
    const ask = () => client.messages.create({ ...talk.params, tools, messages }, { headers: talk.headers });
    const called = await ask();
    await calm();
    await away(15 * MINUTE_MS);
    const call = called.content.find(({ type }) => type === "tool_use");
    if (call?.type !== "tool_use") throw new Error("no tool was called");
    messages.push(
      { role: "assistant", content: called.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "found" }] },
    );
    expect((await ask()).usage.cache_read_input_tokens).toBe(prefixOf(called.usage));
  });

  it("has a sub-agent, a title and a probe pass by, and its own thread kept warm", async () => {
    const { client, away, calm, talk, warms, keeper } = await setUp();
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    const headers = { "x-keepwarm-conversation": "ada" };
    const aside = (params: Partial<Anthropic.MessageCreateParamsNonStreaming>, more = {}) =>
      client.messages.create(
        {
          model: MODEL,
          max_tokens: 64,
          messages: [{ role: "user", content: text("aside", 9_000) }],
          ...params,
        },
        { headers: { ...headers, ...more } },
      );
    await aside({ model: "claude-haiku-5-5", system: "Give it a title." });
    await aside({ system: "You are a sub-agent." }, { "x-claude-code-agent-id": "a1" });
    await aside({ max_tokens: 1 });
    await calm();
    await away(5 * MINUTE_MS);
    expect(keeper.conversations().map(({ id }) => id)).toEqual(["ada"]);
    expect(
      warms().map(({ maxTokens, body }) => [maxTokens, new TextDecoder().decode(body).includes("aside")]),
    ).toEqual([
      [1, true],
      [0, false],
    ]);
  });

  it("is known by its threads when it names none", async () => {
    const { away, talk, only } = await setUp();
    const nameless = talk(undefined, text("handbook"));
    const known = prefixOf(await nameless.ask("Shall we begin?"));
    expect(only()).toMatch(/^keepwarm-thread-/);
    await away(20 * MINUTE_MS);
    expect((await nameless.ask("Go on.")).cache_read_input_tokens).toBe(known);
    only();
  });

  it("is two conversations when two begin with the same words", async () => {
    let answers = 0;
    const upstream = (url: string) =>
      doctored(url, (answer) => {
        answer.body = answer.body.replace('"type":"text","text":"', `$&${++answers} `);
      });
    const { talk, keeper, away } = await setUp({ upstream });
    const [one, two] = [talk(undefined, text("handbook")), talk(undefined, text("handbook"))];
    await one.ask("Hi");
    await two.ask("Hi");
    await one.ask("I am Ada.");
    await two.ask("I am Bob.");
    const known = prefixOf(await one.ask("Go on, Ada."));
    expect(keeper.conversations()).toHaveLength(2);
    await away(20 * MINUTE_MS);
    expect((await one.ask("Again.")).cache_read_input_tokens).toBe(known);
  });

  it("is let go of when its client stops using it: nothing is held beyond the lapse", async () => {
    const { talk, keeper, away } = await setUp({ enableNew: false });
    await talk("ada").ask("Shall we begin?");
    expect(keeper.heldBytes()).toBeGreaterThan(10_000);
    await away(6 * MINUTE_MS);
    expect(keeper.heldBytes()).toBe(0);
  });

  it("does not have its warms go out in one burst with others'", async () => {
    const { talk, keeper, away, emulator } = await setUp({ maxWarms: 2 }, { firstTokenDelayMs: 20 });
    for (let at = 0; at < 12; at++) await talk(`c${at}`, text(`handbook ${at}`)).ask("Hi");
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, emulator.requests.filter(({ status }) => status === 0).length);
    }, 1);
    await away(5 * MINUTE_MS);
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(2);
    expect(keeper.conversations()).toHaveLength(12);
  });

  it("waits with warms while less than 5 % of its rate limit is left, and no longer", async () => {
    let remaining = 4;
    const upstream = (url: string) =>
      doctored(url, ({ headers }) => {
        for (const name of Object.keys(headers))
          if (name.startsWith("anthropic-ratelimit")) delete headers[name];
        headers["anthropic-ratelimit-requests-limit"] = "100";
        headers["anthropic-ratelimit-requests-remaining"] = String(remaining);
        headers["anthropic-ratelimit-requests-reset"] = new Date(clock.now() + 30 * MINUTE_MS).toISOString();
      });
    const { talk, warms, away, clock, keeper } = await setUp({ upstream });
    const ada = talk("ada");
    await ada.ask("Shall we begin?");
    await away(4 * MINUTE_MS + 55_000);
    expect(warms()).toEqual([]);
    expect(keeper.warmer.getStatus("ada").why).toMatch(/5 % of the rate limit/);
    remaining = 5;
    await ada.ask("Go on.");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
  });
});

describe("a run", () => {
  it("has conversations of its own, which end with it and keep their settings", async () => {
    const { gateway, keeper, away, warms, entries } = await setUp({ enableNew: false });
    const run = gateway.attachRun({ id: "r1", enableNew: true });
    const talk = new Talk(clientOf(run.baseUrl), text("handbook"), "ada");
    await talk.ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    run.detach();
    run.detach();
    expect(keeper.conversations()).toEqual([]);
    await away(20 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect([...entries.keys()]).toEqual(["settings:ada"]);
    // What it left behind still gets through.
    expect((await talk.ask("Still there?")).output_tokens).toBeGreaterThan(0);
  });

  it("goes where it was going before, and never elsewhere when that is not known", async () => {
    const elsewhere = await setUp();
    const { gateway, emulator } = await setUp();
    const run = gateway.attachRun({ id: "r1", upstream: new URL(elsewhere.emulatorUrl) });
    await new Talk(clientOf(run.baseUrl), text("handbook")).ask("Shall we begin?");
    expect(elsewhere.emulator.requests).toHaveLength(1);
    const unknown = run.baseUrl.replace("/r1", "/r2");
    const lost = new Talk(clientOf(unknown), text("handbook")).ask("Hello?");
    await expect(lost).rejects.toMatchObject({ status: 503 });
    expect(emulator.requests).toEqual([]);
  });

  it("is kept warm too where its own upstream ends in the /v1 that its client leaves out", async () => {
    const { gateway, emulator, emulatorUrl, away, calm, warms } = await setUp();
    const run = gateway.attachRun({ id: "r1", upstream: new URL(`${emulatorUrl}/v1`) });
    const client = new Anthropic({
      baseURL: run.baseUrl,
      apiKey: API_KEY,
      authToken: null,
      // As the Vercel AI SDK asks.
      fetch: (url, init) => fetch(String(url).replace("/v1/messages", "/messages"), init),
    });
    const talk = new Talk(client, text("handbook"), "ada");
    const known = prefixOf(await talk.ask("Shall we begin?"));
    await calm();
    await away(20 * MINUTE_MS);
    expect((await talk.ask("Go on.")).cache_read_input_tokens).toBe(known);
    expect(warms()).not.toEqual([]);
    expect(new Set(emulator.requests.map(({ path }) => path))).toEqual(new Set(["/v1/messages"]));
  });
});
