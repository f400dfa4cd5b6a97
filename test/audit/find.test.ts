import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { findAt, findOwn } from "../../src/audit/find.ts";
import { placesOf } from "../../src/audit/places.ts";
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
  it("and not another agent's that lies there", async () => {
    const folder = join(home, ".local/share/opencode");
    writeOpenCodeDatabase(folder, [session]);
    writePi(folder, session);
    const { sources } = await findOwn(placesOf({}, home));
    expect(sources.map(({ agent }) => agent)).toEqual(["opencode"]);
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
    const { sources } = await findAt(kept);
    expect(sources.map(({ format }) => format).toSorted()).toEqual([
      "claude-code",
      "codex",
      "opencode-database",
      "opencode-export",
      "opencode-storage",
      "pi",
    ]);
    const alone = await findAt(writePi(join(home, "single"), session));
    expect(alone.sources.map(({ format }) => format)).toEqual(["pi"]);
  });

  it("from a database that OpenCode was told to keep elsewhere, whatever it is called", async () => {
    const file = writeOpenCodeDatabase(join(home, "elsewhere"), [session]);
    renameSync(file, join(home, "elsewhere/mine.db"));
    const env = { OPENCODE_DB: join(home, "elsewhere/mine.db") };
    const { conversations } = await readTranscripts(await findOwn(placesOf(env, home)), { databaseClass });
    expect(conversations.map(({ agent }) => agent)).toEqual(["opencode"]);
  });

  it("round no circle of links, past what is no file, and with what could not be looked at", async () => {
    const folder = join(home, ".claude/projects/p");
    const file = writeClaudeCode(join(home, ".claude"), session);
    mkdirSync(folder, { recursive: true });
    symlinkSync(join(home, ".claude"), join(folder, "round"));
    symlinkSync(file, join(folder, "link.jsonl"));
    symlinkSync(join(home, "gone.jsonl"), join(folder, "gone.jsonl"));
    symlinkSync(join(folder, "itself.jsonl"), join(folder, "itself.jsonl"));
    mkdirSync(join(folder, "folder.jsonl"));
    writeFileSync(join(folder, "empty.jsonl"), "");
    execFileSync("mkfifo", [join(folder, "pipe.jsonl")]);
    const found = await findOwn(placesOf({}, home));
    expect(found.sources.map(({ path }) => path).toSorted()).toEqual(
      [file, join(folder, "link.jsonl")].toSorted(),
    );
    expect(found.blocked).toEqual([{ path: join(folder, "itself.jsonl"), code: "ELOOP" }]);
    const { reading } = await readTranscripts(found, { databaseClass });
    expect(reading).toMatchObject({ unreadable: { ELOOP: 1 }, repeatedCalls: session.exchanges.length });
  });

  it("since a day", async () => {
    writePi(join(home, ".pi/agent"), session);
    const found = await findOwn(placesOf({}, home));
    const read = await readTranscripts(found, { databaseClass, since: START + 30 * MINUTE });
    expect(read.conversations.map(({ agent, calls }) => [agent, calls.length])).toEqual([["pi", 1]]);
    const none = await readTranscripts(found, { databaseClass, since: Date.now() + MINUTE });
    expect(none.reading.files).toBe(0);
  });
});
