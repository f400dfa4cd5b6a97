import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { aHome, MINUTE, readAll, START, session } from "./world.ts";
import { claudeCodeLines, write, writeClaudeCode } from "./written/claude-code.ts";
import { exchange, iso } from "./written/exchange.ts";
import { writePi } from "./written/pi.ts";

let home: string;
beforeEach(() => {
  home = aHome();
});

it("reads lines that are longer than what is read at once", async () => {
  const long = (mark: string, length: number) => `${mark} "quoted" \\ ü `.repeat(length / 12);
  const content = { person: long("p", 1_000), model: long("m", 90_000), tool: long("t", 700_000) };
  writeClaudeCode(join(home, ".claude"), { ...session, content });
  writePi(join(home, ".pi/agent"), { ...session, content });
  const { conversations, reading } = await readAll(home);
  expect(reading.bytes).toBeGreaterThan(3e6);
  expect(reading.brokenLines).toBe(0);
  expect(conversations.map(({ calls }) => calls.length)).toEqual([4, 4]);
});

describe("damaged transcripts give what is left of them", () => {
  it("counts lines that are cut off or no JSON, and reads the others", async () => {
    const file = writeClaudeCode(join(home, ".claude"), session);
    const lines = claudeCodeLines({
      ...session,
      id: "s9",
      exchanges: [exchange({ startedAt: START + 50 * MINUTE })],
    });
    const answer = lines.find((line) => line.includes('"type":"assistant"')) ?? "";
    appendFileSync(
      file,
      [
        '{"type":"assistant","message":{"usage":{"input_tokens":1,}}}',
        "\u0000\u0000\u0000",
        "",
        "not json at all",
        '{"type":"assistant","message":null,"usage":null}',
        '["assistant",{"usage":{}}]',
        answer.slice(0, -40),
      ].join("\n"),
    );
    const { conversations, reading } = await readAll(home);
    expect(conversations[0]?.calls).toHaveLength(4);
    expect(reading.brokenLines).toBe(2);
  });

  it("leaves out made-up answers, failed ones, and counts that are none", async () => {
    const answer = (message: object) =>
      JSON.stringify({
        type: "assistant",
        sessionId: "s1",
        timestamp: iso(START),
        message: { id: "m", model: "claude-opus-5", content: [], ...message },
      });
    write(join(home, ".claude/projects/p/s1.jsonl"), [
      answer({ model: "<synthetic>", usage: { input_tokens: 5, output_tokens: 5 } }),
      answer({ id: "m2", usage: { input_tokens: 0, output_tokens: 0 } }),
      answer({ id: "m3", usage: { input_tokens: "many", output_tokens: -4, cache_read_input_tokens: 12.5 } }),
      answer({ id: "m4", usage: { input_tokens: 7, cache_creation: null, future_tokens: { a: 1 } } }),
      JSON.stringify({
        type: "assistant",
        sessionId: "s1",
        timestamp: "yesterday",
        message: { id: "m5", model: "x", usage: { input_tokens: 5 } },
      }),
    ]);
    const { conversations } = await readAll(home);
    expect(conversations.flatMap(({ calls }) => calls)).toMatchObject([
      { uncachedTokens: 7, write5mTokens: 0, outputTokens: 0 },
    ]);
  });

  it("takes no call to have lasted for hours because a clock says so", async () => {
    const line = (uuid: string, parentUuid: string | null, at: number, rest: object) =>
      JSON.stringify({ parentUuid, sessionId: "s1", ...rest, uuid, timestamp: iso(at) });
    const answer = {
      type: "assistant",
      message: { id: "m", model: "claude-opus-5", content: [], usage: { input_tokens: 9 } },
    };
    write(join(home, ".claude/projects/p/s1.jsonl"), [
      line("u1", null, START - 3 * 60 * MINUTE, { type: "user" }),
      line("a1", "u1", START, answer),
      line("a2", "a1", START + 3 * 60 * MINUTE, answer),
    ]);
    const { conversations } = await readAll(home);
    expect(conversations[0]?.calls).toMatchObject([{ startedAt: START, firstAt: START, endedAt: START }]);
  });

  it("reads any cut of a file without failing, and no call that is not whole", async () => {
    const file = writeClaudeCode(join(home, ".claude"), session);
    const whole = readFileSync(file);
    const full = (await readAll(home)).conversations[0]?.calls ?? [];
    for (let length = 0; length < whole.length; length += 997) {
      writeFileSync(file, whole.subarray(0, length));
      const { conversations } = await readAll(home);
      const calls = conversations[0]?.calls ?? [];
      expect(calls.map(({ startedAt }) => startedAt)).toEqual(
        full.slice(0, calls.length).map(({ startedAt }) => startedAt),
      );
    }
  });

  it("says how many files it could not read, and goes on", async () => {
    writeClaudeCode(join(home, ".claude"), session);
    const database = join(home, ".local/share/opencode/opencode.db");
    mkdirSync(join(home, ".local/share/opencode"), { recursive: true });
    writeFileSync(database, `SQLite format 3\0${"garbage".repeat(1_000)}`);
    const { conversations, reading } = await readAll(home);
    expect(conversations).toHaveLength(1);
    expect(Object.values(reading.unreadable)).toEqual([1]);
  });
});
