import type { Message } from "@anthropic-ai/sdk/resources/messages/messages";
import { describe, expect, it } from "vitest";
import { readMessage } from "../../src/anthropic/index.ts";
import { apiMessage, apiUsage } from "./fixtures.ts";

describe("readMessage", () => {
  it("counts the whole prompt as input", () => {
    const usage = apiUsage({
      input_tokens: 7,
      output_tokens: 3,
      cache_read_input_tokens: 1_000,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    });
    expect(readMessage(apiMessage({ usage })).usage).toEqual({
      inputTokens: 1_037,
      outputTokens: 3,
      cacheReadTokens: 1_000,
      cacheWriteTokens: 30,
      cacheWriteSplit: { ttl5mTokens: 10, ttl1hTokens: 20 },
      serviceTier: "standard",
      speed: "standard",
      inferenceGeo: "global",
    });
  });

  it("reads the SDK's own type, stop reason, model and diagnostics", () => {
    const message: Message = {
      id: "msg_2",
      type: "message",
      role: "assistant",
      model: "claude-opus-5-5",
      content: [],
      container: null,
      stop_reason: "max_tokens",
      stop_sequence: null,
      stop_details: null,
      diagnostics: { cache_miss_reason: { type: "tools_changed", cache_missed_input_tokens: 5 } },
      usage: {
        input_tokens: 1,
        output_tokens: 0,
        cache_creation: null,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: null,
        inference_geo: null,
        output_tokens_details: null,
        server_tool_use: null,
        service_tier: null,
        speed: null,
      },
    };
    expect(readMessage(JSON.stringify(message))).toEqual({
      usage: { inputTokens: 1, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
      stopReason: "max_tokens",
      toolNames: [],
      model: "claude-opus-5-5",
      opening: null,
      messageId: "msg_2",
      missReason: "tools_changed",
    });
  });

  it("names the client's tools that an answer calls, each once", () => {
    const called = (type: string, name: unknown) => ({ type, id: "toolu_1", name, input: {} });
    const content = [
      { type: "text", text: "AskUserQuestion" },
      called("server_tool_use", "web_search"),
      called("tool_use", "look"),
      called("tool_use", "look"),
      called("tool_use", 5),
      null,
      called("tool_use", "question"),
    ];
    expect(readMessage({ content }).toolNames).toEqual(["look", "question"]);
    expect(readMessage({ content: "tool_use" }).toolNames).toEqual([]);
  });

  it("takes the writes from the split when the sum is missing", () => {
    const usage = {
      input_tokens: 1,
      cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 5 },
    };
    expect(readMessage({ usage }).usage).toMatchObject({ cacheWriteTokens: 9, inputTokens: 10 });
  });

  it("leaves the split out when the response has none", () => {
    const usage = { input_tokens: 1, cache_creation_input_tokens: 4 };
    expect(readMessage({ usage }).usage).not.toHaveProperty("cacheWriteSplit");
  });

  it("counts searches, and tells when the server summarised", () => {
    const pass = {
      input_tokens: 5,
      output_tokens: 6,
      cache_read_input_tokens: 7,
      cache_creation_input_tokens: 8,
    };
    const usage = apiUsage({
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
      iterations: [
        { type: "compaction", ...pass },
        { type: "message", model: "claude-opus-5", ...pass },
      ],
    });
    expect(readMessage({ usage }).usage).toMatchObject({
      webSearchRequests: 2,
      compacted: true,
      iterations: [
        { model: null, usage: { inputTokens: 20, outputTokens: 6 } },
        { model: "claude-opus-5", usage: { inputTokens: 20 } },
      ],
    });
  });

  it.each([
    "not json",
    "",
    "[]",
    null,
    undefined,
    5,
    { usage: null },
    { usage: "x" },
    { usage: {} },
    { usage: { input_tokens: "5" } },
    { usage: { input_tokens: Number.NaN } },
    { usage: { input_tokens: -1 } },
  ])("knows no usage from %j, and does not throw", (message) => {
    expect(readMessage(message).usage).toBeNull();
  });

  it("passes new miss reasons on, but no prose", () => {
    const reason = (type: unknown) =>
      readMessage({ diagnostics: { cache_miss_reason: { type } } }).missReason;
    expect(reason("speed_changed")).toBe("speed_changed");
    expect(reason("the prompt said: hello")).toBeNull();
    expect(reason(5)).toBeNull();
    expect(readMessage({ diagnostics: { cache_miss_reason: null } }).missReason).toBeNull();
  });
});
