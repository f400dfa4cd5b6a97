import { utimesSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { aHome, answered, asked, exchanges, MINUTE, readAll, START, session } from "./world.ts";
import { claudeCodeLines, write, writeClaudeCode } from "./written/claude-code.ts";
import { codexLines, writeCodex } from "./written/codex.ts";
import { exchange } from "./written/exchange.ts";
import { writeOpenCodeDatabase, writeOpenCodeStorage } from "./written/opencode.ts";
import { piLines, piWarmLine, writePi } from "./written/pi.ts";

let home: string;
beforeEach(() => {
  home = aHome();
});

describe("what is told twice is counted once", () => {
  const again = exchange({ startedAt: START + 90 * MINUTE, write5m: 26_100, read: 0 });

  it("goes on with the conversation that a resumed session of Claude Code repeats", async () => {
    const first = writeClaudeCode(join(home, ".claude"), session, { messages: "same" });
    utimesSync(first, new Date(START), new Date(START));
    writeClaudeCode(
      join(home, ".claude"),
      { ...session, id: "s2", exchanges: [...exchanges, again] },
      { messages: "same" },
    );
    const { conversations, reading } = await readAll(home);
    expect(reading.repeatedCalls).toBe(4);
    expect(conversations).toHaveLength(1);
    expect(conversations[0]?.calls.map(({ startedAt }) => startedAt)).toEqual(
      [...exchanges, again].map(({ startedAt }) => startedAt),
    );
  });

  it("keeps a branch apart from what went on without it", async () => {
    const first = writeClaudeCode(join(home, ".claude"), session, { messages: "same" });
    utimesSync(first, new Date(START), new Date(START));
    const lines = claudeCodeLines(
      { ...session, id: "s2", exchanges: [asked, answered, again] },
      { messages: "same" },
    );
    // Its third message is another one than the original's third.
    write(
      join(home, ".claude/projects/p/s2.jsonl"),
      lines.map((line) => line.replaceAll("msg_same_2", "msg_other")),
    );
    const { conversations } = await readAll(home);
    expect(conversations.map(({ calls }) => calls.length)).toEqual([4, 1]);
  });

  it("knows pi's and OpenCode's copies by what they count, whatever their ids", async () => {
    writePi(join(home, ".pi/agent"), session, { entries: "a" });
    writePi(
      join(home, ".pi/agent"),
      { ...session, id: "s2", exchanges: [...exchanges, again] },
      { entries: "b" },
    );
    const opencode = join(home, ".local/share/opencode");
    writeOpenCodeDatabase(opencode, [session, { ...session, id: "s2", exchanges: [...exchanges, again] }]);
    writeOpenCodeStorage(opencode, session);
    const { conversations, reading } = await readAll(home);
    expect(reading.repeatedCalls).toBe(4 + 8);
    expect(conversations.map(({ agent, calls }) => [agent, calls.length]).toSorted()).toEqual([
      ["opencode", 5],
      ["pi", 5],
    ]);
  });

  it("knows a fork of Codex, which repeats everything at the time of the fork", async () => {
    writeCodex(join(home, ".codex"), session);
    writeCodex(
      join(home, ".codex"),
      { ...session, id: "s2", exchanges: [...exchanges, again] },
      { forkedFrom: { id: "s1", sinceMs: again.startedAt - 1_000 } },
    );
    const { conversations } = await readAll(home);
    const calls = conversations.flatMap((one) => one.calls);
    expect(calls.map(({ startedAt }) => startedAt)).toEqual(
      [...exchanges, again].map(({ startedAt }) => startedAt),
    );
  });

  it("knows it as well where it does not repeat what it was forked from is", async () => {
    writeCodex(join(home, ".codex"), session);
    const fork = { ...session, id: "s2", exchanges: [...exchanges, again] };
    const [own = "", , ...rest] = codexLines(fork, { forkedFrom: { id: "s1", sinceMs: again.startedAt } });
    write(join(home, ".codex/sessions/s2.jsonl"), [own, ...rest]);
    const { conversations } = await readAll(home);
    expect(conversations.flatMap((one) => one.calls)).toHaveLength(5);
  });

  it("does not take pi's own warms for calls", async () => {
    const lines = piLines(session);
    write(join(home, ".pi/agent/sessions/p/a.jsonl"), [
      ...lines.slice(0, -1),
      piWarmLine(START + 4 * MINUTE, 25_000),
      lines.at(-1) ?? "",
    ]);
    const { conversations } = await readAll(home);
    expect(conversations[0]?.calls).toHaveLength(4);
  });
});
