import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { agentFolders, findAt, findOwn } from "../../src/audit/find.ts";
import { readTranscripts } from "../../src/audit/read.ts";
import { databaseClass } from "../../src/storage/index.ts";
import { aHome, MINUTE, START, session } from "./world.ts";
import { write, writeClaudeCode } from "./written/claude-code.ts";
import { writeCodex } from "./written/codex.ts";
import { writeOpenCodeDatabase, writeOpenCodeExport, writeOpenCodeStorage } from "./written/opencode.ts";
import { writePi } from "./written/pi.ts";

let home: string;
beforeEach(() => {
  home = aHome();
});

describe("transcripts are found", () => {
  it("where each agent keeps them, or where its environment puts them", () => {
    const moved = agentFolders(
      { CLAUDE_CONFIG_DIR: "/c", PI_CODING_AGENT_DIR: "/p", CODEX_HOME: "/x", XDG_DATA_HOME: "/d" },
      "/h",
    ).map(({ folder }) => folder);
    expect(moved).toEqual(
      expect.arrayContaining([
        "/c/projects",
        "/p/sessions",
        "/x/sessions",
        "/x/archived_sessions",
        "/d/opencode",
      ]),
    );
    expect(agentFolders({}, "/h").map(({ folder }) => folder)).toEqual(
      expect.arrayContaining(["/h/.claude/projects", "/h/.pi/agent/sessions", "/h/.codex/sessions"]),
    );
  });

  it("and not another agent's that lies there", async () => {
    const folder = join(home, ".local/share/opencode");
    writeOpenCodeDatabase(folder, [session]);
    writePi(folder, session);
    expect((await findOwn(agentFolders({}, home))).map(({ agent }) => agent)).toEqual(["opencode"]);
  });

  it("by what a file begins with, wherever a person keeps it", async () => {
    const kept = join(home, "backup");
    writeClaudeCode(join(kept, "a"), session);
    writePi(join(kept, "b"), session);
    writeCodex(join(kept, "c"), session);
    writeOpenCodeDatabase(join(kept, "d"), [session]);
    writeOpenCodeStorage(join(kept, "e"), session);
    writeOpenCodeExport(join(kept, "f/session.json"), session);
    write(join(kept, "notes.jsonl"), ['{"hello":"world"}']);
    write(join(kept, "package.json"), ['{"name":"x"}']);
    const found = await findAt(kept);
    expect(found.map(({ format }) => format).toSorted()).toEqual([
      "claude-code",
      "codex",
      "opencode-database",
      "opencode-export",
      "opencode-storage",
      "pi",
    ]);
    const [one] = await findAt(writePi(join(home, "single"), session));
    expect(one?.format).toBe("pi");
  });

  it("of one agent alone, and since a day", async () => {
    writePi(join(home, ".pi/agent"), session);
    writeClaudeCode(join(home, ".claude"), session);
    const sources = await findOwn(agentFolders({}, home));
    const read = await readTranscripts(sources, { databaseClass, agent: "pi", since: START + 30 * MINUTE });
    expect(read.conversations.map(({ agent, calls }) => [agent, calls.length])).toEqual([["pi", 1]]);
    const none = await readTranscripts(sources, { databaseClass, since: Date.now() + MINUTE });
    expect(none.reading.files).toBe(0);
  });
});
