/** The audit's figures, held against what the emulator billed for the very conversation. */
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type AuditReport,
  auditOf,
  findOwn,
  type Named,
  placesOf,
  readTranscripts,
} from "../../src/audit/index.ts";
import { databaseClass } from "../../src/storage/index.ts";
import { MINUTE_MS, rig } from "../emulator/harness.ts";
import { UTC } from "./conversations.ts";
import { aHome } from "./world.ts";
import { writeClaudeCode } from "./written/claude-code.ts";
import { writeCodex } from "./written/codex.ts";
import { billOf, converse, GAPS_MS, type Had, promptUsd, type Tier } from "./written/emulated.ts";
import type { Session } from "./written/exchange.ts";
import {
  writeOpenCodeDatabase,
  writeOpenCodeDatabase2,
  writeOpenCodeExport,
  writeOpenCodeStorage,
} from "./written/opencode.ts";
import { writePi } from "./written/pi.ts";

const TTL_MS = { "5m": 5 * MINUTE_MS, "1h": 60 * MINUTE_MS };
/** Without a single pause, the same words cost this. */
const BRISK_MS = GAPS_MS.map(() => MINUTE_MS);

let home: string;
beforeEach(() => {
  home = aHome();
});

async function audited(): Promise<AuditReport> {
  const read = await readTranscripts(await findOwn(placesOf({}, home)), { databaseClass });
  return auditOf(read, { calendar: UTC });
}

function sessionOf({ exchanges }: Had): Session {
  return { id: "s1", cwd: "/home/someone/acme-shop", exchanges };
}

const opencode = () => join(home, ".local/share/opencode");
const FORMATS: readonly (readonly [string, Tier[], (session: Session) => void])[] = [
  ["Claude Code", ["5m", "1h"], (session) => writeClaudeCode(join(home, ".claude"), session)],
  [
    "an older Claude Code",
    ["5m"],
    (session) => writeClaudeCode(join(home, ".claude"), session, { version: "old" }),
  ],
  ["pi", ["5m", "1h"], (session) => writePi(join(home, ".pi/agent"), session)],
  ["Codex", ["5m"], (session) => writeCodex(join(home, ".codex"), session)],
  [
    "Codex, packed",
    ["5m"],
    (session) => {
      const file = writeCodex(join(home, ".codex"), session);
      writeFileSync(`${file}.zst`, zstdCompressSync(readFileSync(file)));
      rmSync(file);
    },
  ],
  ["OpenCode's database", ["5m"], (session) => writeOpenCodeDatabase(opencode(), [session])],
  ["OpenCode 2's database", ["5m"], (session) => writeOpenCodeDatabase2(opencode(), [session])],
  ["OpenCode's files", ["5m"], (session) => writeOpenCodeStorage(opencode(), session)],
  ["OpenCode's export", ["5m"], (session) => writeOpenCodeExport(join(opencode(), "s1.json"), session)],
];
const CASES = FORMATS.flatMap(([name, tiers, put]) => tiers.map((tier) => ({ name, tier, put })));

/** What each exchange cost above the same one without a pause, by a name for it. */
function idleBy(
  had: Had,
  brisk: Had,
  nameOf: (startedAt: number, index: number) => string,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [index, one] of had.exchanges.entries()) {
    const without = brisk.exchanges[index];
    const usd = without === undefined ? Number.NaN : promptUsd(one) - promptUsd(without);
    const name = nameOf(one.startedAt, index);
    sums[name] = (sums[name] ?? 0) + usd;
  }
  return sums;
}

function expectIdle(rows: readonly Named[], expected: Record<string, number>): void {
  const found = rows.filter(({ idleUsd }) => idleUsd > 0);
  const some = Object.entries(expected).filter(([, usd]) => usd > 1e-12);
  expect(found.map(({ name }) => name).toSorted()).toEqual(some.map(([name]) => name).toSorted());
  for (const { name, idleUsd } of found) expect(idleUsd).toBeCloseTo(expected[name] ?? Number.NaN, 10);
}

/** Broken records of every kind between those that are whole. */
function spoil(): void {
  const nonsense = [
    '{"type":"assistant","message":{"id":"x","model":"m","usage":{"input_tok',
    '{"type":"assistant","message":{"usage":{"input_tokens":',
    '{"type":"event_msg","payload":{"type":"token_count","info":{"last_token_usage":',
    "\u0000\u0000",
    "[]",
    '{"type":"a kind of next year","payload":{"usage":{"input_tokens":"many"}},"role":"assistant"}',
  ];
  for (const name of readdirSync(home, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".jsonl")) continue;
    const lines = readFileSync(join(home, name), "utf8").trim().split("\n");
    // What a reader knows a file by stays first.
    const spoilt = lines.flatMap((line, index) => [line, nonsense[index % nonsense.length] ?? ""]);
    writeFileSync(join(home, name), spoilt.join("\r\n"));
  }
}

