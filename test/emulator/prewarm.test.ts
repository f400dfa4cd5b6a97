import { describe, expect, it } from "vitest";
import { type Body, MINUTE_MS, marker, request, rig, text, user } from "./harness.ts";

const PREWARM = request({
  max_tokens: 0,
  system: [text("an expert software engineer", 5_120, "5m")],
  messages: [user(text("warmup", 8))],
});

describe("max_tokens: 0", () => {
  it("4: answers with the documented example", async () => {
    const { post } = await rig();
    const reply = await post(PREWARM);
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      id: expect.stringMatching(/^msg_/),
      type: "message",
      role: "assistant",
      content: [],
      model: "claude-opus-5",
      stop_reason: "max_tokens",
      stop_sequence: null,
      usage: {
        input_tokens: 8,
        cache_creation_input_tokens: 5_120,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 5_120, ephemeral_1h_input_tokens: 0 },
        iterations: [
          {
            input_tokens: 8,
            output_tokens: 0,
            cache_read_input_tokens: 0,
            cache_creation_input_tokens: 5_120,
            cache_creation: { ephemeral_5m_input_tokens: 5_120, ephemeral_1h_input_tokens: 0 },
            type: "message",
          },
        ],
        output_tokens: 0,
        service_tier: "standard",
        inference_geo: "global",
      },
    });
  });

  it("4: warms the prefix for another user message", async () => {
    const { bill } = await rig();
    await bill(PREWARM);
    const real = { ...PREWARM, max_tokens: 1_024, messages: [user(text("how do I build a tree?", 10))] };
    expect(await bill(real)).toEqual([5_120, 0, 0, 10]);
  });

  it("4: refreshes what is cached and bills only the read", async () => {
    const { bill, clock } = await rig();
    await bill({ ...PREWARM, max_tokens: 64 });
    clock.advance(4 * MINUTE_MS);
    expect(await bill(PREWARM)).toEqual([5_120, 0, 0, 8]);
    clock.advance(4 * MINUTE_MS);
    expect(await bill({ ...PREWARM, max_tokens: 64 })).toEqual([5_120, 0, 0, 8]);
  });

  const rejected: [string, Body][] = [
    ["stream: true", { stream: true }],
    ["budget thinking", { model: "claude-sonnet-4-6", thinking: { type: "enabled", budget_tokens: 1_024 } }],
    ["output_config.format", { output_config: { format: { type: "json_schema", schema: {} } } }],
    ["tool_choice any", { tools: [{ name: "look" }], tool_choice: { type: "any" } }],
    ["tool_choice tool", { tools: [{ name: "look" }], tool_choice: { type: "tool", name: "look" } }],
    ["compaction", { compaction: { enabled: true } }],
  ];
  it.each(rejected)("4: is rejected together with %s, and caches nothing", async (_, fields) => {
    const { post, emulator } = await rig();
    const reply = await post({ ...PREWARM, ...fields });
    expect(reply.status).toBe(400);
    expect(reply.body.error.type).toBe("invalid_request_error");
    expect(reply.body.error.message).toMatch(/when max_tokens is 0$/);
    expect(emulator.entries()).toEqual([]);
    if (fields.compaction === undefined && fields.stream === undefined) {
      expect((await post({ ...PREWARM, ...fields, max_tokens: 2_048 })).status).toBe(200);
    }
  });

  const allowed: [string, Body][] = [
    ["adaptive thinking", { thinking: { type: "adaptive" } }],
    ["thinking disabled", { thinking: { type: "disabled" } }],
    ["an effort", { output_config: { effort: "low" } }],
    ["tools and tool_choice auto", { tools: [{ name: "look" }], tool_choice: { type: "auto" } }],
    ["server tools", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    ["automatic caching", marker()],
    ["stream: false", { stream: false }],
  ];
  it.each(allowed)("4: is accepted together with %s", async (_, fields) => {
    const { post } = await rig();
    expect((await post({ ...PREWARM, ...fields })).status).toBe(200);
  });

  it("4: leaves max_tokens: 1 as the replay of a forced tool choice or an output format", async () => {
    const { bill } = await rig();
    const forced = { tools: [{ name: "look" }], tool_choice: { type: "any" } };
    const [, written] = await bill({ ...PREWARM, ...forced, max_tokens: 64 });
    expect((await bill({ ...PREWARM, ...forced, max_tokens: 1 }))[0]).toBe(written);
  });
});

describe("thinking parameters", () => {
  const budget = (model: string, budget_tokens: number, max_tokens: number) =>
    request({ model, max_tokens, thinking: { type: "enabled", budget_tokens } });
  const interleaved = { "anthropic-beta": "interleaved-thinking-2025-05-14" };

  it("5: a budget is at least 1,024 and less than max_tokens", async () => {
    const { post, refusal } = await rig();
    expect(await refusal(budget("claude-sonnet-4-5", 1_023, 2_048))).toMatch(/greater than or equal to 1024/);
    expect(await refusal(budget("claude-sonnet-4-5", 2_048, 2_048))).toMatch(/must be greater than/);
    expect((await post(budget("claude-sonnet-4-5", 1_024, 1_025))).status).toBe(200);
  });

  it.each([
    "claude-opus-4-5",
    "claude-sonnet-4-5",
    "claude-opus-4-1",
    "claude-sonnet-4-0",
    "claude-sonnet-4-6",
  ])("4: interleaved, the budget may exceed max_tokens on %s", async (model) => {
    const { post, refusal } = await rig();
    expect((await post(budget(model, 2_048, 1), interleaved)).status).toBe(200);
    expect(await refusal(budget(model, 2_048, 1))).toMatch(/must be greater than/);
  });

  it("4: the header changes nothing on models that do not know it", async () => {
    const { refusal } = await rig();
    expect(await refusal(budget("claude-opus-4-6", 2_048, 1), interleaved)).toMatch(/must be greater than/);
  });

  it.each(["claude-opus-4-7", "claude-opus-5", "claude-fable-5-2"])(
    "4: a budget is refused on %s, which only thinks adaptively",
    async (model) => {
      const { refusal } = await rig();
      expect(await refusal(budget(model, 1_024, 2_048))).toMatch(/"thinking.type.enabled" is not supported/);
    },
  );

  it.each(["claude-fable-5-1", "claude-fable-5-2", "claude-opus-5-5", "claude-sonnet-5-5"])(
    "4: forced tool use is refused on %s",
    async (model) => {
      const { refusal } = await rig();
      const forced = { tools: [{ name: "look" }], tool_choice: { type: "tool", name: "look" } };
      expect(await refusal(request({ model, ...forced }))).toMatch(/forced tool use is not supported/);
    },
  );
});
