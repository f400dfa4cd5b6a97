/**
 * The main job on real clocks: real SDK, real HTTP, real timers; only the 5-minute TTL is scaled to seconds.
 */
import { setTimeout as wait } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { createEmulator } from "../../src/emulator/index.ts";
import { createKeepwarm } from "../../src/hosts/sdk/index.ts";

const TTL_MS = 5_000;
const PAUSES = 3;
const PAUSE_MS = 4 * TTL_MS;

const HANDBOOK = "The handbook explains at some length what the team agreed on. ".repeat(1_500);

async function converse(client: Anthropic, stream: boolean): Promise<Anthropic.Usage[]> {
  const messages: Anthropic.MessageParam[] = [];
  const usages: Anthropic.Usage[] = [];
  for (let turn = 0; turn <= PAUSES; turn++) {
    if (turn > 0) await wait(PAUSE_MS);
    messages.push({ role: "user", content: `Question ${turn}, please.` });
    const params = {
      model: "claude-sonnet-5-5",
      max_tokens: 256,
      cache_control: { type: "ephemeral" as const },
      system: [{ type: "text" as const, text: HANDBOOK, cache_control: { type: "ephemeral" as const } }],
      messages,
    };
    const answer = stream
      ? await client.messages.stream(params).finalMessage()
      : await client.messages.create(params);
    messages.push({ role: "assistant", content: answer.content });
    usages.push(answer.usage);
  }
  return usages;
}

/** The returns, with the prefix that the turn before each of them had left in the cache. */
function returns(usages: readonly Anthropic.Usage[]) {
  return usages.slice(1).map((usage, index) => {
    const before = usages[index];
    return {
      read: usage.cache_read_input_tokens ?? 0,
      written: usage.cache_creation_input_tokens ?? 0,
      prefix: (before?.cache_read_input_tokens ?? 0) + (before?.cache_creation_input_tokens ?? 0),
    };
  });
}

describe.concurrent("three pauses of four TTLs on a scaled clock", () => {
  it.each([{ stream: true }, { stream: false }])(
    "with keepwarm, every return reads its whole prefix and writes only what is new (%o)",
    { timeout: 180_000 },
    async ({ stream }) => {
      const emulator = createEmulator({ ttl5mMs: TTL_MS });
      const { url } = await emulator.listen();
      const keepwarm = createKeepwarm({ ttl5mMs: TTL_MS, enableNew: true, keepWarm: "always" });
      const client = keepwarm.wrap(
        new Anthropic({ baseURL: url, apiKey: "sk-ant-api-test", authToken: null }),
      );
      const usages = await converse(client, stream);
      keepwarm.dispose();
      await emulator.close();
      for (const { read, written, prefix } of returns(usages)) {
        expect(read / prefix).toBeGreaterThanOrEqual(0.99);
        expect(written).toBeLessThan(prefix / 100);
      }
    },
  );

  it.each([{ stream: true }, { stream: false }])(
    "without it, every return writes its prefix again (%o)",
    { timeout: 180_000 },
    async ({ stream }) => {
      const emulator = createEmulator({ ttl5mMs: TTL_MS });
      const { url } = await emulator.listen();
      const client = new Anthropic({ baseURL: url, apiKey: "sk-ant-api-test", authToken: null });
      const usages = await converse(client, stream);
      await emulator.close();
      for (const { read, written, prefix } of returns(usages)) {
        expect(read).toBe(0);
        expect(written).toBeGreaterThanOrEqual(prefix);
      }
    },
  );
});
