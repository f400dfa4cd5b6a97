import { describe, expect, it } from "vitest";
import type { Readings } from "../../src/emulator/index.ts";
import { assistant, type Body, marker, rig, text, user } from "./harness.ts";

type Level = "tools" | "system" | "messages" | "nothing";

const TOOL = { name: "look", description: "d".repeat(200), input_schema: { type: "object" }, ...marker() };
const OTHER_TOOL = { name: "find", description: "f".repeat(200), input_schema: { type: "object" } };
const IMAGE = { type: "image", source: { type: "url", url: "https://example.com/a.png" } };
const HISTORY = [user(text("question", 30)), assistant(text("answer", 30)), user(text("next", 20, "5m"))];

/** A conversation with a breakpoint on each level. Thinking is written out, so that a row can change it. */
function conversation(changes: Body = {}): Body {
  return {
    model: "claude-sonnet-4-6",
    max_tokens: 2_048,
    thinking: { type: "enabled", budget_tokens: 1_024 },
    tools: [TOOL],
    system: [text("system", 40, "5m")],
    messages: HISTORY,
    ...changes,
  };
}

/** The first level that a change loses, told by what the changed request still reads. */
async function lostBy(
  before: Body,
  after: Body,
  options: { readings?: Partial<Readings>; headers?: Record<string, string> } = {},
): Promise<Level> {
  const { bill, emulator } = await rig({ readings: options.readings ?? {} });
  await bill(before);
  const [tools = 0, system = 0, messages = 0] = emulator.entries().map((entry) => entry.tokens);
  const [read] = await bill(after, options.headers);
  const levels: Record<number, Level> = {
    0: "tools",
    [tools]: "system",
    [system]: "messages",
    [messages]: "nothing",
  };
  return levels[read ?? -1] ?? "nothing";
}

