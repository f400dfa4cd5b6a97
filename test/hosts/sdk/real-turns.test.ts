import { describe, expect, it } from "vitest";
import { API_KEY, MINUTE_MS, MODEL, prefixOf, settled, setUp, Talk, text } from "./world.ts";

const HEADERS = {
  "content-type": "application/json",
  "anthropic-version": "2023-06-01",
  "x-api-key": API_KEY,
};

describe("a real turn", () => {
  it("gets the same bytes, status, headers and address as without keepwarm", async () => {
    const { url, keepwarm } = await setUp();
    const body = JSON.stringify({
      model: MODEL,
      max_tokens: 64,
      stream: true,
      messages: [{ role: "user", content: "Hi" }],
    });
    const call = { method: "POST", headers: HEADERS, body };
    const [direct, watched] = await Promise.all([
      fetch(`${url}/v1/messages`, call),
      keepwarm.fetch(`${url}/v1/messages`, call),
    ]);
    const anonymous = (bytes: string) => bytes.replace(/msg_\w+/g, "msg").replace(/req_\w+/g, "req");
    expect(watched.status).toBe(direct.status);
    expect(watched.url).toBe(direct.url);
    expect([...watched.headers.keys()]).toEqual([...direct.headers.keys()]);
    expect(anonymous(await watched.text())).toBe(anonymous(await direct.text()));
  });

  it("aborts the warm that is in flight when it begins", async () => {
    let warming: AbortSignal | null | undefined;
    const { client, clock, keepwarm, only } = await setUp({
      fetch: (input, init) => {
        const isWarm = init?.body instanceof Uint8Array;
        if (!isWarm) return fetch(input, init);
        warming = init?.signal;
        return new Promise((_, reject) =>
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)),
        );
      },
    });
    const talk = new Talk(client);
    await talk.ask("Shall we begin?");
    await clock.pass(281_000);
    expect(keepwarm.warmer.getStatus(only()).phase).toBe("warming");
    expect(warming?.aborted).toBe(false);
    await talk.ask("And then?");
    expect(warming?.aborted).toBe(true);
  });

  it("that fails leaves what was cached before to be kept warm", async () => {
    const { client, emulator, away } = await setUp();
    const talk = new Talk(client);
    const known = prefixOf(await talk.ask("Shall we begin?"));
    emulator.failNext({ status: 529 });
    await expect(talk.ask("And then?")).rejects.toThrow();
    talk.messages.pop();
    await away(20 * MINUTE_MS);
    expect((await talk.ask("And now?")).cache_read_input_tokens).toBe(known);
  });

  it("that fails after a pause leaves what the warms have kept to be kept warm", async () => {
    const { client, emulator, away } = await setUp();
    const talk = new Talk(client);
    const known = prefixOf(await talk.ask("Shall we begin?"));
    await away(12 * MINUTE_MS);
    emulator.failNext({ status: 529 });
    await expect(talk.ask("And then?")).rejects.toThrow();
    talk.messages.pop();
    await away(12 * MINUTE_MS);
    expect((await talk.ask("And now?")).cache_read_input_tokens).toBe(known);
  });

  it("that fails before anything was cached leaves nothing to warm, and the surface says so", async () => {
    const { client, emulator, away, warms, keepwarm, only } = await setUp();
    emulator.failNext({ status: 401 });
    await expect(new Talk(client).ask("Shall we begin?")).rejects.toThrow();
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(keepwarm.warmer.getStatus(only()).why).toMatch(/failed \(status 401\) before its response began/);
  });

  it("that its program gives up in the middle settles, and its prefix is kept warm", async () => {
    const { client, away, warms, keepwarm, only } = await setUp();
    const talk = new Talk(client);
    talk.messages.push({ role: "user", content: "Tell me everything. [[tokens:200]]" });
    const stream = client.messages.stream(talk.params);
    for await (const event of stream) if (event.type === "content_block_delta") break;
    stream.abort();
    await away(5 * MINUTE_MS);
    expect(keepwarm.warmer.getState(only()).active).toBe(false);
    expect(warms()).toHaveLength(1);
    expect(warms()[0]?.usage?.cache_creation_input_tokens).toBe(0);
  });

  it("whose response is cancelled unread settles all the same", async () => {
    const { url, keepwarm, only } = await setUp();
    const body = JSON.stringify({
      ...new Talk({} as never).params,
      stream: true,
      messages: [{ role: "user", content: "[[tokens:2000]]" }],
    });
    const response = await keepwarm.fetch(`${url}/v1/messages`, { method: "POST", headers: HEADERS, body });
    await settled();
    expect(keepwarm.warmer.getState(only()).active).toBe(true);
    await response.body?.cancel();
    await settled();
    expect(keepwarm.warmer.getState(only()).active).toBe(false);
  });

  it("keeps the conversation from being warmed for as long as it generates", async () => {
    const { client, clock, calm, warms, keepwarm, only } = await setUp();
    const talk = new Talk(client);
    await talk.ask("Shall we begin?");
    talk.messages.push({ role: "user", content: "Go on." });
    const response = await client.messages.create({ ...talk.params, stream: true }).asResponse();
    await clock.pass(10 * MINUTE_MS);
    await calm();
    expect(keepwarm.warmer.getStatus(only()).phase).toBe("generating");
    expect(warms()).toEqual([]);
    await response.text();
  });

  it("goes through untouched when keepwarm itself fails, and the log says so", async () => {
    const { client, away, logger, keepwarm } = await setUp({
      timers: {
        setTimer() {
          throw new Error("no more timers");
        },
        clearTimer() {},
      },
    });
    keepwarm.events.on("turnSettled", () => {
      throw new Error("a listener of the program");
    });
    const talk = new Talk(client);
    expect((await talk.ask("Shall we begin?")).output_tokens).toBeGreaterThan(0);
    await away(MINUTE_MS);
    expect((await talk.ask("And then?")).output_tokens).toBeGreaterThan(0);
    expect(logger.at("error").length).toBeGreaterThan(0);
  });

  it("is kept warm though a listener of the program throws at each event", async () => {
    const { client, away, warms, keepwarm, logger } = await setUp();
    for (const event of ["turnStarted", "turnSettled", "warmCompleted"] as const) {
      keepwarm.events.on(event, () => {
        throw new Error("a listener of the program");
      });
    }
    await new Talk(client).ask("Shall we begin?");
    await away(10 * MINUTE_MS);
    expect(warms()).toHaveLength(2);
    expect(logger.at("error").map(({ message }) => message)).toContain(
      "keepwarm: a listener of turnStarted threw",
    );
  });

  it("goes through when every call of the storage fails", async () => {
    const fails = () => Promise.reject(new Error("disk full"));
    const { client, logger } = await setUp({
      storage: { get: fails, set: fails, has: fails, delete: fails, keys: fails },
    });
    expect(
      (await new Talk(client, text("handbook"), "a").ask("Shall we begin?")).output_tokens,
    ).toBeGreaterThan(0);
    expect(logger.at("error").length).toBeGreaterThan(0);
  });

  it("of another kind is not looked at", async () => {
    const { client, keepwarm } = await setUp();
    const { input_tokens } = await client.messages.countTokens({
      model: MODEL,
      messages: [{ role: "user", content: "Hi" }],
    });
    await client.models.list();
    expect(input_tokens).toBeGreaterThan(0);
    expect(keepwarm.warmer.conversations()).toEqual([]);
  });

  it("with a body that is no Messages request passes, and its error reaches the program", async () => {
    const { url, keepwarm } = await setUp();
    for (const body of ["", "null", "[]", "not json", '{"messages":7}', '{"model":1,"messages":[null]}']) {
      const response = await keepwarm.fetch(`${url}/v1/messages`, { method: "POST", headers: HEADERS, body });
      expect(response.status).toBe(400);
      await response.text();
    }
  });
});

