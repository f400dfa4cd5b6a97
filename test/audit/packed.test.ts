import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { findAt } from "../../src/audit/find.ts";
import { readTranscripts } from "../../src/audit/read.ts";
import { databaseClass } from "../../src/storage/index.ts";
import { aHome, exchanges, readAll, session } from "./world.ts";
import { writeClaudeCode } from "./written/claude-code.ts";
import { writeCodex } from "./written/codex.ts";

let home: string;
beforeEach(() => {
  home = aHome();
});

const STARTS = exchanges.map(({ startedAt }) => startedAt);

async function startsIn(path: string): Promise<number[]> {
  const { conversations } = await readTranscripts(await findAt(path), { databaseClass });
  return conversations.flatMap(({ calls }) => calls.map(({ startedAt }) => startedAt));
}

describe("packed transcripts are read like any other", () => {
  it("those that Codex has packed after a week, and that are unpacked for a moment, once", async () => {
    const file = writeCodex(join(home, ".codex"), session);
    const plain = (await readAll(home)).conversations;
    writeFileSync(`${file}.zst`, zstdCompressSync(readFileSync(file)));
    expect(await readAll(home)).toMatchObject({
      conversations: plain,
      reading: { repeatedCalls: exchanges.length },
    });
    rmSync(file);
    const packed = await readAll(home);
    expect(packed.conversations).toEqual(plain);
    expect(packed.reading).toMatchObject({ brokenLines: 0, unreadable: {}, repeatedCalls: 0 });
  });

  it("those that a person has packed, in one piece or in several", async () => {
    const content = readFileSync(writeClaudeCode(join(home, "made"), session));
    const half = content.indexOf("\n", content.length / 2) + 1;
    const frames = [content.subarray(0, half), content.subarray(half)].map((part) => zstdCompressSync(part));
    const kept = join(home, "kept");
    mkdirSync(kept);
    writeFileSync(join(kept, "a.jsonl.gz"), gzipSync(content));
    expect(await startsIn(kept)).toEqual(STARTS);
    writeFileSync(join(kept, "a.jsonl.zst"), Buffer.concat(frames));
    rmSync(join(kept, "a.jsonl.gz"));
    expect(await startsIn(kept)).toEqual(STARTS);
  });

  it("up to where they are torn off, which counts as damage", async () => {
    const file = writeCodex(join(home, ".codex"), session);
    const whole = zstdCompressSync(readFileSync(file));
    rmSync(file);
    for (const bytes of [0.2, 0.6, 0.95].map((share) => Math.round(whole.length * share))) {
      writeFileSync(`${file}.zst`, whole.subarray(0, bytes));
      const { conversations, reading } = await readAll(home);
      const calls = conversations.flatMap((one) => one.calls);
      expect(calls.map(({ startedAt }) => startedAt)).toEqual(STARTS.slice(0, calls.length));
      expect(reading.brokenLines).toBeGreaterThanOrEqual(1);
    }
    writeFileSync(`${file}.zst`, "no such thing");
    expect((await readAll(home)).reading).toMatchObject({ brokenLines: 1, unreadable: {} });
  });
});
