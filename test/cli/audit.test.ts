import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { troubles } from "../../src/cli/audit-sources.ts";
import { NO_CALLS } from "../../src/cli/audit-text.ts";
import { GAPS_KEY, GapHistory, POLICY_NAMESPACE } from "../../src/policy/index.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";
import { writeClaudeCode } from "../audit/written/claude-code.ts";
import { writeCodex } from "../audit/written/codex.ts";
import { exchange, type Session } from "../audit/written/exchange.ts";
import { writeOpenCodeDatabase, writeOpenCodeStorage } from "../audit/written/opencode.ts";
import { writePi } from "../audit/written/pi.ts";
import { keepwarm } from "../support/keepwarm-command.ts";

const LEARNED =
  "keepwarm: auto has learned from 2 pauses when you come back; keepwarm forget --pauses undoes it\n";
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
    expect([code, stderr]).toEqual([0, LEARNED.replace("2", "8")]);
    expect(stdout).toMatch(/^2026-01-05: idling cost \$/);
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
    expect(stdout).toBe(`${NO_CALLS}\n`);
  });

  it("writes calls that keepwarm lab replays", async () => {
    writeClaudeCode(join(home, ".claude"), session);
    const file = join(home, "calls.jsonl");
    expect((await audit("--recordings", file, "--no-seed")).stderr).toBe(
      `keepwarm: the calls are in ${file}; keepwarm lab ${file} replays them\n`,
    );
    const lab = await keepwarm(["lab", file, "--arms", "never", "--json"], nowhere());
    expect(JSON.parse(lab.stdout).dataset).toMatchObject({ conversations: 1, calls: 5 });
  });

  it("prices models by a person's own file of prices", async () => {
    const exchanges = session.exchanges.map((one) => ({ ...one, model: "gpt-5.5" }));
    writeCodex(join(home, ".codex"), { ...session, exchanges });
    expect((await audit("--no-seed")).stdout).toContain("5 of them have no known price (gpt-5.5)");
    const rates = { input: 2, cacheWrite5m: 2.5, cacheWrite1h: 4, cacheRead: 0.2, output: 8 };
    const file = join(home, "prices.json");
    writeFileSync(file, JSON.stringify({ models: { "gpt-5.5": { rates, minimumCacheableTokens: 1024 } } }));
    expect((await audit("--no-seed", "--prices", file)).stdout).toMatch(/idling cost \$0\.10, 77\.6 %/);
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

describe("keepwarm audit teaches auto how the person pauses", () => {
  async function learned(): Promise<string | null> {
    const database = openSqliteStorage({ file: join(home, "state", "keepwarm.sqlite") });
    try {
      return await database.namespace(POLICY_NAMESPACE).get(GAPS_KEY);
    } finally {
      database.close();
    }
  }
  const counted = async () =>
    GapHistory.parse(await learned())
      .summary()
      .end_turn.returned.map(Math.round);

  it("from the agents' own transcripts, the same however often it is done", async () => {
    writeClaudeCode(join(home, ".claude"), session);
    expect((await audit()).stderr).toBe(LEARNED);
    const once = await learned();
    expect(await counted()).toEqual([2, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
    await audit("--json");
    await audit("--seed", "--since", "20000d");
    expect(await learned()).toBe(once);
  });

  it("beside what it has learned already, of which nothing is lost", async () => {
    const database = openSqliteStorage({ file: join(home, "state", "keepwarm.sqlite") });
    const known = new GapHistory();
    for (const minutes of [9, 9, 9, 30]) known.returned("end_turn", minutes * MINUTE);
    await database.namespace(POLICY_NAMESPACE).set(GAPS_KEY, known.toString());
    database.close();
    writeClaudeCode(join(home, ".claude"), session);
    await audit();
    expect(await counted()).toEqual([2, 0, 0, 3, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
  });

  it("not from what may be somebody else's, and not where it is told not to", async () => {
    const file = writeClaudeCode(join(home, ".claude"), session);
    expect((await audit(file)).stderr).toBe("");
    expect((await audit("--no-seed")).stderr).toBe("");
    expect(existsSync(join(home, "state"))).toBe(false);
    expect((await audit(file, "--seed")).stderr).toBe(LEARNED);
  });

  it("and says what is wrong where that cannot be stored, but fails only where it was asked for", async () => {
    writeClaudeCode(join(home, ".claude"), session);
    mkdirSync(join(home, "state", "keepwarm.sqlite"), { recursive: true });
    const unasked = await audit();
    expect([unasked.code, unasked.stdout === ""]).toEqual([0, false]);
    expect(unasked.stderr).toMatch(/^keepwarm: what auto could have learned was not stored: .+\n$/);
    const asked = await audit("--seed");
    expect([asked.code, asked.stdout]).toEqual([1, ""]);
    expect(asked.stderr).toMatch(/^keepwarm: [^\n]+\n$/);
  });

  it("until it is told to forget that, with no gateway as well", async () => {
    writeClaudeCode(join(home, ".claude"), session);
    const forget = () => keepwarm(["forget", "--pauses"], nowhere());
    expect((await forget()).code).toBe(0);
    expect(existsSync(join(home, "state"))).toBe(false);
    await audit();
    expect(await forget()).toEqual({
      code: 0,
      stdout: "What was learned of your pauses is forgotten.\n",
      stderr: "",
    });
    expect(await learned()).toBeNull();
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
    const none = (path: string) =>
      refused(
        2,
        `${path} holds no transcript of claude-code, pi, opencode, codex: give a file or a folder that does`,
      );
    expect(await audit(home)).toEqual(none(home));
    for (const [name, content] of [
      ["empty.jsonl", ""],
      ["notes.md", "# Notes"],
      ["other.jsonl", '{"hello":"world"}\n'],
      ["nothing.db", "SQLite format 3\0"],
    ] as const) {
      writeFileSync(join(home, name), content);
      expect(await audit(join(home, name))).toEqual(none(join(home, name)));
    }
  });

  it("where no agent has kept any", async () => {
    const { code, stderr } = await audit();
    expect(code).toBe(1);
    expect(stderr).toBe(
      [
        "no transcripts were found. These places were looked at:",
        "  ~/.claude/projects",
        "  ~/.config/claude/projects",
        "  ~/.pi/agent/sessions",
        "  ~/.omp/agent/sessions",
        "  ~/.local/share/opencode",
        "  ~/.codex/sessions",
        "  ~/.codex/archived_sessions",
        "If yours are elsewhere, name the folder: keepwarm audit <folder>",
      ]
        .map((line) => `keepwarm: ${line}\n`)
        .join(""),
    );
  });

  it("where there are only another agent's", async () => {
    const file = writePi(join(home, "elsewhere"), session);
    expect(await audit(file, "--agent", "codex")).toEqual(
      refused(2, `${file}: no transcript of codex is there, only of pi`),
    );
  });

  it("where a link leads round in a circle", async () => {
    const path = join(home, "round");
    symlinkSync(path, path);
    expect(await audit(path)).toEqual(
      refused(2, `${path} is a link that leads back to itself: give another path`),
    );
  });

  it("where what it is to write would replace a transcript", async () => {
    const file = writeClaudeCode(join(home, ".claude"), session);
    const content = readFileSync(file, "utf8");
    symlinkSync(file, join(home, "link"));
    for (const [flag, path] of [
      ["--recordings", file],
      ["--html", join(home, "link")],
    ] as const) {
      expect(await audit(flag, path)).toEqual(
        refused(2, `${flag}: ${path} is a transcript, and would be written over: name another file`),
      );
    }
    expect(readFileSync(file, "utf8")).toBe(content);
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

  it("about files that are named as transcripts are and hold none", async () => {
    const folder = join(home, "kept");
    writeClaudeCode(folder, session);
    for (const name of ["broken.jsonl", "notes.jsonl"]) writeFileSync(join(folder, name), "{not json\n");
    writeFileSync(join(folder, "empty.jsonl"), "");
    writeFileSync(join(folder, "package.json"), "{}");
    const { code, stderr } = await audit(folder);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^keepwarm: ~\/kept\/(broken|notes)\.jsonl is no transcript that keepwarm understands: left out, and so 1 more\n$/m,
    );
  });

  it("about what was left out, beside the answer", async () => {
    const file = writeClaudeCode(join(home, ".claude"), session);
    appendFileSync(file, '{"type":"assistant","message":{"usage":{"inp');
    const round = join(home, ".claude/projects/round.jsonl");
    symlinkSync(round, round);
    const { code, stderr } = await audit("--no-seed");
    expect([code, stderr]).toEqual([
      0,
      [
        "keepwarm: ~/.claude/projects/round.jsonl is a link that leads back to itself: left out\n",
        "keepwarm: 1 damaged or unfinished line was left out\n",
      ].join(""),
    ]);
  });

  it("of files in the words that suit each reason, the first by its name", () => {
    const of = (...codes: string[]) =>
      troubles(
        { brokenLines: 0, longLines: 0 },
        codes.map((code, index) => ({ path: `/f${index}`, code })),
      );
    expect(of("EACCES")).toEqual(["/f0 may not be read: left out"]);
    expect(of("EIO", "EACCES", "EACCES")).toEqual(["/f0 cannot be read (EIO): left out, and so 2 more"]);
    expect(of("ERR_SQLITE_ERROR")).toEqual(["/f0 is no database that keepwarm can read: left out"]);
    expect(troubles({ brokenLines: 1_200, longLines: 1 }, [])).toEqual([
      "1,200 damaged or unfinished lines were left out",
      "1 line was left out that is longer than any call",
    ]);
  });
});