describe("a warm that goes wrong", () => {
  it("is tried again after the time that a 429 asks for, and the prefix stays warm", async () => {
    const { client, emulator, away, warms } = await setUp();
    const talk = new Talk(client);
    const known = prefixOf(await talk.ask("Shall we begin?"));
    await away(4 * MINUTE_MS);
    emulator.failNext({ status: 429, retryAfterSeconds: 6 });
    await away(6 * MINUTE_MS);
    const [first, second] = warms();
    expect(first?.status).toBe(429);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(6_000);
    expect((await talk.ask("And then?")).cache_read_input_tokens).toBe(known);
  });

  it("ends with a 401, and the surface says why", async () => {
    const { client, emulator, away, warms, keepwarm, only } = await setUp();
    await new Talk(client).ask("Shall we begin?");
    emulator.failNext({ status: 401 });
    await away(30 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(keepwarm.warmer.getStatus(only())).toMatchObject({ phase: "stopped" });
    expect(keepwarm.warmer.getStatus(only()).why).toMatch(/401/);
  });

  it("ends when it finds the cache cold, after that one write", async () => {
    const { client, emulator, away, warms, keepwarm, only } = await setUp();
    await new Talk(client).ask("Shall we begin?");
    emulator.clearCache();
    await away(30 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(keepwarm.warmer.getStatus(only()).why).toMatch(/cold/);
  });

  it("is never sent once the prefix has lapsed while the laptop slept", async () => {
    const { client, clock, calm, warms, keepwarm, only } = await setUp();
    await new Talk(client).ask("Shall we begin?");
    clock.sleep(8 * 60 * MINUTE_MS);
    await clock.pass(10 * MINUTE_MS);
    await calm();
    expect(warms()).toEqual([]);
    expect(keepwarm.warmer.getStatus(only()).phase).toBe("lapsed");
  });
});
