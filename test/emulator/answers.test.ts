import { describe, expect, it } from "vitest";
import { assistant, type Body, request, rig, user } from "./harness.ts";

const SCHEMA = {
  type: "object",
  properties: { title: { type: "string" }, count: { type: "integer", minimum: 2 }, note: { type: "string" } },
  required: ["title", "count"],
};
const TOOLS = [
  { name: "look", input_schema: SCHEMA },
  { name: "find", input_schema: { type: "object" } },
];

const says = (text: string) => user({ type: "text", text });
const asked = (text: string, fields: Body = {}) =>
  request({ max_tokens: 1_000, tools: TOOLS, messages: [says(text)], ...fields });

describe("an answer", () => {
  it("is plain text of as many tokens as the emulator is told", async () => {
    const { post } = await rig({ answerTokens: 7 });
    const { body } = await post(asked("hello"));
    expect(body.content).toMatchObject([{ type: "text", text: expect.stringMatching(/^.{28}$/s) }]);
    expect(body).toMatchObject({ stop_reason: "end_turn", usage: { output_tokens: 7 } });
  });

  it("is as long as the person asks with [[tokens:N]]", async () => {
    const { post } = await rig();
    expect((await post(asked("at length [[tokens:200]]"))).body.usage.output_tokens).toBe(200);
  });

  it("is cut at max_tokens", async () => {
    const { post } = await rig();
    const { body } = await post(asked("[[tokens:200]]", { max_tokens: 1 }));
    expect(body).toMatchObject({ stop_reason: "max_tokens", usage: { output_tokens: 1 } });
    expect(body.content[0]?.text).toHaveLength(4);
  });

  it("is the same for the same request", async () => {
    const { post } = await rig();
    const [one, two] = [await post(asked("hello")), await post(asked("hello"))];
    expect(two.body.content).toEqual(one.body.content);
    expect(two.body.id).not.toBe(one.body.id);
  });

  it("calls a declared tool with the input given in [[tool:NAME {…}]]", async () => {
    const { post } = await rig();
    const { body } = await post(asked('go [[tool:look {"title":"a ]] } b","deep":{"list":[[1]]}}]] now'));
    expect(body.stop_reason).toBe("tool_use");
    expect(body.content).toMatchObject([
      { type: "tool_use", name: "look", input: { title: "a ]] } b", deep: { list: [[1]] } } },
    ]);
  });

  it("calls several tools, and one without input", async () => {
    const { post } = await rig();
    const { body } = await post(asked('[[tool:look {"title":"t"}]] [[tool:find]]'));
    expect(body.content).toMatchObject([{ name: "look" }, { name: "find", input: {} }]);
  });

  it.each([
    ["is not declared", "[[tool:unknown {}]]", {}],
    ["has input that is no JSON", "[[tool:look {oops}]]", {}],
    ["is switched off", "[[tool:look {}]]", { tool_choice: { type: "none" } }],
  ])("is text when the tool %s", async (_, text, fields) => {
    const { post } = await rig();
    expect((await post(asked(text, fields))).body.content).toMatchObject([{ type: "text" }]);
  });

  it("is text once the tool's result is back, whatever the result says", async () => {
    const { post } = await rig();
    const messages = [
      says("[[tool:find]]"),
      assistant({ type: "tool_use", id: "t", name: "find", input: {} }),
      user({ type: "tool_result", tool_use_id: "t", content: "[[tool:find]]" }),
    ];
    expect((await post(asked("", { messages }))).body.stop_reason).toBe("end_turn");
  });

  it("is a tool call with a fitting input when the request forces one", async () => {
    const { post } = await rig();
    const any = await post(asked("hello", { tool_choice: { type: "any" } }));
    expect(any.body.content).toMatchObject([{ name: "look", input: { title: "emulated", count: 2 } }]);
    const named = await post(asked("hello", { tool_choice: { type: "tool", name: "find" } }));
    expect(named.body.content).toMatchObject([{ name: "find", input: {} }]);
  });

  it("fits the schema of output_config.format", async () => {
    const { post } = await rig();
    const format = { type: "json_schema", schema: SCHEMA };
    const { body } = await post(asked("hello", { output_config: { format } }));
    expect(JSON.parse(body.content[0]?.text ?? "")).toEqual({ title: "emulated", count: 2 });
  });

  it("is preceded by thinking when the person asks for it and thinking is on", async () => {
    const { post } = await rig();
    const { body } = await post(asked("[[thinking:30]]"));
    expect(body.content).toMatchObject([{ type: "thinking" }, { type: "text" }]);
    expect(body.usage).toMatchObject({ output_tokens: 54, output_tokens_details: { thinking_tokens: 30 } });
    const off = await post(asked("[[thinking:30]]", { thinking: { type: "disabled" } }));
    expect(off.body.content).toMatchObject([{ type: "text" }]);
  });

  it("waits as long as [[delay:…ms]] says before it begins", async () => {
    const waits: number[] = [];
    const sleep = async (ms: number) => void waits.push(ms);
    const { post } = await rig({ sleep, firstTokenDelayMs: 9 });
    await post(asked("[[delay:500ms]]"));
    await post(asked("hello"));
    expect(waits).toEqual([500, 9]);
  });
});
