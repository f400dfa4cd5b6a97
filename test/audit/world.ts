/** A home with transcripts in it, for one test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { findOwn } from "../../src/audit/find.ts";
import { placesOf } from "../../src/audit/places.ts";
import { type Read, readTranscripts } from "../../src/audit/read.ts";
import { databaseClass } from "../../src/storage/index.ts";
import { exchange, type Session } from "./written/exchange.ts";

export const START = Date.parse("2026-01-05T10:00:00.000Z");
export const MINUTE = 60_000;

export const asked = exchange({ startedAt: START, read: 0, write5m: 24_000, stop: "tool_use" });
export const answered = exchange({ startedAt: START + MINUTE, read: 24_000, write5m: 900, write1h: 50 });
export const questioned = exchange({
  startedAt: START + 2 * MINUTE,
  read: 24_950,
  write5m: 300,
  stop: "question",
});
export const late = exchange({ startedAt: START + 40 * MINUTE, read: 0, write5m: 26_000 });
export const exchanges = [asked, answered, questioned, late];
export const session: Session = { id: "s1", cwd: "/home/someone/work/acme-shop", exchanges };

export function aHome(): string {
  const home = mkdtempSync(join(tmpdir(), "keepwarm-audit-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** What all agents have kept there. */
export async function readAll(home: string): Promise<Read> {
  return readTranscripts(await findOwn(placesOf({}, home)), { databaseClass });
}
