import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { syntheticRecordings } from "../../src/lab/index.ts";
import { keepwarm } from "../support/keepwarm-command.ts";

const STOPS = { end_turn: "e", tool_use: "t", question: "q", other: "?" } as const;

/** A folder with recordings as the lab reads them. */
function aFile(name = "gaps.jsonl", people = 5): { readonly folder: string; readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), "keepwarm-lab-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines = syntheticRecordings({ people, conversations: 4 }).map(({ id, person, calls }) =>
    JSON.stringify({
      session: id,
      user: person,
      calls: calls.map((call) => [
        call.startedAt,
        call.endedAt,
        call.model,
        10,
        call.contextTokens - 10,
        0,
        0,
        call.outputTokens,
        0,
        STOPS[call.stop],
      ]),
    }),
  );
  const text = `${lines.join("\n")}\n`;
  const file = join(folder, name);
  writeFileSync(file, name.endsWith(".gz") ? gzipSync(text) : text);
  return { folder, file };
}

describe("keepwarm lab", () => {
  it("prints nothing but the figures as JSON", async () => {
    const { file } = aFile("gaps.jsonl.gz");
    const { code, stdout, stderr } = await keepwarm(["lab", file, "--read", "0.05", "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const printed = JSON.parse(stdout);
    expect(Object.keys(printed)).toEqual(["dataset", "setting", "arms"]);
    expect(printed.dataset).toMatchObject({ file: "gaps.jsonl.gz", people: 5 });
    expect(printed.setting).toMatchObject({ read: 0.05, tiers: ["5m", "1h"] });
    const interval = { value: expect.any(Number), low: expect.any(Number), high: expect.any(Number) };
    for (const arm of printed.arms) {
      expect(arm).toEqual({
        name: expect.any(String),
        tier: expect.stringMatching(/^(5m|1h|auto)$/),
        warms: expect.any(Number),
        rescues: expect.any(Number),
        late: expect.any(Number),
        spentUsd: expect.any(Number),
        savedUsd: expect.any(Number),
        netUsd: expect.any(Number),
        billChange: { open: expect.any(Number), closed: expect.any(Number) },
        shareOfClairvoyant: { open: interval, closed: interval },
      });
    }
    const names = printed.arms.map(({ name, tier }: { name: string; tier: string }) => `${name} ${tier}`);
    expect(names).toEqual(
      expect.arrayContaining([
        "adaptive 5m",
        "adaptive 1h",
        "clairvoyant 5m",
        "auto auto",
        "1h alone 1h",
        "fixed-12 5m",
      ]),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("shows people a table, and what its columns mean", async () => {
    const { file } = aFile();
    const { stdout } = await keepwarm(["lab", file, "--arms", "adaptive,1h-alone,auto", "--people"]);
    expect(stdout).toMatch(/Arm +Tier +Bill open/);
    expect(stdout).toMatch(/^adaptive +5m /m);
    expect(stdout).toMatch(/^1h alone +1h /m);
    expect(stdout).toMatch(/^person-1 /m);
    expect(stdout).toContain("Open: a conversation's last");
  });

  it("tells nothing over people of one person", async () => {
    const { file } = aFile("gaps.jsonl", 1);
    const { stdout } = await keepwarm(["lab", file, "--arms", "adaptive,fixed-12", "--tier", "5m"]);
    expect(stdout).toMatch(/^\d+ conversations? of 1 person, \d+ calls; /);
    expect(stdout).toMatch(/^adaptive +5m +(.+ %) +(.+ %) +\S+ +— +\S+ +— /m);
  });

  it("writes a bill that grew with its sign, and leaves out what chooses another tier than the one asked for", async () => {
    const { file } = aFile();
    const { stdout } = await keepwarm(["lab", file, "--tier", "5m"]);
    expect(stdout).toMatch(/^always-24h +5m +\+\d/m);
    expect(stdout).not.toMatch(/^(auto|1h alone) /m);
  });

  it("names a file that is not there once", async () => {
    expect(await keepwarm(["lab", "/nope.jsonl"])).toMatchObject({
      code: 1,
      stderr: "keepwarm: /nope.jsonl cannot be read: ENOENT: no such file or directory\n",
    });
  });

  it("tells each person's bill as well when asked, after the figures", async () => {
    const { file } = aFile();
    const { stdout } = await keepwarm(["lab", file, "--arms", "auto,adaptive", "--people", "--json"]);
    const printed = JSON.parse(stdout);
    expect(Object.keys(printed)).toEqual(["dataset", "setting", "arms", "people"]);
    expect(printed.people).toHaveLength(5);
    const [first] = printed.people;
    expect(first).toEqual({
      person: expect.stringMatching(/^person-/),
      conversations: expect.any(Number),
      neverUsd: expect.any(Number),
      arms: ["5m", "1h", "auto"].map((tier) => ({
        name: tier === "auto" ? "auto" : "adaptive",
        tier,
        billChange: { open: expect.any(Number), closed: expect.any(Number) },
      })),
    });
    const bill = (of: (person: typeof first) => number) =>
      printed.people.reduce((sum: number, person: typeof first) => sum + of(person), 0);
    const auto = printed.arms.find(({ name }: { name: string }) => name === "auto");
    const change = bill(({ neverUsd, arms }) => neverUsd * arms[2].billChange.open) / bill((p) => p.neverUsd);
    expect(change).toBeCloseTo(auto.billChange.open, 4);
  });

  it("writes decisions that anyone can score", async () => {
    const { folder, file } = aFile();
    const out = join(folder, "out.jsonl");
    await keepwarm(["lab", file, "--tier", "5m", "--arms", "adaptive", "--json", "--decisions", out]);
    const lines = readFileSync(out, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(Object.keys(lines[0])).toEqual(["arm", "tier", "count", "session", "call", "warmsAtSec"]);
    expect(lines.some(({ warmsAtSec }) => warmsAtSec.length > 0)).toBe(true);
    expect(new Set(lines.map(({ count }) => count))).toEqual(new Set(["open", "closed"]));
  });

  it("writes the prior that a file gives, the same each time", async () => {
    const { folder, file } = aFile();
    const [first, second] = [join(folder, "a.json"), join(folder, "b.json")];
    const { code, stderr } = await keepwarm(["lab", file, "--fit", first]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `keepwarm: fitted to 5 people; written to ${first}\n`,
    });
    await keepwarm(["lab", file, "--fit", second]);
    expect(readFileSync(first, "utf8")).toBe(readFileSync(second, "utf8"));
    expect(Object.keys(JSON.parse(readFileSync(first, "utf8")))).toEqual([
      "fittedTo",
      "returned",
      "strength",
      "tiers",
      "ended",
    ]);
  });

  it.each([
    [["--read", "0"], '--read must be a number above 0, 1 at most, not "0".'],
    [["--read", "x"], '--read must be a number above 0, 1 at most, not "x".'],
    [["--tier", "2h"], '--tier must be 5m, 1h or recorded, not "2h".'],
    [["--arms", "nobody"], '--arms: there is no arm "nobody"; there are never, fixed-1'],
    [["--read", "-0.1"], '--read must be a number above 0, 1 at most, not "-0.1".'],
    [["--arms", ""], '--arms: there is no arm ""; there are never, fixed-1'],
    [["--prior", "mine"], '--prior must be auto, left-out or shipped, not "mine".'],
  ])("says what is wrong with %j", async (args, sentence) => {
    const { file } = aFile();
    const { code, stdout, stderr } = await keepwarm(["lab", file, ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr).toMatch(/^keepwarm: /);
  });

  it.each([
    ["not there", null, /cannot be read: ENOENT/],
    ["empty", "", /holds no conversation/],
    ["not JSON", "{\n", /:1 is not JSON/],
    ["something else", '{"a":1}\n', /:1 is no recorded conversation: session: /],
    [
      "half a call",
      '{"session":"s","user":"u","calls":[[1,2]]}\n',
      /:1 is no recorded conversation: calls\.0/,
    ],
  ])("says what is wrong with a file that is %s", async (_, text, sentence) => {
    const { folder } = aFile();
    const file = join(folder, "bad.jsonl");
    if (text !== null) writeFileSync(file, text);
    const { code, stdout, stderr } = await keepwarm(["lab", file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^keepwarm: /);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain("    at ");
  });

  it("says so when a .gz file is not gzipped", async () => {
    const { folder } = aFile();
    const file = join(folder, "bad.jsonl.gz");
    writeFileSync(file, "{}");
    const { code, stderr } = await keepwarm(["lab", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^keepwarm: .*bad\.jsonl\.gz cannot be read: incorrect header check/);
  });
});
