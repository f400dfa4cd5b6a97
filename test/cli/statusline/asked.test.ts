import { describe, expect, it } from "vitest";
import { statusLineAsked } from "../../../src/cli/statusline/asked.ts";

describe("a status line's arguments", () => {
  it.each([
    [["statusline"], {}],
    [["statusline", "--conversation", "chat"], { conversation: "chat" }],
    [["statusline", "--conversation=a=b"], { conversation: "a=b" }],
    [["statusline", "--format", "--{next}", "--conversation", ""], { format: "--{next}", conversation: "" }],
  ])("are read without the tree of commands: %j", (words, asked) => {
    expect(statusLineAsked(words)).toEqual(asked);
  });

  it.each([
    [["status"]],
    [[]],
    [["statusline", "--help"]],
    [["statusline", "chat"]],
    [["statusline", "--conversation"]],
    [["statusline", "--fromat", "x"]],
    [["statusline", "--format", "{nxt}"]],
    [["help", "statusline"]],
  ])("are left to it where it has something to say: %j", (words) => {
    expect(statusLineAsked(words)).toBeNull();
  });
});
