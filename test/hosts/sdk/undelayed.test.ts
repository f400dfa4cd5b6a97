import { createServer } from "node:net";
import { Readable } from "node:stream";
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { createKeepwarm } from "../../../src/hosts/sdk/index.ts";
import { API_KEY, MINUTE_MS, MODEL, prefixOf, settled, setUp, Talk, text } from "./world.ts";

const PARAMS = { model: MODEL, max_tokens: 64, messages: [{ role: "user" as const, content: "Hi" }] };

/** A `fetch` whose answers the test gives, and the order in which things happened. */
function handMade() {
  const order: string[] = [];
  const open: ReadableStreamDefaultController<Uint8Array>[] = [];
  const fetch = async () => {
    order.push("sent");
    await settled();
    order.push("answered");
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void open.push(controller) });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const write = (chunk: string) => open[0]?.enqueue(new TextEncoder().encode(chunk));
  return { order, fetch, write, end: () => open[0]?.close() };
}

describe("a request", () => {
  it("has left, and been answered, before its body is read", async () => {
    const { order, fetch } = handMade();
    const keepwarm = createKeepwarm({ fetch });
    keepwarm.events.on("turnStarted", () => order.push("read"));
    await keepwarm.fetch("https://api.example/v1/messages", { method: "POST", body: JSON.stringify(PARAMS) });
    order.push("returned");
    await settled();
    expect(order).toEqual(["sent", "answered", "returned", "read"]);
    keepwarm.dispose();
  });

  it("is read soon when its answer takes long, so that nothing is warmed meanwhile", async () => {
    const keepwarm = createKeepwarm({ fetch: () => new Promise(() => {}) });
    void keepwarm.fetch("https://api.example/v1/messages", { method: "POST", body: JSON.stringify(PARAMS) });
    await expect.poll(() => keepwarm.warmer.conversations().length).toBe(1);
    keepwarm.dispose();
  });
});

describe("a response", () => {
  it("reaches its program chunk by chunk, as it comes", async () => {
    const { fetch, write, end } = handMade();
    const keepwarm = createKeepwarm({ fetch });
    const response = await keepwarm.fetch("https://api.example/v1/messages", {
      method: "POST",
      body: JSON.stringify(PARAMS),
    });
    const reader = response.body?.getReader();
    const next = async () => new TextDecoder().decode((await reader?.read())?.value);
    write("event: ping\n");
    expect(await next()).toBe("event: ping\n");
    write("data: {}\n\n");
    expect(await next()).toBe("data: {}\n\n");
    end();
    expect((await reader?.read())?.done).toBe(true);
    keepwarm.dispose();
  });

  it.each([
    [
      "a stream of Node's",
      () => Readable.from([Buffer.from("{}")]),
      "stays open, because its end is not seen",
    ],
    ["no body at all", () => undefined, "is over"],
  ])("of a fetch that gives %s goes to its program as it is (%#)", async (_, body, end) => {
    const message = { id: "msg_1", type: "message", role: "assistant", model: MODEL, content: [], usage: {} };
    const answer = () => ({
      ok: true,
      status: 200,
      headers: new Headers({ "content-type": "application/json" }),
      body: body(),
      json: async () => message,
      text: async () => JSON.stringify(message),
    });
    const own = (async () => answer()) as unknown as typeof fetch;
    const keepwarm = createKeepwarm();
    const client = keepwarm.wrap(
      new Anthropic({ apiKey: API_KEY, authToken: null, fetch: own, maxRetries: 0 }),
    );
    expect((await client.messages.create(PARAMS)).id).toBe("msg_1");
    await settled();
    expect(keepwarm.warmer.getState(keepwarm.warmer.conversations()[0] ?? "").active).toBe(end !== "is over");
    keepwarm.dispose();
  });
});

describe("an odd response", () => {
  it("keeps its conversation from being warmed when its stream cannot be seen to end", async () => {
    const { keepwarm, away } = await setUp();
    let warms = 0;
    const own = (async (_: unknown, init?: RequestInit) => {
      if (init?.body instanceof Uint8Array) {
        warms++;
        return new Response(null, { status: 500 });
      }
      const headers = new Headers({ "content-type": "text/event-stream" });
      return { ok: true, status: 200, headers, body: new Readable({ read() {} }) };
    }) as unknown as typeof fetch;
    const client = keepwarm.wrap(
      new Anthropic({ apiKey: API_KEY, authToken: null, fetch: own, maxRetries: 0 }),
    );
    const talk = new Talk(client, text("handbook"), "a");
    await client.messages
      .create(
        { ...talk.params, messages: [{ role: "user", content: "Hi" }], stream: true },
        { headers: talk.headers },
      )
      .asResponse();
    await settled();
    await keepwarm.warmer.setIntervalMs("a", 10_000);
    await away(5 * MINUTE_MS);
    expect(warms).toBe(0);
  });

  it("reaches its program, and is watched, though its reason phrase is not ASCII", async () => {
    const message = { id: "msg_1", type: "message", role: "assistant", model: MODEL, content: [], usage: {} };
    const body = JSON.stringify(message);
    const head = `HTTP/1.1 200 Tr\xe8s bien\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.end(Buffer.from(`${head}\r\nconnection: close\r\n\r\n${body}`, "latin1"));
      });
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => void server.listen(0, resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : null;
    const { keepwarm, only } = await setUp();
    const client = new Anthropic({
      baseURL: `http://127.0.0.1:${port}`,
      apiKey: API_KEY,
      authToken: null,
      fetch: keepwarm.fetch,
      maxRetries: 0,
    });
    expect((await client.messages.create(PARAMS)).id).toBe("msg_1");
    await settled();
    expect(keepwarm.warmer.getState(only()).active).toBe(false);
  });
});