describe("what idling cost is what the API billed above the same conversation without a pause", () => {
  it.each(CASES)("$name, $tier", async ({ tier, put }) => {
    const had = await converse(await rig(), { gapsMs: GAPS_MS, tier: () => tier });
    const brisk = await converse(await rig(), { gapsMs: BRISK_MS, tier: () => tier });
    put(sessionOf(had));
    const { idling } = await audited();
    const { total } = idling;
    const late = had.exchanges.filter((_, index) => (GAPS_MS[index - 1] ?? 0) > TTL_MS[tier]);
    const writes = (some: Had["exchanges"]) => some.reduce((sum, one) => sum + one.write5m + one.write1h, 0);

    expect(total.inputUsd).toBeCloseTo(billOf(had), 10);
    expect(total.mainUsd).toBeCloseTo(billOf(had), 10);
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
    expectIdle(
      idling.weeks,
      idleBy(had, brisk, (at) => UTC.weekOf(at)),
    );
    expectIdle(
      idling.hours,
      idleBy(had, brisk, (at) => String(UTC.hourOf(at)).padStart(2, "0")),
    );
    expectIdle(
      idling.projects,
      idleBy(had, brisk, () => "acme-shop"),
    );
    expect(idling.pauses.reduce((sum, { idleUsd }) => sum + idleUsd, 0)).toBeCloseTo(total.idleUsd, 10);
  });

  it.each(CASES.filter(({ name }) => !/OpenCode|packed/.test(name)))(
    "$name, $tier, with broken records between",
    async ({ tier, put }) => {
      const had = await converse(await rig(), { gapsMs: GAPS_MS, tier: () => tier });
      put(sessionOf(had));
      const whole = await audited();
      spoil();
      const spoilt = await audited();
      expect(spoilt.idling).toEqual(whole.idling);
      expect(spoilt.whatIf).toEqual(whole.whatIf);
      expect(spoilt.reading.brokenLines).toBeGreaterThan(0);
    },
  );

  it.each([["new"], ["old"]] as const)("of sub-agents as well (Claude Code, %s)", async (version) => {
    const main = await converse(await rig(), { gapsMs: GAPS_MS });
    const sideGaps = { gapsMs: [1, 6, 20].map((minutes) => minutes * MINUTE_MS), subagent: "a7f" };
    const side = await converse(await rig(), sideGaps);
    const briskMain = await converse(await rig(), { gapsMs: BRISK_MS });
    const briskSide = await converse(await rig(), { ...sideGaps, gapsMs: [MINUTE_MS, MINUTE_MS, MINUTE_MS] });
    const exchanges = [...main.exchanges, ...side.exchanges].toSorted((a, b) => a.startedAt - b.startedAt);
    writeClaudeCode(join(home, ".claude"), { ...sessionOf(main), exchanges }, { version });
    const { idling, whatIf } = await audited();
    const bill = billOf(main) + billOf(side);
    expect(idling.total.inputUsd).toBeCloseTo(bill, 10);
    expect(idling.total.mainUsd).toBeCloseTo(billOf(main), 10);
    expect(idling.total.idleUsd).toBeCloseTo(bill - billOf(briskMain) - billOf(briskSide), 10);
    expect(whatIf.presentUsd).toBeCloseTo(billOf(main), 10);
  });
});

it("adds up all agents of a folder, each call once, whatever is broken between them", async () => {
  const had = await converse(await rig(), { gapsMs: GAPS_MS });
  const session = sessionOf(had);
  const file = writeClaudeCode(join(home, ".claude"), session, { messages: "same" });
  writeClaudeCode(join(home, ".claude"), { ...session, id: "resumed" }, { messages: "same" });
  appendFileSync(file, '{"type":"assistant","message":{"usage":{"input_tok');
  writePi(join(home, ".pi/agent"), session);
  writeOpenCodeDatabase(opencode(), [session]);
  writeOpenCodeStorage(opencode(), session);
  const { idling, reading } = await audited();
  expect(idling.total.inputUsd).toBeCloseTo(3 * billOf(had), 10);
  expect(reading).toMatchObject({ brokenLines: 1, repeatedCalls: 2 * had.exchanges.length });
});
