import { describe, expect, it } from "vitest";
import { assistant, type Body, request, rig, text, user } from "./harness.ts";

const TOOLS = [{ name: "look", input_schema: {} }];
const FIRST = request({
  diagnostics: { previous_message_id: null },
  tools: TOOLS,
  system: [text("system", 100)],
  messages: [user(text("one", 20, "5m"))],
});
const GROWN = [user(text("one", 20)), assistant(text("a", 5)), user(text("two", 10, "5m"))];

describe("diagnostics.cache_miss_reason", () => {
  const changes: [string, Body, object | null][] = [
    ["nothing when messages were only appended", { messages: GROWN }, null],
    ["model_changed for another model", { model: "claude-opus-4-8" }, { type: "model_changed" }],
    ["model_changed for another speed", { speed: "fast" }, { type: "model_changed" }],
    ["tools_changed", { tools: [...TOOLS, { name: "find" }] }, { type: "tools_changed" }],
    ["tools_changed for the earliest divergence", { tools: [], system: [] }, { type: "tools_changed" }],
    ["system_changed", { system: [text("other", 100)] }, { type: "system_changed" }],
    ["messages_changed", { messages: [user(text("edited", 20, "5m"))] }, { type: "messages_changed" }],
    [
      "messages_changed for a rewound history",
      { messages: [assistant(text("a", 5))] },
      { type: "messages_changed" },
    ],
    ["unavailable for another parameter", { output_config: { effort: "low" } }, { type: "unavailable" }],
  ];
  it.each(changes)("5: says %s", async (_, change, reason) => {
    const { post } = await rig();
    const first = await post(FIRST);
    const next = { ...FIRST, ...change, diagnostics: { previous_message_id: first.body.id } };
    const { diagnostics } = (await post(next)).body;
    if (reason === null) expect(diagnostics).toBeNull();
    else expect(diagnostics?.cache_miss_reason).toMatchObject(reason);
  });

  it("5: estimates the tokens that would have been read", async () => {
    const { post } = await rig();
    const first = await post(FIRST);
    const cached = first.body.usage.cache_creation_input_tokens;
    const next = { ...FIRST, model: "claude-opus-4-8", diagnostics: { previous_message_id: first.body.id } };
    expect((await post(next)).body.diagnostics?.cache_miss_reason).toEqual({
      type: "model_changed",
      cache_missed_input_tokens: cached,
    });
  });

  it("5: is unavailable when the beta headers differ", async () => {
    const { post } = await rig();
    const first = await post(FIRST);
    const next = { ...FIRST, diagnostics: { previous_message_id: first.body.id } };
    const reply = await post(next, { "anthropic-beta": "new-1" });
    expect(reply.body.diagnostics?.cache_miss_reason).toEqual({ type: "unavailable" });
  });

  it("5: does not find an unknown message, nor one of another workspace", async () => {
    const { post } = await rig();
    const first = await post(FIRST);
    const unknown = { ...FIRST, diagnostics: { previous_message_id: "msg_unknown" } };
    const known = { ...FIRST, diagnostics: { previous_message_id: first.body.id } };
    const notFound = { type: "previous_message_not_found" };
    expect((await post(unknown)).body.diagnostics?.cache_miss_reason).toEqual(notFound);
    const elsewhere = await post(known, { "x-api-key": "key-b" });
    expect(elsewhere.body.diagnostics?.cache_miss_reason).toEqual(notFound);
  });

  it("5: compares requests, whatever the cache did", async () => {
    const { post, emulator } = await rig();
    const first = await post(FIRST);
    emulator.clearCache();
    const again = await post({ ...FIRST, diagnostics: { previous_message_id: first.body.id } });
    expect(again.body.usage.cache_read_input_tokens).toBe(0);
    expect(again.body.diagnostics).toBeNull();
  });

  it("5, 11.1: is null for a request that did not ask", async () => {
    const { post } = await rig();
    const first = await post({ ...FIRST, diagnostics: undefined });
    expect(first.body.diagnostics).toBeNull();
    const next = { ...FIRST, diagnostics: { previous_message_id: first.body.id } };
    expect((await post(next)).body.diagnostics?.cache_miss_reason.type).toBe("previous_message_not_found");
  });
});
