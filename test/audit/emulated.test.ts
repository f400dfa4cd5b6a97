/** The audit's figures, held against what the emulator billed for the very conversation. */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AuditReport, agentFolders, auditOf, findOwn, readTranscripts } from "../../src/audit/index.ts";
import { databaseClass } from "../../src/storage/index.ts";
import { MINUTE_MS, rig } from "../emulator/harness.ts";
import { writeClaudeCode } from "./written/claude-code.ts";
import { writeCodex } from "./written/codex.ts";
import { converse, GAPS_MS, type Had, pingUsd, promptUsd } from "./written/emulated.ts";
import type { Session } from "./written/exchange.ts";
import { writeOpenCodeDatabase, writeOpenCodeStorage } from "./written/opencode.ts";
import { writePi } from "./written/pi.ts";

const TTL_MS = { "5m": 5 * MINUTE_MS, "1h": 60 * MINUTE_MS };
/** Without a single pause, the same words cost this. */
const BRISK_MS = GAPS_MS.map(() => MINUTE_MS);

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "keepwarm-audit-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function audited(): Promise<AuditReport> {
  return auditOf(await readTranscripts(await findOwn(agentFolders({}, home)), { databaseClass }));
}

function sessionOf({ exchanges }: Had): Session {
  return { id: "s1", cwd: "/home/someone/acme-shop", exchanges };
}

function billOf({ exchanges, pings }: Had): number {
  return [...exchanges.map(promptUsd), ...pings.map(pingUsd)].reduce((sum, usd) => sum + usd, 0);
}

const FORMATS: readonly (readonly [string, ("5m" | "1h")[], (session: Session) => void])[] = [
  ["Claude Code", ["5m", "1h"], (session) => writeClaudeCode(join(home, ".claude"), session)],
  [
    "an older Claude Code",
    ["5m"],
    (session) => writeClaudeCode(join(home, ".claude"), session, { version: "old" }),
  ],
  ["pi", ["5m", "1h"], (session) => writePi(join(home, ".pi/agent"), session)],
  ["Codex", ["5m"], (session) => writeCodex(join(home, ".codex"), session)],
  [
    "OpenCode's database",
    ["5m"],
    (session) => writeOpenCodeDatabase(join(home, ".local/share/opencode"), [session]),
  ],
  [
    "OpenCode's files",
    ["5m"],
    (session) => writeOpenCodeStorage(join(home, ".local/share/opencode"), session),
  ],
];
const CASES = FORMATS.flatMap(([name, tiers, put]) => tiers.map((ttl) => ({ name, ttl, put })));

describe("what idling cost is what the API billed above the same conversation without a pause", () => {
  it.each(CASES)("$name, $ttl", async ({ ttl, put }) => {
    const had = await converse(await rig(), { gapsMs: GAPS_MS, ttl });
    const brisk = await converse(await rig(), { gapsMs: BRISK_MS, ttl });
    put(sessionOf(had));
    const { idling } = await audited();
    const { total } = idling;
    const late = had.exchanges.filter((_, index) => (GAPS_MS[index - 1] ?? 0) > TTL_MS[ttl]);
    const writes = (some: Had["exchanges"]) => some.reduce((sum, one) => sum + one.write5m + one.write1h, 0);

    expect(total.inputUsd).toBeCloseTo(billOf(had), 10);
    expect(total.idleUsd).toBeCloseTo(billOf(had) - billOf(brisk), 10);
    expect(total.idleUsd).toBeGreaterThan(0);
    expect(total).toMatchObject({
      calls: had.exchanges.length,
      unpricedCalls: 0,
      pauses: late.length,
      lapses: late.length,
      writtenTokens: writes(had.exchanges),
      writtenAfterPauseTokens: writes(late),
      rewrittenTokens: writes(had.exchanges) - writes(brisk.exchanges),
    });
    expect(idling.projects.map(({ name, idleUsd }) => [name, idleUsd])).toEqual([
      ["acme-shop", total.idleUsd],
    ]);
  });
});

describe("what a policy would have cost is what the API bills for it", () => {
  it.each([
    ["never", "5m", {}],
    ["never", "1h", { ttl: "1h" }],
    ["2 pings", "5m", { pings: { everyMs: 280_000, most: 2 } }],
    ["2 pings", "1h", { ttl: "1h", pings: { everyMs: 3_480_000, most: 2 } }],
  ] as const)("%s on %s", async (policy, tier, talk) => {
    const had = await converse(await rig(), { gapsMs: GAPS_MS });
    const instead = await converse(await rig(), { gapsMs: GAPS_MS, ...talk });
    writeClaudeCode(join(home, ".claude"), sessionOf(had));
    const { whatIf } = await audited();
    const option = whatIf.options.find((one) => one.policy === policy && one.tier === tier);
    expect(whatIf.presentUsd).toBeCloseTo(billOf(had), 10);
    expect(option?.outcome.closed.billUsd).toBeCloseTo(billOf(instead), 10);
    expect(option?.outcome.closed.warms).toBe(instead.pings.length);
    expect(option?.outcome.closed.change).toBeCloseTo(billOf(instead) / billOf(had) - 1, 10);
  });
});

it("adds up all agents of a folder, each call once, whatever is broken between them", async () => {
  const had = await converse(await rig(), { gapsMs: GAPS_MS });
  const session = sessionOf(had);
  const file = writeClaudeCode(join(home, ".claude"), session, { messages: "same" });
  writeClaudeCode(join(home, ".claude"), { ...session, id: "resumed" }, { messages: "same" });
  appendFileSync(file, '{"type":"assistant","message":{"usage":{"input_tok');
  writePi(join(home, ".pi/agent"), session);
  writeOpenCodeDatabase(join(home, ".local/share/opencode"), [session]);
  writeOpenCodeStorage(join(home, ".local/share/opencode"), session);
  const { idling, reading } = await audited();
  expect(idling.total.inputUsd).toBeCloseTo(3 * billOf(had), 10);
  expect(reading).toMatchObject({ brokenLines: 1, repeatedCalls: 2 * had.exchanges.length });
});
