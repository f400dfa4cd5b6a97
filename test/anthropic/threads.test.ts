import { describe, expect, it } from "vitest";
import { continues, printThread, sharedMessages, type ThreadPrint } from "../../src/anthropic/index.ts";

const ephemeral = { type: "ephemeral" };

function print(request: object): ThreadPrint {
  const body = { model: "claude-opus-5-5", system: "Be brief.", tools: [{ name: "look" }], ...request };
  const printed = printThread(new TextEncoder().encode(JSON.stringify(body)));
  if (printed === null) throw new Error("no print");
  return printed;
}

const user = (content: unknown) => ({ role: "user", content });
const assistant = (content: unknown) => ({ role: "assistant", content });

const first = print({ messages: [user("Hi")] });
const second = print({ messages: [user("Hi"), assistant("Hello"), user("Go on")] });

describe("a thread", () => {
  it("is continued by a request that begins with its last one, and by its repetition", () => {
    expect(continues(first, second)).toBe(true);
    expect(continues(second, second)).toBe(true);
  });

  it("is not continued by an earlier request, nor by one that went on differently", () => {
    const other = print({ messages: [user("Hi"), assistant("Good day"), user("Go on")] });
    expect(continues(second, first)).toBe(false);
    expect(continues(second, other)).toBe(false);
  });

  it.each([
    ["the system prompt", { system: "Be long." }],
    ["the tools", { tools: [{ name: "look" }, { name: "leap" }] }],
    ["the model", { model: "claude-haiku-5-5" }],
  ])("is another one when %s is another", (_, change) => {
    expect(continues(first, print({ messages: [user("Hi")], ...change }))).toBe(false);
  });

  it("stays the same when its marker moves on, inside tool results too", () => {
    const marked = (content: object) => ({ ...content, cache_control: ephemeral });
    const result = { type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "found" }] };
    const before = print({
      messages: [user([marked({ ...result, content: [marked({ type: "text", text: "found" })] })])],
    });
    const after = print({
      messages: [user([result]), assistant("Well"), user([marked({ type: "text", text: "Go" })])],
    });
    expect(continues(before, after)).toBe(true);
  });

  it("stays the same when a text is sent as a string once and as a block with a marker another time", () => {
    const before = print({
      system: [{ type: "text", text: "Be brief.", cache_control: ephemeral }],
      messages: [user([{ type: "text", text: "Hi", cache_control: ephemeral }])],
    });
    expect(continues(before, second)).toBe(true);
  });

  it("does not take a tool's input for a marker", () => {
    const call = (input: object) =>
      print({ messages: [assistant([{ type: "tool_use", id: "t", name: "look", input }])] });
    expect(continues(call({ cache_control: 1 }), call({ cache_control: 2 }))).toBe(false);
  });

  it("tells the same text apart when it is cut into blocks in another place", () => {
    const blocks = (...texts: string[]) =>
      print({ messages: [user(texts.map((text) => ({ type: "text", text })))] });
    expect(continues(blocks("ab", "c"), blocks("a", "bc"))).toBe(false);
    expect(continues(blocks("ab", "c"), blocks("abc"))).toBe(false);
  });

  it("shares with another request the messages that both begin with", () => {
    const other = print({ system: "Be long.", messages: [user("Hi"), assistant("Hello"), user("Stop")] });
    expect(sharedMessages(second, other)).toBe(2);
    expect(sharedMessages(second, first)).toBe(1);
  });

  it("shows nothing of its content", () => {
    expect(JSON.stringify(second)).not.toMatch(/Hello|brief|look/);
  });
});

it.each(["", "null", "[]", "7", '"text"', "not json", "{}", '{"messages":{}}'])(
  "there is no thread in %s",
  (body) => {
    expect(printThread(new TextEncoder().encode(body))).toBeNull();
  },
);
