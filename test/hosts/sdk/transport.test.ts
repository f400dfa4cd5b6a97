import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { createKeepwarm } from "../../../src/hosts/sdk/index.ts";
import { API_KEY, MINUTE_MS, MODEL, setUp, Talk } from "./world.ts";

describe("a client that sends in its own way", () => {
  it("goes on doing so, and its warms go the same way", async () => {
    const { url, keepwarm, away, warms } = await setUp();
    const sent: string[] = [];
    const own: typeof fetch = (input, init) => {
      sent.push(init?.body instanceof Uint8Array ? "warm" : "turn");
      return fetch(input, init);
    };
    const client = keepwarm.wrap(
      new Anthropic({ baseURL: url, apiKey: API_KEY, authToken: null, fetch: own }),
    );
    await new Talk(client).ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    expect(warms()).toHaveLength(1);
    expect(sent).toEqual(["turn", "warm"]);
  });

  it("has its warms go through its proxy", async () => {
    const dispatchers: unknown[] = [];
    const { url, keepwarm, away } = await setUp({
      fetch: (input, init) => {
        const { dispatcher, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
        dispatchers.push(dispatcher);
        return fetch(input, rest);
      },
    });
    const proxy = { name: "a proxy's dispatcher" };
    const client = keepwarm.wrap(
      new Anthropic({
        baseURL: url,
        apiKey: API_KEY,
        authToken: null,
        fetchOptions: { dispatcher: proxy } as object,
      }),
    );
    await new Talk(client).ask("Shall we begin?");
    await away(5 * MINUTE_MS);
    expect(dispatchers).toEqual([proxy, proxy]);
  });

  it("is watched once, however often it is wrapped", async () => {
    const { keepwarm, client } = await setUp();
    const started: string[] = [];
    keepwarm.events.on("turnStarted", ({ conversationId }) => started.push(conversationId));
    const again = keepwarm.wrap(keepwarm.wrap(client));
    await new Talk(again).ask("Hi");
    expect(started).toHaveLength(1);
    expect(Reflect.get(again, "fetch")).toBe(Reflect.get(client, "fetch"));
  });

  it("may name its conversation in its default headers, and the name goes nowhere", async () => {
    const { url, keepwarm, emulator } = await setUp();
    const client = keepwarm.wrap(
      new Anthropic({
        baseURL: url,
        apiKey: API_KEY,
        authToken: null,
        defaultHeaders: { "x-keepwarm-conversation": "ada" },
      }),
    );
    await new Talk(client).ask("Hi");
    await client.messages.countTokens({ model: MODEL, messages: [{ role: "user", content: "Hi" }] });
    await client.models.list();
    expect(keepwarm.warmer.conversations()).toEqual(["ada"]);
    expect(emulator.requests).toHaveLength(3);
    for (const { headers } of emulator.requests)
      expect(headers).not.toHaveProperty("x-keepwarm-conversation");
  });

  it("is refused with what to do when it cannot be wrapped", () => {
    const keepwarm = createKeepwarm();
    expect(() => keepwarm.wrap({} as never)).toThrow(/Update @anthropic-ai\/sdk/);
    keepwarm.dispose();
  });
});
