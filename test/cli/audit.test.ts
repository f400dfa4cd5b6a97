import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GAPS_KEY, GapHistory, POLICY_NAMESPACE } from "../../src/policy/index.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";
import { writeClaudeCode } from "../audit/written/claude-code.ts";
import { writeCodex } from "../audit/written/codex.ts";
import { exchange, type Session } from "../audit/written/exchange.ts";
import { writeOpenCodeDatabase, writeOpenCodeStorage } from "../audit/written/opencode.ts";
import { writePi } from "../audit/written/pi.ts";
import { controlOf } from "../support/control-under-test.ts";
import { controlledInMemory } from "../support/controlled-in-memory.ts";
import { keepwarm } from "../support/keepwarm-command.ts";

const START = Date.parse("2026-01-05T10:00:00.000Z");
const MINUTE = 60_000;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "keepwarm-audit-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const session: Session = {
  id: "0e5e1d0c-session",
  cwd: "/home/someone/clients/acme-shop",
  exchanges: [0, 1, 9, 10, 75].map((minutes, index) =>
    exchange({
      startedAt: START + minutes * MINUTE,
      ...(index === 2 || index === 4 ? { write5m: 21_000 + index, read: 0 } : { output: 200 + index }),
    }),
  ),
};

const nowhere = () => ({
  HOME: home,
  CLAUDE_CONFIG_DIR: "",
  CODEX_HOME: "",
  XDG_DATA_HOME: "",
  XDG_CONFIG_HOME: "",
  PI_CODING_AGENT_DIR: "",
  PI_CODING_AGENT_SESSION_DIR: "",
  KEEPWARM_HOME: join(home, "state"),
});
const audit = (...args: string[]) => keepwarm(["audit", ...args], nowhere());

function everyAgent(): void {
  writeClaudeCode(join(home, ".claude"), {
    ...session,
    exchanges: [...session.exchanges, exchange({ startedAt: START + MINUTE, subagent: "a7f" })],
  });
  writePi(join(home, ".pi/agent"), session);
  writeCodex(join(home, ".codex"), session);
  writeOpenCodeDatabase(join(home, ".local/share/opencode"), [session]);
  writeOpenCodeStorage(join(home, ".local/share/opencode"), { ...session, id: "other" });
}

