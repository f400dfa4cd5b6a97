import { PassThrough } from "node:stream";
import { WriteStream } from "node:tty";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { styled } from "../../src/cli/style.ts";
import { table } from "../../src/cli/table.ts";

const COLUMNS = [{ title: "name" }, { title: "tokens", align: "right" }, { title: "why" }] as const;

function withEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  const unset = { NO_COLOR: undefined, FORCE_COLOR: undefined, NODE_DISABLE_COLORS: undefined };
  for (const [name, value] of Object.entries({ ...unset, ...env })) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

function show(rows: Parameters<typeof table>[1], width?: number): string[] {
  withEnvironment({ NO_COLOR: "1" });
  return table(COLUMNS, rows, width).split("\n");
}

describe("a table", () => {
  it("aligns its columns, with nothing at the ends of its lines", () => {
    expect(
      show([
        ["ada", "50000", "idle"],
        ["grace", "7", ""],
      ]),
    ).toEqual(["name   tokens  why", "ada     50000  idle", "grace       7"]);
  });

  it("aligns by how wide text is shown", () => {
    expect(
      show([
        ["日本", "1", "x"],
        ["👩‍💻", "2", "x"],
        ["e\u0301a", "3", "x"],
      ]),
    ).toEqual(["name  tokens  why", "日本       1  x", "👩‍💻         2  x", "e\u0301a         3  x"]);
  });

  it("is cut to the width it has, the widest column first", () => {
    const rows = [["a-rather-long-name", "50000", "because the prefix has lapsed"]];
    expect(show(rows, 40)).toEqual([
      "name             tokens  why",
      "a-rather-long-…   50000  because the pr…",
    ]);
    expect(show(rows, 200)[1]).toContain("because the prefix has lapsed");
  });

  it("cuts between characters, and never a column that is to stay whole", () => {
    withEnvironment({ NO_COLOR: "1" });
    const cut = table(
      [{ title: "id", whole: true }, { title: "title" }],
      [["0123456789", "日本語の会話"]],
      19,
    );
    expect(cut.split("\n")[1]).toBe("0123456789  日本語…");
  });

  it("does without the columns that may be spared before others are cut to nothing", () => {
    withEnvironment({ NO_COLOR: "1" });
    const columns = [
      { title: "id", whole: true },
      { title: "x", spared: 1, whole: true },
      { title: "y", spared: 2, whole: true },
      { title: "z", spared: 1, whole: true },
      { title: "title", least: 8 },
    ] as const;
    const at = (width: number) =>
      table(columns, [["0123456789", "x-x-x", "y-y-y", "z-z-z", "a long title"]], width).split("\n")[1];
    expect(at(45)).toBe("0123456789  x-x-x  y-y-y  z-z-z  a long title");
    expect(at(41)).toBe("0123456789  x-x-x  y-y-y  z-z-z  a long …");
    expect(at(40)).toBe("0123456789  y-y-y  a long title");
    expect(at(26)).toBe("0123456789  a long title");
    expect(at(10)).toBe("0123456789  a long …");
  });

  it("takes away what a terminal would obey", () => {
    expect(show([["a\u001b[2Jb\u0007c\nd\u202ee", "1", "x"]])[1]).toBe("ab c d e       1  x");
  });
});

describe("colour", () => {
  function terminal(): NodeJS.WriteStream {
    const { getColorDepth, hasColors } = WriteStream.prototype;
    const stream = Object.assign(new PassThrough(), { isTTY: true, getColorDepth, hasColors });
    return stream as unknown as NodeJS.WriteStream;
  }

  it.each([
    ["a terminal", { TERM: "xterm-256color" }, true, true],
    ["a terminal with NO_COLOR", { TERM: "xterm-256color", NO_COLOR: "1" }, true, false],
    ["a terminal without colours", { TERM: "dumb" }, true, false],
    ["a pipe", { TERM: "xterm-256color" }, false, false],
    ["a pipe with FORCE_COLOR", { FORCE_COLOR: "1" }, false, true],
  ])("for %s", (_, env, isTerminal, coloured) => {
    withEnvironment({ CI: undefined, COLORTERM: undefined, TMUX: undefined, ...env });
    const stream = Object.assign(terminal(), { isTTY: isTerminal });
    expect(styled("green", "hit", stream)).toBe(coloured ? "\u001b[32mhit\u001b[39m" : "hit");
  });
});
