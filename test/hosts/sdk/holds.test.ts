import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { API_KEY, MINUTE_MS, MODEL, settled, setUp, Talk, text } from "./world.ts";

const MB = 1_048_576;

/** Bytes in buffers that something still refers to: captured bodies among them. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().arrayBuffers;
}

describe("what keepwarm holds of a program", () => {
  it.each(["lapsed", "closed"])("is gone from memory once the conversation has %s", async (end) => {
    const { client, away, calm, keepwarm } = await setUp({ enableNew: false }, { recordBodies: false });
    const talk = new Talk(client, text("handbook", 5 * MB), "a");
    const before = heldBytes();
    await talk.ask("Shall we begin?");
    expect(heldBytes() - before).toBeGreaterThan(15 * MB);
    if (end === "closed") keepwarm.close("a");
    else await away(6 * MINUTE_MS);
    await calm();
    expect(heldBytes() - before).toBeLessThan(5 * MB);
  });

  it("is gone from memory even if the program keeps the response", async () => {
    const { client, away } = await setUp({ enableNew: false }, { recordBodies: false });
    const { params } = new Talk(client, text("handbook", 5 * MB));
    const before = heldBytes();
    const kept = await client.messages
      .create({ ...params, messages: [{ role: "user", content: "Hi" }] })
      .asResponse();
    await kept.text();
    await away(6 * MINUTE_MS);
    expect(heldBytes() - before).toBeLessThan(5 * MB);
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
    expect(heldBytes() - before).toBeLessThan(5 * MB);
  });

  it("is gone though nobody reads the response, and the turn is over within the hour", async () => {
    const { client, away, keepwarm } = await setUp({ enableNew: false }, { recordBodies: false });
    const talk = new Talk(client, text("handbook", 5 * MB), "a");
    const question = { role: "user" as const, content: "Hi" };
    const unread = await client.messages
      .create({ ...talk.params, messages: [question], stream: true }, { headers: talk.headers })
      .asResponse();
    await settled();
    // As long as it is not read, the real fetch holds its own copy of the request.
    const before = heldBytes();
    await away(6 * MINUTE_MS);
    expect(before - heldBytes()).toBeGreaterThan(15 * MB);
    expect(keepwarm.warmer.getState("a").active).toBe(true);
    await away(60 * MINUTE_MS);
    expect(keepwarm.warmer.getState("a").active).toBe(false);
    expect(unread.bodyUsed).toBe(false);
  });

  it("is nothing after it was disposed of", async () => {
    const { client, clock, keepwarm } = await setUp({}, { recordBodies: false });
    await new Talk(client, text("before")).ask("Hi");
    keepwarm.dispose();
    expect(clock.liveTimers()).toBe(0);
    const before = heldBytes();
    await new Talk(client, text("handbook", 5 * MB)).ask("Hi");
    expect(heldBytes() - before).toBeLessThan(5 * MB);
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

  it("is gone once the conversation is closed", async () => {
    const { client, away, keepwarm, warms } = await setUp();
    await new Talk(client, text("handbook"), "a").ask("Shall we begin?");
    keepwarm.close("a");
    await away(20 * MINUTE_MS);
    expect(warms()).toEqual([]);
    expect(keepwarm.warmer.conversations()).toEqual([]);
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
