import { gzipSync } from "node:zlib";
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it, vi } from "vitest";
import { API_KEY, MINUTE_MS, MODEL, prefixOf, settled, setUp, Talk, text } from "./world.ts";

describe("what a warm repeats", () => {
  it("is the last request byte for byte but for max_tokens, with its headers", async () => {
    const { client, away, emulator, warms } = await setUp();
    await client.messages.create(
      {
        model: MODEL,
        max_tokens: 256,
        thinking: { type: "adaptive" },
        output_config: { effort: "high" },
        tools: [{ name: "look", input_schema: { type: "object" } }],
        system: [{ type: "text", text: text("handbook"), cache_control: { type: "ephemeral" } }],
        messages: [{ role: "user", content: 'Ünïcode "quotes" \\ and a \u2028 separator' }],
      },
      { headers: { "anthropic-beta": "context-management-2025-06-27" } },
    );
    await away(5 * MINUTE_MS);
    const [real] = emulator.requests;
    const [warm] = warms();
    const decode = (body: Uint8Array | undefined) => new TextDecoder().decode(body);
    expect(decode(warm?.body)).toBe(decode(real?.body).replace('"max_tokens":256', '"max_tokens":0'));
    expect(warm?.headers["anthropic-beta"]).toBe("context-management-2025-06-27");
    expect(warm?.headers.authorization).toBe(real?.headers.authorization);
    expect(warm?.usage?.cache_creation_input_tokens).toBe(0);
  });

  it("is never keepwarm's own warm", async () => {
    const { client, away, emulator, keepwarm, only } = await setUp();
    const turns: string[] = [];
    keepwarm.events.on("turnStarted", () => turns.push("started"));
    await new Talk(client).ask("Shall we begin?");
    await away(30 * MINUTE_MS);
    expect(turns).toHaveLength(1);
    expect(keepwarm.warmer.conversations()).toEqual([only()]);
    const bodies = emulator.requests.slice(1).map(({ body }) => new TextDecoder().decode(body));
    expect(new Set(bodies).size).toBe(1);
  });

  it("is not a title request, nor a sub-agent's, nor a probe's, made in the same conversation", async () => {
    const { client, away } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    const headers = talk.headers;
    const known = prefixOf(await talk.ask("Shall we begin?"));
    const side = [
      { model: "claude-haiku-5-5", max_tokens: 32, system: "Give this conversation a title." },
      { model: MODEL, max_tokens: 512, system: text("you are a sub-agent", 900) },
      { model: MODEL, max_tokens: 1, system: text("handbook") },
    ];
    for (const params of side) {
      await client.messages.create(
        { ...params, cache_control: { type: "ephemeral" }, messages: [{ role: "user", content: "Go." }] },
        { headers },
      );
    }
    await away(20 * MINUTE_MS);
    expect((await talk.ask("And then?")).cache_read_input_tokens).toBe(known);
  });

  it("goes on being warmed while a side request of its conversation is under way", async () => {
    const { client, away, warms } = await setUp({}, { sleep: () => new Promise(() => {}) });
    const talk = new Talk(client, text("handbook"), "a");
    await talk.ask("Shall we begin?");
    const abort = new AbortController();
    const side = client.messages.create(
      { model: MODEL, max_tokens: 64, messages: [{ role: "user", content: "[[delay:1000ms]] Work on." }] },
      { headers: talk.headers, signal: abort.signal },
    );
    await away(20 * MINUTE_MS);
    expect(warms().map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    abort.abort();
    await expect(side).rejects.toThrow();
  });

  it("is the shorter request after a compaction", async () => {
    const { client, away, warms } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    await talk.ask(text("a long story"));
    await talk.ask("And then?");
    talk.messages.length = 0;
    await talk.ask("Summary so far: it was a long story.");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(new TextDecoder().decode(warms()[0]?.body)).toContain("Summary so far");
  });

  it("is the request that another model answered when the first one asked had failed", async () => {
    const { client, emulator, away, warms } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    const params = { ...talk.params, messages: [{ role: "user" as const, content: "Shall we begin?" }] };
    const options = { headers: talk.headers };
    emulator.failNext({ status: 529 });
    await expect(
      client.messages.create({ ...params, model: "claude-sonnet-5-5" }, options),
    ).rejects.toThrow();
    await client.messages.create(params, options);
    await away(5 * MINUTE_MS);
    expect(warms().map(({ model }) => model)).toEqual([MODEL]);
  });

  it("is never sent with the key of another client that says the same", async () => {
    const { client, url, keepwarm, only, away, warms } = await setUp({ enableNew: false });
    const other = keepwarm.wrap(
      new Anthropic({ baseURL: url, apiKey: "sk-ant-api03-of-another", authToken: null, maxRetries: 0 }),
    );
    await new Talk(client, text("same")).ask("Hi");
    await keepwarm.warmer.setEnabled(only(), true);
    await new Talk(other, text("same")).ask("Hi");
    await away(5 * MINUTE_MS);
    expect(warms().map(({ headers }) => headers.authorization ?? headers["x-api-key"])).toEqual([
      expect.stringContaining(API_KEY),
    ]);
  });

  it("is the larger request when another model takes over", async () => {
    const { client, away, warms } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    await talk.ask("Shall we begin?");
    await client.messages.create(
      {
        ...talk.params,
        model: "claude-sonnet-5-5",
        messages: [...talk.messages, { role: "user", content: "Go on" }],
      },
      { headers: talk.headers },
    );
    await away(5 * MINUTE_MS);
    expect(warms().map(({ model }) => model)).toEqual(["claude-sonnet-5-5"]);
  });

  it("is the main thread again after a sub-agent larger than it has run", async () => {
    const { client, away, warms } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    const known = prefixOf(await talk.ask("Shall we begin?"));
    await client.messages.create(
      {
        ...talk.params,
        system: text("a sub-agent with a lot to read", 9_000),
        messages: [{ role: "user", content: "Work." }],
      },
      { headers: talk.headers },
    );
    expect((await talk.ask("And then?")).cache_read_input_tokens).toBe(known);
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(new TextDecoder().decode(warms()[0]?.body)).toContain("And then?");
  });

  it("is not changed by a program that reuses its buffer", async () => {
    const { url, keepwarm, away, warms } = await setUp();
    const bytes = new TextEncoder().encode(
      JSON.stringify({ ...new Talk({} as never).params, messages: [{ role: "user", content: "Hi" }] }),
    );
    const response = await keepwarm.fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "x-api-key": API_KEY,
      },
      body: bytes,
    });
    await response.json();
    bytes.fill(32);
    await away(5 * MINUTE_MS);
    expect(warms().map(({ status }) => status)).toEqual([200]);
  });

  it("asks for 1 token from then on when a model does not take 0", async () => {
    const asked: unknown[] = [];
    const { client, away } = await setUp({
      fetch: (input, init) => {
        if (!(init?.body instanceof Uint8Array)) return fetch(input, init);
        const { max_tokens } = JSON.parse(new TextDecoder().decode(init.body));
        asked.push(max_tokens);
        if (max_tokens > 0) return fetch(input, init);
        const error = { type: "invalid_request_error", message: "max_tokens: must be at least 1" };
        return Promise.resolve(Response.json({ type: "error", error }, { status: 400 }));
      },
    });
    await new Talk(client).ask("Shall we begin?");
    await away(10 * MINUTE_MS);
    expect(asked).toEqual([0, 1, 1]);
  });

  it("is a compressed request too, sent plain", async () => {
    const { url, keepwarm, away, warms } = await setUp();
    const body = JSON.stringify(new Talk({} as never).params).replace(
      '"messages":[]',
      '"messages":[{"role":"user","content":"Hi"}]',
    );
    const response = await keepwarm.fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-encoding": "gzip",
        "anthropic-version": "2023-06-01",
        "x-api-key": API_KEY,
      },
      body: gzipSync(body),
    });
    await response.json();
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(warms()[0]?.headers["content-encoding"]).toBeUndefined();
    expect(warms()[0]?.usage?.cache_creation_input_tokens).toBe(0);
  });
});

