import { describe, expect, it } from "vitest";
import { withholding } from "../../src/anthropic/withhold.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const BODY = bytes({
  model: "claude-opus-5-5",
  system: "You work on project Nightjar-7. The request is large, and the field must be long.",
  messages: [
    {
      role: "user",
      content: "Never tell: the vault\n opens at seven. Path /home/ada/vault.txt, caf\u00e9-42.",
    },
    {
      role: "assistant",
      content: [{ type: "tool_use", id: "toolu_01Abc", name: "open_vault", input: { q: "x9z" } }],
    },
  ],
});

describe("what an API says in an error", () => {
  it.each([
    "max_tokens: must be greater than thinking.budget_tokens",
    "messages.0.content.1.cache_control.ttl: must be 5m or 1h",
    "model: claude-opus-5-5",
    "Your request exceeds what this field may hold.",
    "Overloaded",
    "`tool_use` ids were found without `tool_result` blocks",
  ])("is told as it is where it is its own: %s", (message) => {
    expect(withholding([], BODY)(message)).toBe(message);
  });

  it.each([
    ["bad input: the vault opens at seven", "bad input: …"],
    ["bad input: /home/ada/vault.txt", "bad input: …"],
    ["no tool open_vault here", "no tool … here"],
    ["unknown id toolu_01Abc.", "unknown id …"],
    ["about Nightjar-7, no", "about … no"],
    ["caf\u00e9-42!", "…"],
    ['got {"x":"Nightjar-7","y":1}', 'got {"x":"…","y":1}'],
    ["messages.0.toolu_01Abc.input", "messages.0.….input"],
    ["the key is hunter22", "the key is […]"],
    ["Bearer abc.def failed", "[…] failed"],
    ["sk-ant-api03-xyz failed", "[…] failed"],
  ])("is told without what the conversation says: %s", (message, told) => {
    expect(withholding(["hunter22"], BODY)(message)).toBe(told);
  });

  it("is not told where the conversation cannot be read, or is too large to look through", () => {
    expect(withholding([], new TextEncoder().encode("{"))("Overloaded")).toBe("[…]");
    expect(withholding([], bytes("x".repeat(9_000_000)))("Overloaded")).toBe("[…]");
  });

  it("is one short line, however long it was", () => {
    const told = withholding([], BODY)(`${"and so\non ".repeat(100_000)}`);
    expect(told.length).toBeLessThan(170);
    expect(told).not.toContain("\n");
  });
});