describe("keepwarm audit", () => {
  it("finds the transcripts of all agents and says what idling cost", async () => {
    everyAgent();
    const { code, stdout, stderr } = await audit();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^2026-01-05 to 2026-01-05: idling cost \$/);
    expect(stdout).toContain("(claude-code 6, pi 5, opencode 5, codex 5)");
  });

  it("keeps to itself what was said, where, and in which session", async () => {
    everyAgent();
    const page = join(home, "page.html");
    const recordings = join(home, "calls.jsonl");
    const text = await audit("--html", page, "--recordings", recordings);
    const json = await audit("--json");
    const said = [
      text.stdout,
      json.stdout,
      readFileSync(page, "utf8"),
      readFileSync(recordings, "utf8"),
    ].join("\n");
    expect(said).toContain("acme-shop");
    // Not the whole page in the message of a failure.
    for (const secret of ["launch code", "secret", "plans", "someone", "clients", session.id, home, "a7f"]) {
      expect(said.includes(secret), secret).toBe(false);
    }
  });

  it("prints JSON and nothing else, whose parts add up", async () => {
    everyAgent();
    const { stdout } = await audit("--json");
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      version: 1,
      from: "2026-01-05T10:00:00.000Z",
      to: "2026-01-05T11:15:00.000Z",
    });
    expect(report.idling.agents.map(({ calls }: { calls: number }) => calls)).toHaveLength(4);
    expect(report.whatIf.options).toHaveLength(15);
  });

  it("takes paths, agents and times", async () => {
    const file = writePi(join(home, "elsewhere"), session);
    writeClaudeCode(join(home, ".claude"), session);
    const agentsOf = async (...args: string[]) =>
      Object.keys(JSON.parse((await audit("--json", ...args)).stdout).reading.byAgent);
    expect(await agentsOf(file, join(home, "elsewhere"))).toEqual(["pi"]);
    expect(await agentsOf("--agent", "claude-code")).toEqual(["claude-code"]);
    const { stdout } = await audit("--since", "1h");
    expect(stdout).toBe("There are no model calls in these transcripts, or none so late.\n");
  });

  it("writes calls that keepwarm lab replays", async () => {
    writeClaudeCode(join(home, ".claude"), session);
    const file = join(home, "calls.jsonl");
    expect((await audit("--recordings", file)).stderr).toBe(
      `keepwarm: the calls are in ${file}; keepwarm lab ${file} replays them\n`,
    );
    const lab = await keepwarm(["lab", file, "--arms", "never", "--json"], nowhere());
    expect(JSON.parse(lab.stdout).dataset).toMatchObject({ conversations: 1, calls: 5 });
  });

  it("teaches auto how the person pauses, when told to", async () => {
    writeClaudeCode(join(home, ".claude"), session);
    await audit();
    expect(existsSync(join(home, "state"))).toBe(false);
    expect((await audit("--seed")).stderr).toContain("auto now knows how you pause");
    await audit("--seed");
    const database = openSqliteStorage({ file: join(home, "state", "keepwarm.sqlite") });
    const gaps = GapHistory.parse(await database.namespace(POLICY_NAMESPACE).get(GAPS_KEY));
    database.close();
    const { returned } = gaps.summary().end_turn;
    expect(Math.round(returned.reduce((sum, count) => sum + count, 0))).toBe(4);
  });

  it("teaches nothing that a running gateway would write over", async () => {
    writeClaudeCode(join(home, ".claude"), session);
    const { directory } = await controlOf(controlledInMemory());
    const { code, stderr } = await keepwarm(["audit", "--seed"], { ...nowhere(), KEEPWARM_HOME: directory });
    expect([code, stderr]).toEqual([
      1,
      "keepwarm: a gateway is running, and would write over what it is to learn: keepwarm stop, then try again\n",
    ]);
  });

  it("leaves transcripts as they are", async () => {
    everyAgent();
    const all = () =>
      readdirSync(home, { recursive: true, encoding: "utf8" })
        .filter((name) => /\.(?:jsonl|json|db)$/.test(name))
        .map((name) => [name, readFileSync(join(home, name), "latin1")]);
    const before = all();
    await audit();
    expect(all()).toEqual(before);
  });
});

describe("keepwarm audit says what is wrong", () => {
  const refused = (code: number, sentence: string) => ({
    code,
    stdout: "",
    stderr: `keepwarm: ${sentence}\n`,
  });

  it("where there is nothing at a path", async () => {
    const path = join(home, "nothing");
    expect(await audit(path)).toEqual(
      refused(2, `there is nothing at ${path}: give a transcript, or a folder of them`),
    );
  });

  it("where a folder holds no transcript", async () => {
    expect(await audit(home)).toEqual(
      refused(
        2,
        `${home} holds no transcript of claude-code, pi, opencode, codex: give a file or a folder that does`,
      ),
    );
  });

  it("where no agent has kept any", async () => {
    const { code, stderr } = await audit();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^keepwarm: no transcripts were found in .*\.claude\/projects, .*: give the path of some\n$/,
    );
  });

  it("where a path leads through a file", async () => {
    const path = join(writePi(join(home, "elsewhere"), session), "deeper");
    expect(await audit(path)).toEqual(
      refused(2, `there is nothing at ${path}: give a transcript, or a folder of them`),
    );
  });

  it("before it reads anything, where it could not write", async () => {
    const folder = join(home, "no", "such");
    expect(await audit("--html", join(folder, "page.html"))).toEqual(
      refused(2, `--html: there is no folder ${folder}: make it, or name another file`),
    );
    expect(await audit("--recordings", home)).toEqual(
      refused(2, `--recordings: ${home} is a folder: name a file in it`),
    );
  });

  it("about what was left out, beside the answer", async () => {
    const file = writeClaudeCode(join(home, ".claude"), session);
    const { appendFileSync } = await import("node:fs");
    appendFileSync(file, '{"type":"assistant","message":{"usage":{"inp');
    const { code, stderr } = await audit();
    expect([code, stderr]).toEqual([0, "keepwarm: 1 damaged or unfinished lines were left out\n"]);
  });
});
