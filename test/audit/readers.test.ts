import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { recordedLine } from "../../src/audit/recorded.ts";
import { aHome, answered, asked, exchanges, readAll, START, session } from "./world.ts";
import { writeClaudeCode } from "./written/claude-code.ts";
import { writeCodex } from "./written/codex.ts";
import { type Exchange, exchange, type Session } from "./written/exchange.ts";
import {
  writeOpenCodeDatabase,
  writeOpenCodeDatabase2,
  writeOpenCodeExport,
  writeOpenCodeStorage,
} from "./written/opencode.ts";
import { writePi } from "./written/pi.ts";

let home: string;
beforeEach(() => {
  home = aHome();
});

const STOP = { end_turn: "e", tool_use: "t", question: "q" } as const;

/** What must come out of an exchange, by what an agent's format can tell. */
function told(one: Exchange, can: { split: boolean; first: boolean }) {
  return {
    startedAt: one.startedAt,
    firstAt: can.first ? one.firstAt : one.startedAt,
    endedAt: one.endedAt,
    model: one.model,
    uncachedTokens: one.uncached,
    write5mTokens: can.split ? one.write5m : one.write5m + one.write1h,
    write1hTokens: can.split ? one.write1h : 0,
    readTokens: one.read,
    outputTokens: one.output,
    stop: STOP[one.stop],
    thread: one.subagent ?? "",
  };
}

describe("a session of each agent comes out call by call", () => {
  it.each([
    ["Claude Code", { split: true, first: true }, () => writeClaudeCode(join(home, ".claude"), session)],
    [
      "an older Claude Code",
      { split: false, first: true },
      () => writeClaudeCode(join(home, ".claude"), session, { version: "old" }),
    ],
    ["pi", { split: true, first: false }, () => writePi(join(home, ".pi/agent"), session)],
    ["Codex", { split: false, first: true }, () => writeCodex(join(home, ".codex"), session)],
    [
      "OpenCode's database",
      { split: false, first: false },
      () => writeOpenCodeDatabase(join(home, ".local/share/opencode"), [session]),
    ],
    [
      "OpenCode 2's database",
      { split: false, first: false },
      () => writeOpenCodeDatabase2(join(home, ".local/share/opencode"), [session]),
    ],
    [
      "OpenCode's files",
      { split: false, first: false },
      () => writeOpenCodeStorage(join(home, ".local/share/opencode"), session),
    ],
    [
      "OpenCode's export",
      { split: false, first: false },
      () => writeOpenCodeExport(join(home, ".local/share/opencode/a.json"), session),
    ],
  ])("%s", async (_, can, put) => {
    put();
    const { conversations, reading } = await readAll(home);
    expect(conversations).toHaveLength(1);
    expect(conversations[0]?.project).toBe("acme-shop");
    expect(conversations[0]?.calls).toEqual(exchanges.map((one) => told(one, can)));
    expect(reading).toMatchObject({ brokenLines: 0, unreadable: {}, repeatedCalls: 0 });
  });
});

describe("sub-agents are threads of their conversation", () => {
  const side = [
    exchange({ startedAt: START + 61_000, subagent: "a7f", write5m: 8_000, read: 0 }),
    exchange({ startedAt: START + 75_000, subagent: "a7f", write5m: 100, read: 8_000 }),
  ];
  const both = { ...session, exchanges: [asked, ...side, answered] };
  const sides: Session = { ...session, id: "s1-sub", exchanges: side };

  it.each([
    ["Claude Code", () => writeClaudeCode(join(home, ".claude"), both)],
    ["an older Claude Code", () => writeClaudeCode(join(home, ".claude"), both, { version: "old" })],
    [
      "Codex",
      () => {
        writeCodex(join(home, ".codex"), { ...session, exchanges: [asked, answered] });
        writeCodex(join(home, ".codex"), sides, { subagentOf: "s1" });
      },
    ],
    [
      "OpenCode's database",
      () =>
        writeOpenCodeDatabase(join(home, ".local/share/opencode"), [
          { ...sides, parentId: "s1" },
          { ...session, exchanges: [asked, answered] },
        ]),
    ],
    [
      "OpenCode 2's database",
      () =>
        writeOpenCodeDatabase2(join(home, ".local/share/opencode"), [
          { ...session, exchanges: [asked, answered] },
          { ...sides, parentId: "s1" },
        ]),
    ],
    [
      "OpenCode's files",
      () => {
        writeOpenCodeStorage(join(home, ".local/share/opencode"), {
          ...session,
          exchanges: [asked, answered],
        });
        writeOpenCodeStorage(join(home, ".local/share/opencode"), { ...sides, parentId: "s1" });
      },
    ],
  ])("%s", async (_, put) => {
    put();
    const { conversations } = await readAll(home);
    expect(conversations).toHaveLength(1);
    const [{ calls, sideCalls } = { calls: [], sideCalls: [] }] = conversations;
    expect(calls.map(({ startedAt }) => startedAt)).toEqual([asked.startedAt, answered.startedAt]);
    expect(sideCalls.map(({ startedAt }) => startedAt)).toEqual(side.map(({ startedAt }) => startedAt));
    expect(new Set(sideCalls.map(({ thread }) => thread)).size).toBe(1);
    expect(sideCalls[0]?.thread).not.toBe("");
  });
});

it("hands conversations to the lab in its own form, in numbers and hashes alone", async () => {
  writeClaudeCode(join(home, ".claude"), {
    ...session,
    exchanges: [asked, exchange({ startedAt: START + 61_000, subagent: "a7f" })],
  });
  const { conversations } = await readAll(home);
  const [line] = conversations.map((one) => recordedLine(one));
  expect(line).toEqual({
    session: expect.stringMatching(/^[0-9a-f]{16}$/),
    agent: "claude-code",
    user: "one person",
    calls: [
      [START, asked.endedAt, asked.model, 3, 24_000, 0, 0, 250, 0, "t", "", asked.firstAt],
      [
        START + 61_000,
        START + 70_000,
        asked.model,
        3,
        1_000,
        0,
        20_000,
        250,
        1,
        "e",
        expect.stringMatching(/^[0-9a-f]{16}$/),
        START + 62_500,
      ],
    ],
  });
});
