import Anthropic, { APIError, AuthenticationError, BadRequestError, RateLimitError } from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { billOf, numbered, type Rig, rig, words } from "./harness.ts";

const PARAMS = {
  model: "claude-opus-5",
  max_tokens: 200,
  cache_control: { type: "ephemeral" },
  system: words("system", 1_000),
  messages: [{ role: "user", content: words("hello", 10) }],
} as const satisfies Anthropic.MessageCreateParamsNonStreaming;

function client({ url }: Rig, options: ConstructorParameters<typeof Anthropic>[0] = {}): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: "key-a", ...options });
}

describe("the Anthropic SDK", () => {
  it("creates messages and reads the cache on the second call", async () => {
    const sdk = client(await rig());
    const first = await sdk.messages.create(PARAMS);
    expect(billOf(first.usage as never)).toEqual([0, 1_010, 0, 0]);
    expect(first.content[0]?.type).toBe("text");
    const second = await sdk.messages.create(PARAMS);
    expect(billOf(second.usage as never)).toEqual([1_010, 0, 0, 0]);
  });

  it("streams the same message that it would create", async () => {
    const sdk = client(await rig());
    const whole = await sdk.messages.create(PARAMS);
    const streamed = await sdk.messages.stream(PARAMS).finalMessage();
    expect(streamed.content).toEqual(whole.content);
    expect(streamed.stop_reason).toBe("end_turn");
    expect(streamed.usage).toMatchObject({ cache_read_input_tokens: 1_010, output_tokens: 24 });
  });

  it("runs a loop of tool use over both transports", async () => {
    const sdk = client(await rig());
    const tools: Anthropic.Tool[] = [{ name: "read", input_schema: { type: "object" } }];
    for (const send of [
      (params: Anthropic.MessageCreateParamsNonStreaming) => sdk.messages.create(params),
      (params: Anthropic.MessageCreateParamsNonStreaming) => sdk.messages.stream(params).finalMessage(),
    ]) {
      const messages: Anthropic.MessageParam[] = [{ role: "user", content: '[[tool:read {"path":"a.ts"}]]' }];
      const call = await send({ ...PARAMS, tools, messages });
      expect(call.stop_reason).toBe("tool_use");
      const use = call.content.find((block) => block.type === "tool_use");
      expect(use?.input).toEqual({ path: "a.ts" });
      messages.push({ role: "assistant", content: call.content });
      messages.push({
        role: "user",
        content: [{ type: "tool_result", tool_use_id: use?.id ?? "", content: "text of a.ts" }],
      });
      const done = await send({ ...PARAMS, tools, messages });
      expect(done.stop_reason).toBe("end_turn");
      expect(done.usage.cache_read_input_tokens).toBeGreaterThan(1_000);
    }
  });

  it("4: pre-warms with max_tokens: 0", async () => {
    const sdk = client(await rig());
    const warmed = await sdk.messages.create({ ...PARAMS, max_tokens: 0 });
    expect(warmed).toMatchObject({ content: [], stop_reason: "max_tokens" });
    expect(billOf((await sdk.messages.create(PARAMS)).usage as never)).toEqual([1_010, 0, 0, 0]);
  });

  it("uses the beta namespace, which sends its betas in a header", async () => {
    const server = await rig();
    const beta = { ...PARAMS, betas: ["files-api-2025-04-14"], messages: [...PARAMS.messages] };
    const message = await client(server).beta.messages.create(beta);
    expect(message.usage.iterations).toHaveLength(1);
    expect(server.emulator.requests.at(-1)).toMatchObject({
      headers: { "anthropic-beta": "files-api-2025-04-14" },
    });
  });

  it("7: retries a 429 and a 529 twice on its own", async () => {
    const server = await rig();
    server.emulator.failNext({ status: 529, retryAfterSeconds: 0.01 });
    server.emulator.failNext({ status: 429, retryAfterSeconds: 0.01 });
    await client(server).messages.create(PARAMS);
    expect(server.emulator.requests.map((request) => request.status)).toEqual([529, 429, 200]);
  });

  it("7: throws its own error classes, with type, code and request id", async () => {
    const server = await rig();
    const sdk = client(server, { maxRetries: 0 });
    const failure = (params = PARAMS as Anthropic.MessageCreateParamsNonStreaming) =>
      sdk.messages.create(params).catch((error: unknown) => error);

    server.emulator.failNext({ status: 429, errorCode: "enforced_spend_limit_reached" });
    const limited = await failure();
    expect(limited).toBeInstanceOf(RateLimitError);
    expect(limited).toMatchObject({ type: "rate_limit_error", errorCode: "enforced_spend_limit_reached" });
    expect((limited as APIError).requestID).toMatch(/^req_/);

    const refused = await failure(numbered(5, 1, 2, 3, 4, 5) as never);
    expect(refused).toBeInstanceOf(BadRequestError);
    expect((refused as APIError).apiMessage).toMatch(/maximum of 4/);
  });

  it("7: sees a stream that breaks off", async () => {
    const server = await rig();
    server.emulator.failNext({ status: 529, at: "stream" });
    const broken = client(server, { maxRetries: 0 }).messages.stream(PARAMS).finalMessage();
    await expect(broken).rejects.toThrow(APIError);
  });

  it("is turned away with a key that is not accepted", async () => {
    const server = await rig({ apiKeys: ["right"] });
    await expect(client(server, { apiKey: "wrong" }).messages.create(PARAMS)).rejects.toThrow(
      AuthenticationError,
    );
    await expect(client(server, { apiKey: "right" }).messages.create(PARAMS)).resolves.toBeDefined();
    const bearer = client(server, { apiKey: null, authToken: "right" });
    await expect(bearer.messages.create(PARAMS)).resolves.toBeDefined();
  });

  it("counts tokens and lists models", async () => {
    const sdk = client(await rig());
    const { model, system, messages } = PARAMS;
    const counted = await sdk.messages.countTokens({ model, system, messages: [...messages] });
    expect(counted.input_tokens).toBe(1_010);
    const ids = (await sdk.models.list()).data.map((one) => one.id);
    expect(ids).toContain("claude-opus-5-5");
    expect((await sdk.models.retrieve("claude-opus-4-5-20251101")).display_name).toBe("Claude Opus 4.5");
  });
});