describe("requests of one conversation at the same time", () => {
  it("keep it from being warmed until the last of them is over", async () => {
    const { client, emulator, keepwarm } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    await talk.ask("Shall we begin?");
    talk.messages.push({ role: "user", content: "Go on." });
    const options = { headers: talk.headers };
    const first = await client.messages.create({ ...talk.params, stream: true }, options).asResponse();
    emulator.failNext({ status: 529 });
    await expect(client.messages.create(talk.params, options)).rejects.toThrow();
    await settled();
    expect(keepwarm.warmer.getState("a").active).toBe(true);
    await first.text();
    await settled();
    expect(keepwarm.warmer.getState("a").active).toBe(false);
  });

  it.each([
    ["as long", {}, ["compacted otherwise"]],
    ["longer, but does not go on from it", {}, ["other", "yes", "go"]],
    ["longer, with another system prompt", { system: text("a sub-agent", 9_000) }, ["other", "yes", "go"]],
  ])("keep it from being warmed while the first goes on, when the second is %s", async (_, params, said) => {
    const { client, away, warms } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    const options = { headers: talk.headers };
    const ask = (...contents: string[]) => ({
      ...talk.params,
      messages: contents.map((content, at) => ({
        role: at % 2 === 0 ? ("user" as const) : ("assistant" as const),
        content,
      })),
    });
    const first = await client.messages
      .create({ ...ask("The person's question"), stream: true }, options)
      .asResponse();
    await settled();
    await client.messages.create({ ...ask(...said), ...params }, options);
    await settled();
    await away(5 * MINUTE_MS);
    expect(warms()).toEqual([]);
    await first.text();
  });

  it("are told apart in the order in which they went out, though the later one is answered first", async () => {
    const { client, away, warms } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    const options = { headers: talk.headers };
    const messages = [{ role: "user" as const, content: "[[delay:100ms]] The person's question" }];
    const main = client.messages.create({ ...talk.params, messages }, options);
    await client.messages.create(
      {
        ...talk.params,
        system: "Give this a title.",
        max_tokens: 32,
        messages: [{ role: "user", content: "The person's question" }],
      },
      options,
    );
    await main;
    await settled();
    await away(5 * MINUTE_MS);
    expect(warms().map(({ body }) => new TextDecoder().decode(body).includes("handbook"))).toEqual([true]);
  });

  it("are told of as one turn, and leave the first to be warmed: what goes out beside it is a fork", async () => {
    const { client, away, emulator, keepwarm, warms } = await setUp();
    const told: (string | number)[] = [];
    keepwarm.events.on("turnStarted", () => told.push("started"));
    keepwarm.events.on("turnSettled", ({ usage }) => told.push(usage?.inputTokens ?? 0));
    const talk = new Talk(client, text("handbook"), "a");
    const ask = (content: string) =>
      client.messages.create(
        { ...talk.params, messages: [{ role: "user", content }] },
        { headers: talk.headers },
      );
    const first = ask("[[delay:1000ms]] The first.");
    await expect.poll(() => emulator.requests.length).toBe(1);
    await ask(text("The second, which is longer", 600));
    const { usage } = await first;
    await settled();
    const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens } = usage;
    const whole = input_tokens + (cache_read_input_tokens ?? 0) + (cache_creation_input_tokens ?? 0);
    expect(told).toEqual(["started", whole]);
    await away(5 * MINUTE_MS);
    expect(warms().map(({ body }) => new TextDecoder().decode(body).includes("The second"))).toEqual([false]);
  });

  it("do not hold it open when a response was given up without a word, and the next turn goes on from it", async () => {
    const { client, away } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    await talk.ask("Shall we begin?");
    talk.messages.push({ role: "user", content: "Go on." });
    await client.messages.create({ ...talk.params, stream: true }, { headers: talk.headers }).asResponse();
    talk.messages.push({ role: "assistant", content: "I was saying" });
    const known = prefixOf(await talk.ask("Yes?"));
    await away(20 * MINUTE_MS);
    expect((await talk.ask("And then?")).cache_read_input_tokens).toBe(known);
  });
});
