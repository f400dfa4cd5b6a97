/** Nothing that anybody said, and no path, comes out of an audit again, or is kept by it. */
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { keepwarm } from "../support/keepwarm-command.ts";
import { aHome, asked, exchanges, MINUTE, START } from "./world.ts";
import { BESIDES, CANARY, plantIn } from "./written/canary.ts";
import { writeClaudeCode } from "./written/claude-code.ts";
import { writeCodex } from "./written/codex.ts";
import { exchange, type Session } from "./written/exchange.ts";
import {
  writeOpenCodeDatabase,
  writeOpenCodeDatabase2,
  writeOpenCodeExport,
  writeOpenCodeStorage,
} from "./written/opencode.ts";
import { writePi } from "./written/pi.ts";

/** Its last segment is the project's name, which is meant to be told. */
const cwd = `/home/${CANARY}/${CANARY}/acme-shop`;
const side = exchange({ startedAt: START + MINUTE, subagent: `${CANARY}-agent` });

/** Each its own session, or copies would be taken for one. */
function session(name: string, shiftMs: number): Session {
  const shifted = exchanges.map((one) => ({
    ...one,
    startedAt: one.startedAt + shiftMs,
    firstAt: one.firstAt + shiftMs,
    endedAt: one.endedAt + shiftMs,
  }));
  return { id: `${CANARY}-${name}`, cwd, exchanges: shifted };
}

function everything(home: string): void {
  const claude = session("claude", 0);
  const withBesides = (file: string, records: readonly object[]) =>
    appendFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  withBesides(
    writeClaudeCode(join(home, ".claude"), { ...claude, exchanges: [asked, side, ...exchanges.slice(1)] }),
    BESIDES["claude-code"],
  );
  writeClaudeCode(join(home, ".claude"), session("old", MINUTE), { version: "old" });
  withBesides(writePi(join(home, ".pi/agent"), session("pi", 0)), BESIDES.pi);
  withBesides(writeCodex(join(home, ".codex"), session("codex", 0)), BESIDES.codex);
  writeCodex(join(home, ".codex"), session("sub", 2 * MINUTE), { subagentOf: `${CANARY}-codex` });
  const opencode = join(home, ".local/share/opencode");
  writeOpenCodeDatabase(opencode, [session("db", 0)]);
  writeOpenCodeDatabase2(opencode, [session("db2", MINUTE)], "opencode-local.db");
  writeOpenCodeStorage(opencode, session("files", 2 * MINUTE));
  writeOpenCodeExport(join(opencode, "session.json"), session("export", 3 * MINUTE));
}

it("keeps and prints no text, no path, no session and no tool of any agent's", {
  timeout: 60_000,
}, async () => {
  const home = aHome();
  const out = aHome();
  everything(home);
  const env = { HOME: home, KEEPWARM_HOME: join(out, "state"), XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" };
  const before = JSON.parse((await keepwarm(["audit", "--json", "--no-seed"], env)).stdout);
  plantIn(home);

  const page = join(out, "page.html");
  const recordings = join(out, "calls.jsonl");
  const text = await keepwarm(["audit", "--html", page, "--recordings", recordings], env);
  const json = await keepwarm(["audit", "--json"], env);
  const report = JSON.parse(json.stdout);
  // It has read all of it, and to the same end.
  expect(report.reading.byAgent).toEqual(before.reading.byAgent);
  expect(report.reading.byAgent).toMatchObject({
    "claude-code": { calls: 9 },
    pi: { calls: 4 },
    codex: { calls: 8 },
    opencode: { calls: 16 },
  });
  expect(report.idling.total.idleUsd).toBeCloseTo(before.idling.total.idleUsd, 12);
  expect(report.idling.projects.map(({ name }: { name: string }) => name)).toEqual(["acme-shop"]);

  const kept = readdirSync(out, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.endsWith("state"))
    .map((name) => [name, readFileSync(join(out, name), "latin1")] as const);
  expect(kept.length).toBeGreaterThan(2);
  const said = [["stdout", text.stdout], ["stderr", text.stderr], ["json", json.stdout], ...kept] as const;
  for (const [where, content] of said) {
    // Not the whole of it in the message of a failure.
    expect(content.includes(CANARY), where).toBe(false);
    expect(content.includes(home), where).toBe(false);
  }
});
