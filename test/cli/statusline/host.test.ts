import { closeSync, openSync } from "node:fs";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { isWrittenTo, sessionFrom } from "../../../src/cli/statusline/host.ts";

/** What Claude Code writes, as far as it matters. */
const CLAUDE_CODE = JSON.stringify({
  hook_event_name: "Status",
  session_id: "0f6e8a2c-1b2a-4c4d-8e8f-001122334455",
  cwd: "/home/ada/cathedral",
  model: { id: "claude-opus-5-5", display_name: "Opus" },
  prompt_cache: { warm: true, ttl: "5m" },
});

describe("the session that a host tells on the input", () => {
  it("is read as soon as the JSON is whole, though its writer keeps the other end open", async () => {
    const input = new PassThrough();
    const session = sessionFrom(input, 60_000);
    input.write(CLAUDE_CODE.slice(0, 50));
    input.write(`${CLAUDE_CODE.slice(50)}\n`);
    expect(await session).toBe("0f6e8a2c-1b2a-4c4d-8e8f-001122334455");
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "hello {}}"],
    ["no object", "[1]"],
    ["no session", "{}"],
    ["an empty one", '{"session_id":""}'],
    ["one that is no text", '{"session_id":7}'],
    ["half of it", '{"session_id":"a"'],
  ])("is none where there is %s", async (_, text) => {
    const input = new PassThrough();
    input.end(text);
    expect(await sessionFrom(input, 60_000)).toBeNull();
  });

  it("is not waited for, nor read for ever", async () => {
    expect(await sessionFrom(new PassThrough(), 10)).toBeNull();
    const input = new PassThrough();
    const session = sessionFrom(input, 60_000);
    input.write("x".repeat(1_000_001));
    expect(await session).toBeNull();
  });
});

describe("an input that somebody may have written to", () => {
  it("is a file, a pipe or a socket, and not the terminal or /dev/null", () => {
    const nothing = openSync("/dev/null", "r");
    const file = openSync("package.json", "r");
    try {
      expect([isWrittenTo(nothing), isWrittenTo(file), isWrittenTo(9_999)]).toEqual([false, true, false]);
    } finally {
      closeSync(nothing);
      closeSync(file);
    }
  });
});