describe("what is not warmed, with the reason on the surface", () => {
  it.each([
    [
      "a request without a cache marker",
      { cache_control: undefined, system: text("handbook") },
      /cache_control/,
    ],
    ["a prefix under the model's minimum", { system: "short" }, /minimum|short/i],
    [
      "a prefix that its own response shows not to be cached",
      { model: "claude-sonnet-5", system: text("seven hundred tokens", 700) },
      /minimum|cached/i,
    ],
    [
      "thinking with a budget",
      {
        model: "claude-sonnet-4-5",
        max_tokens: 4_000,
        thinking: { type: "enabled" as const, budget_tokens: 2_000 },
      },
      /budget|thinking/i,
    ],
  ])("%s", async (_, params, reason) => {
    // The SDK warns of models that are about to go.
    vi.spyOn(console, "warn").mockReturnValue(undefined);
    const { client, away, warms, keepwarm, only } = await setUp();
    await client.messages.create({
      ...new Talk(client).params,
      messages: [{ role: "user", content: "Hi" }],
      ...(params as object),
    });
    await settled();
    // From the moment the turn settles: nothing counts down to a warm that would be refused.
    expect(keepwarm.warmer.getStatus(only())).toMatchObject({ phase: "stopped" });
    expect(keepwarm.warmer.getStatus(only()).why).toMatch(reason);
    expect(keepwarm.warmer.getState(only()).nextWarmAt).toBeNull();
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });

  it.each(["a Request", "a Blob"])(
    "what was sent before a request that cannot be read, being %s",
    async (kind) => {
      const { client, url, emulator, keepwarm, away, warms } = await setUp(
        {},
        { sleep: () => new Promise(() => {}) },
      );
      const talk = new Talk(client, text("handbook"), "a");
      await talk.ask("Shall we begin?");
      talk.messages.push({ role: "user", content: "[[delay:1000ms]] And then?" });
      const body = JSON.stringify(talk.params);
      const abort = new AbortController();
      const init = {
        method: "POST",
        signal: abort.signal,
        headers: {
          ...talk.headers,
          "content-type": "application/json",
          "anthropic-version": "2023-06-01",
          "x-api-key": API_KEY,
        },
      };
      const address = `${url}/v1/messages`;
      const answer =
        kind === "a Blob"
          ? keepwarm.fetch(address, { ...init, body: new Blob([body]) })
          : keepwarm.fetch(new Request(address, { ...init, body }));
      await expect.poll(() => emulator.requests.length).toBe(2);
      await away(5 * MINUTE_MS);
      expect(warms()).toEqual([]);
      expect(keepwarm.warmer.getStatus("a").why).toMatch(/could not be read/);
      expect(Object.keys(emulator.requests[1]?.headers ?? {}).join()).not.toContain("keepwarm");
      abort.abort();
      await expect(answer).rejects.toThrow();
    },
  );

  it("a stream that began with an error", async () => {
    let warmed = 0;
    const { client, keepwarm, away } = await setUp({
      fetch: async (_, init) => {
        if (init?.body instanceof Uint8Array) warmed++;
        const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
        return new Response(`event: error\ndata: ${JSON.stringify(error)}\n\n`, {
          headers: { "content-type": "text/event-stream" },
        });
      },
    });
    await expect(new Talk(client, text("handbook"), "a").ask("Hi", { stream: true })).rejects.toThrow();
    expect(keepwarm.warmer.getStatus("a")).toMatchObject({
      phase: "stopped",
      why: expect.stringContaining("began with an error"),
    });
    await away(5 * MINUTE_MS);
    expect(warmed).toBe(0);
  });

  it("a person's subscription, unless that person allowed it", async () => {
    for (const allowSubscription of [false, true]) {
      const { url, keepwarm, away, warms, only } = await setUp({ allowSubscription });
      const client = new Anthropic({
        baseURL: url,
        apiKey: null,
        authToken: "sk-ant-oat01-of-a-test",
        fetch: keepwarm.fetch,
      });
      await new Talk(client).ask("Hi");
      await away(5 * MINUTE_MS);
      expect(warms()).toHaveLength(allowSubscription ? 1 : 0);
      if (!allowSubscription) expect(keepwarm.warmer.getStatus(only()).why).toMatch(/subscription/);
    }
  });
});
