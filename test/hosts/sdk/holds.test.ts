import { createServer } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { createMemoryStorage } from "../../support/memory-storage.ts";
import { createVirtualClock } from "../../support/virtual-clock.ts";
import { API_KEY, MINUTE_MS, MODEL, settled, setUp, Talk, text } from "./world.ts";

const MB = 1_048_576;

/** What is being compressed is held until that is done. */
const LATER = { timeout: 10_000 };

/** Bytes in buffers that something still refers to: captured bodies among them. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().arrayBuffers;
}

/** The answer to a large request of conversation `a`, whose body nobody reads. */
async function unreadAnswer(client: Anthropic): Promise<Response> {
  const { params, headers } = new Talk(client, text("handbook", 5 * MB), "a");
  const question = { role: "user" as const, content: "Hi" };
  const unread = await client.messages
    .create({ ...params, messages: [question], stream: true }, { headers })
    .asResponse();
  await settled();
  return unread;
}

describe("what keepwarm holds of a program", () => {
  it.each(["lapsed", "lapsed on a wall clock that was set back", "closed"])(
    "is gone from memory once the conversation has %s",
    async (end) => {
      const { client, clock, away, calm, keepwarm } = await setUp(
        { enableNew: false },
        { recordBodies: false },
      );
      const talk = new Talk(client, text("handbook", 5 * MB), "a");
      const before = heldBytes();
      await talk.ask("Shall we begin?");
      expect(heldBytes() - before).toBeGreaterThan(15 * MB);
      if (end === "lapsed on a wall clock that was set back") clock.setWall(-24 * 60 * MINUTE_MS);
      if (end === "closed") keepwarm.close("a");
      else await away(6 * MINUTE_MS);
      await calm();
      await expect.poll(() => heldBytes() - before, LATER).toBeLessThan(5 * MB);
    },
  );

  it("is gone from memory when the conversation is closed as soon as its answer is there", async () => {
    const { client, calm, keepwarm } = await setUp({ enableNew: false }, { recordBodies: false });
    await new Talk(client, text("another"), "b").ask("Hi");
    const talk = new Talk(client, text("handbook", 5 * MB), "a");
    talk.messages.push({ role: "user", content: "Hi" });
    const before = heldBytes();
    await client.messages.create(talk.params, { headers: talk.headers });
    keepwarm.close("a");
    await settled();
    await calm();
    await expect.poll(() => heldBytes() - before, LATER).toBeLessThan(5 * MB);
  });

  it.each(["closed", "disposed of"])(
    "is gone from memory when it is %s in the middle of a turn whose response nobody reads",
    async (end) => {
      const { client, calm, keepwarm } = await setUp({ enableNew: false }, { recordBodies: false });
      const unread = await unreadAnswer(client);
      // As long as it is not read, the real fetch holds its own copy of the request.
      const before = heldBytes();
      if (end === "closed") keepwarm.close("a");
      else keepwarm.dispose();
      await calm();
      expect(before - heldBytes()).toBeGreaterThan(35 * MB);
      expect(unread.bodyUsed).toBe(false);
    },
  );

  it("is gone from memory even if the program keeps the response", async () => {
    const { client, away } = await setUp({ enableNew: false }, { recordBodies: false });
    const { params } = new Talk(client, text("handbook", 5 * MB));
    const before = heldBytes();
    const kept = await client.messages
      .create({ ...params, messages: [{ role: "user", content: "Hi" }] })
      .asResponse();
    await kept.text();
    await away(6 * MINUTE_MS);
    await expect.poll(() => heldBytes() - before, LATER).toBeLessThan(5 * MB);
    expect(kept.bodyUsed).toBe(true);
  });

  it("is gone when its own entry lapses, though an hour's entry is held beside it", async () => {
    const { client, away } = await setUp({ enableNew: false }, { recordBodies: false });
    await client.messages.create({
      model: MODEL,
      max_tokens: 64,
      system: [{ type: "text", text: text("an hour"), cache_control: { type: "ephemeral", ttl: "1h" } }],
      messages: [{ role: "user", content: "Hi" }],
    });
    const talk = new Talk(client, text("handbook", 5 * MB), "a");
    const before = heldBytes();
    await talk.ask("Shall we begin?");
    await away(6 * MINUTE_MS);
    await expect.poll(() => heldBytes() - before, LATER).toBeLessThan(5 * MB);
  });

  it("is gone though nobody reads the response, and the turn is over within the hour", async () => {
    const { client, away, keepwarm } = await setUp({ enableNew: false }, { recordBodies: false });
    const unread = await unreadAnswer(client);
    // As long as it is not read, the real fetch holds its own copy of the request.
    const before = heldBytes();
    await away(6 * MINUTE_MS);
    expect(before - heldBytes()).toBeGreaterThan(15 * MB);
    expect(keepwarm.warmer.getState("a").active).toBe(true);
    await away(60 * MINUTE_MS);
    expect(keepwarm.warmer.getState("a").active).toBe(false);
    expect(unread.bodyUsed).toBe(false);
  });

  it("is over within the hour when a request is never answered", async () => {
    const { keepwarm, away } = await setUp({ fetch: () => new Promise(() => {}) });
    const { params, headers } = new Talk({} as never, text("handbook"), "a");
    const body = JSON.stringify({ ...params, messages: [{ role: "user", content: "Hi" }] });
    void keepwarm.fetch("https://api.example/v1/messages", { method: "POST", headers, body });
    await expect.poll(() => keepwarm.warmer.getState("a").active).toBe(true);
    await away(61 * MINUTE_MS);
    expect(keepwarm.warmer.getState("a").active).toBe(false);
  });

  it("is not the connection of a response that its program dropped unread", async () => {
    let closed = 0;
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      const writing = setInterval(() => response.write("event: ping\ndata: {}\n\n".repeat(100)), 20);
      response.on("close", () => {
        clearInterval(writing);
        closed++;
      });
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await new Promise<void>((resolve) => void server.listen(0, resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : null;
    const { keepwarm } = await setUp();
    const body = JSON.stringify({
      ...new Talk({} as never).params,
      messages: [{ role: "user", content: "Hi" }],
    });
    await keepwarm.fetch(`http://127.0.0.1:${port}/v1/messages`, { method: "POST", body });
    const collected = () => heldBytes() > 0 && closed;
    await expect.poll(collected, { timeout: 5_000 }).toBe(1);
  });

  it("is nothing after it was disposed of", async () => {
    const { client, clock, keepwarm } = await setUp({}, { recordBodies: false });
    await new Talk(client, text("before")).ask("Hi");
    keepwarm.dispose();
    expect(clock.liveTimers()).toBe(0);
    const before = heldBytes();
    await new Talk(client, text("handbook", 5 * MB)).ask("Hi");
    await expect.poll(() => heldBytes() - before, LATER).toBeLessThan(5 * MB);
    expect(clock.liveTimers()).toBe(0);
    expect(keepwarm.warmer.conversations()).toEqual([]);
  });

  it("leaves no state when the conversation is closed in the middle of a turn", async () => {
    const { client, keepwarm } = await setUp();
    const talk = new Talk(client, text("handbook"), "a");
    talk.messages.push({ role: "user", content: "Go on." });
    const response = await client.messages
      .create({ ...talk.params, stream: true }, { headers: talk.headers })
      .asResponse();
    await settled();
    keepwarm.close("a");
    const told: string[] = [];
    keepwarm.events.on("turnSettled", ({ conversationId }) => told.push(conversationId));
    await response.text();
    await settled();
    expect(told).toEqual([]);
    expect(keepwarm.warmer.conversations()).toEqual([]);
  });

  it.each(["thread-42", "keepwarm-thread-42"])(
    "is gone when a program closes what it named %s",
    async (name) => {
      const { client, away, keepwarm, warms } = await setUp();
      await new Talk(client, text("handbook"), name).ask("Shall we begin?");
      keepwarm.close(name);
      await away(20 * MINUTE_MS);
      expect(warms()).toEqual([]);
      expect(keepwarm.warmer.conversations()).toEqual([]);
    },
  );

  it("is gone once the conversation is closed", async () => {
    const { client, away, keepwarm, warms } = await setUp();
    await new Talk(client, text("handbook"), "a").ask("Shall we begin?");
    keepwarm.close("a");
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(keepwarm.warmer.conversations()).toEqual([]);
  });

  it.each([
    ["unnamed", "just after a turn's answer", undefined, ""],
    ["named", "just after a turn's answer", "a", ""],
    ["unnamed", "while a turn's answer is on its way", undefined, "[[delay:100ms]]"],
    ["named", "while a turn's answer is on its way", "a", "[[delay:100ms]]"],
  ])("is gone when a conversation (%s) is closed %s, and is not warmed again", async (_, __, name, delay) => {
    const { client, emulator, away, keepwarm, warms, only } = await setUp();
    const talk = new Talk(client, text("handbook"), name);
    await talk.ask("Shall we begin?");
    const id = only();
    talk.messages.push({ role: "user", content: `${delay} One more thing.` });
    const answer = client.messages.create(talk.params, { headers: talk.headers }).then(() => {});
    if (delay === "") await answer;
    // Closed before the body of its request is read.
    else await expect.poll(() => emulator.requests.length, { interval: 1 }).toBe(2);
    keepwarm.close(id);
    await answer;
    await settled();
    expect(keepwarm.warmer.conversations()).toEqual([]);
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
  });

  it.each([
    ["while its setting is being stored", 20, 1],
    ["twice", 0, 2],
  ])("leaves no setting when a conversation without a name is closed %s", async (_, delayMs, times) => {
    const clock = createVirtualClock();
    const storage = createMemoryStorage(clock);
    storage.delayMs = () => delayMs;
    const { client, keepwarm, only } = await setUp({ storage });
    await new Talk(client).ask("Hi");
    const id = only();
    for (let closing = 0; closing < times; closing++) {
      keepwarm.close(id);
      await clock.pass(1_000);
    }
    expect([...storage.entries]).toEqual([]);
  });

  it("never reaches a log: neither keys nor prompts", async () => {
    const { client, emulator, away, logger } = await setUp();
    const talk = new Talk(client, text("SECRET-PROMPT"));
    await talk.ask("SECRET-QUESTION");
    emulator.failNext({ status: 500 });
    await away(5 * MINUTE_MS);
    emulator.failNext({ status: 401 });
    await away(20 * MINUTE_MS);
    expect(logger.lines.length).toBeGreaterThan(2);
    const log = JSON.stringify(logger.lines);
    for (const secret of [API_KEY, "SECRET-PROMPT", "SECRET-QUESTION"]) expect(log).not.toContain(secret);
  });
});