const MATRIX: [change: string, loses: Level, before: Body, after: Body][] = [
  ["the model", "tools", {}, { model: "claude-sonnet-4-5" }],
  ["a tool added", "tools", {}, { tools: [OTHER_TOOL, TOOL] }],
  ["a tool removed", "tools", { tools: [OTHER_TOOL, TOOL] }, {}],
  [
    "the order of tools",
    "tools",
    { tools: [{ ...OTHER_TOOL, name: "a" }, OTHER_TOOL, TOOL] },
    { tools: [OTHER_TOOL, { ...OTHER_TOOL, name: "a" }, TOOL] },
  ],
  ["a tool's description", "tools", {}, { tools: [{ ...TOOL, description: "other" }] }],
  ["the key order of a tool's schema", "tools", schemaOf({ a: 1, b: 2 }), schemaOf({ b: 2, a: 1 })],
  ["the system prompt", "system", {}, { system: [text("changed", 40, "5m")] }],
  ["the skills of the container", "system", {}, { container: { skills: [{ skill_id: "pdf" }] } }],
  [
    "web search switched on",
    "system",
    {},
    { tools: [TOOL, { type: "web_search_20250305", name: "web_search" }] },
  ],
  [
    "web fetch switched on",
    "system",
    {},
    { tools: [{ type: "web_fetch_20250910", name: "web_fetch" }, TOOL] },
  ],
  ["citations switched on", "system", documented(false), documented(true)],
  ["the output format", "tools", {}, { output_config: { format: { type: "json_schema", schema: {} } } }],
  ["tool_choice", "messages", {}, { tool_choice: { type: "none" } }],
  [
    "disable_parallel_tool_use",
    "messages",
    {},
    { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
  ],
  ["an image added", "messages", {}, { messages: [...HISTORY, user(IMAGE)] }],
  [
    "an image inside a tool result",
    "messages",
    {},
    { messages: [...HISTORY, user({ type: "tool_result", tool_use_id: "t", content: [IMAGE] })] },
  ],
  ["the thinking mode", "messages", {}, { thinking: { type: "disabled" } }],
  ["the thinking budget", "messages", {}, { thinking: { type: "enabled", budget_tokens: 1_500 } }],
  ["the effort", "messages", {}, { output_config: { effort: "low" } }],
  ["the task budget", "messages", {}, { output_config: { task_budget: { type: "tokens", total: 9 } } }],
  ["context management", "messages", {}, { context_management: { edits: [] } }],
  ["an edited history", "messages", {}, { messages: [user(text("edited", 30)), ...HISTORY.slice(1)] }],
];

const SAFE: [change: string, before: Body, after: Body][] = [
  ["max_tokens", {}, { max_tokens: 4_096 }],
  ["stream", {}, { stream: false }],
  ["metadata", {}, { metadata: { user_id: "u" } }],
  ["stop_sequences", {}, { stop_sequences: ["stop"] }],
  ["service_tier", {}, { service_tier: "auto" }],
  ["diagnostics", {}, { diagnostics: { previous_message_id: null } }],
  ["temperature", {}, { temperature: 0.5 }],
  ["the id of the container", { container: "one" }, { container: "two" }],
  [
    "how thinking is displayed",
    {},
    { thinking: { type: "enabled", budget_tokens: 1_024, display: "omitted" } },
  ],
  ["the effort written out at its default", {}, { output_config: { effort: "high" } }],
  ["tool_choice written out at its default", {}, { tool_choice: { type: "auto" } }],
  ["a marker less", {}, { tools: [{ ...TOOL, cache_control: null }] }],
  ["a system message appended", {}, { messages: [...HISTORY, { role: "system", content: "be brief" }] }],
];

function schemaOf(properties: Body): Body {
  return { tools: [{ ...TOOL, input_schema: { type: "object", properties } }] };
}

function documented(enabled: boolean): Body {
  const document = { type: "document", source: { type: "text", data: "dddd" }, citations: { enabled } };
  return { messages: [user(document), ...HISTORY.slice(1)] };
}

describe("what invalidates the cache", () => {
  it.each(MATRIX)("3: %s loses the %s cache and what follows", async (_, loses, before, after) => {
    expect(await lostBy(conversation(before), conversation(after))).toBe(loses);
  });

  it.each(SAFE)("3, 3b: %s loses nothing", async (_, before, after) => {
    expect(await lostBy(conversation(before), conversation(after))).toBe("nothing");
  });

  it("3: a raised effort is the model's own default on Opus 5.5", async () => {
    const opus = conversation({ model: "claude-opus-5-5", thinking: { type: "adaptive" } });
    expect(await lostBy(opus, { ...opus, output_config: { effort: "medium" } })).toBe("nothing");
    expect(await lostBy(opus, { ...opus, output_config: { effort: "high" } })).toBe("tools");
  });

  it("3: leaving thinking out is what the model does then", async () => {
    const opus = conversation({ model: "claude-opus-5", thinking: undefined });
    expect(await lostBy(opus, { ...opus, thinking: { type: "adaptive" } })).toBe("nothing");
    const older = conversation({ model: "claude-opus-4-8", thinking: undefined });
    expect(await lostBy(older, { ...older, thinking: { type: "disabled" } })).toBe("nothing");
  });

  it("3: an effort change on Opus 4.8 loses the system breakpoint too: read 0, write 3546", async () => {
    const { bill } = await rig();
    const demo = {
      model: "claude-opus-4-8",
      max_tokens: 64,
      thinking: { type: "adaptive" },
      system: [text("system", 3_546, "5m")],
      messages: [user(text("hi", 2))],
    };
    await bill({ ...demo, output_config: { effort: "high" } });
    expect(await bill({ ...demo, output_config: { effort: "low" } })).toEqual([0, 3_546, 0, 2]);
  });

  it("3: where the models differ is a reading", async () => {
    const cooler = conversation({ output_config: { effort: "low" } });
    const everything = { readings: { thinkingChange: "everything" } } as const;
    expect(await lostBy(conversation(), cooler, everything)).toBe("tools");
    const opus = conversation({ model: "claude-opus-5", thinking: { type: "adaptive" } });
    const messages = { readings: { thinkingChange: "messages" } } as const;
    expect(await lostBy(opus, { ...opus, output_config: { effort: "low" } }, messages)).toBe("messages");
  });

  it("3: a set of beta headers is part of the prompt, its order is not", async () => {
    const { bill } = await rig();
    await bill(conversation(), { "anthropic-beta": "b-2,a-1" });
    expect((await bill(conversation(), { "anthropic-beta": "a-1, b-2, a-1" }))[1]).toBe(0);
    expect((await bill(conversation(), { "anthropic-beta": "a-1" }))[0]).toBe(0);
  });

  it.each([
    ["everything", "tools"],
    ["messages", "messages"],
    ["nothing", "nothing"],
  ] as const)("3: a changed set loses %s by reading", async (betaHeaders, loses) => {
    const options = { readings: { betaHeaders }, headers: { "anthropic-beta": "new-1" } };
    expect(await lostBy(conversation(), conversation(), options)).toBe(loses);
  });
});

describe("3: thinking blocks of earlier turns", () => {
  const thought = { type: "thinking", thinking: "h".repeat(80), signature: "s" };
  const call = { type: "tool_use", id: "t", name: "look", input: {} };
  const result = { type: "tool_result", tool_use_id: "t", content: "found" };
  const turn = (model: string, ...more: Body[]) =>
    conversation({
      model,
      thinking: undefined,
      messages: [user(text("question", 30, "5m")), assistant(thought, call), ...more],
    });

  it.each([
    ["claude-opus-4-5", true],
    ["claude-sonnet-4-6", true],
    ["claude-haiku-5-5", true],
    ["claude-opus-4-1", false],
    ["claude-sonnet-4-5", false],
    ["claude-haiku-4-5", false],
  ])("on %s stay when a plain user message follows: %s", async (model, stays) => {
    const { bill } = await rig();
    const [, cached = 0] = await bill(turn(model, user({ ...result, ...marker() })));
    const [read = 0] = await bill(
      turn(model, user(result), assistant(text("a", 5)), user(text("thanks", 5, "5m"))),
    );
    expect(read === cached).toBe(stays);
  });

  it("stay on every model while only tool results come back", async () => {
    const { bill } = await rig();
    const [, cached] = await bill(turn("claude-haiku-4-5", user({ ...result, ...marker() })));
    const more = [user(result), assistant(call), user({ ...result, ...marker() })];
    expect((await bill(turn("claude-haiku-4-5", ...more)))[0]).toBe(cached);
  });
});

describe("3: a system message with clear_at", () => {
  it("is out of the prompt once a user message follows it", async () => {
    const { bill } = await rig();
    const note = { role: "system", clear_at: "next_user_message", content: "now be brief" };
    const before = [user(text("question", 30, "5m")), note];
    expect(await bill(conversation({ tools: [], messages: before }))).toEqual([0, 70, 0, 3]);
    const after = [...before, assistant(text("a", 5)), user(text("next", 5, "5m"))];
    expect(await bill(conversation({ tools: [], messages: after }))).toEqual([70, 10, 0, 0]);
  });
});
