import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { placesOf } from "../../src/audit/places.ts";
import { aHome } from "./world.ts";

function pathsOf(env: Record<string, string>, home = "/h", agent?: string): string[] {
  return placesOf(env, home)
    .filter((place) => agent === undefined || place.agent === agent)
    .map(({ path }) => path);
}

describe("transcripts are looked for where each agent keeps them", () => {
  it("by itself", () => {
    expect(placesOf({}, "/h")).toEqual([
      { agent: "claude-code", path: "/h/.claude/projects" },
      { agent: "claude-code", path: "/h/.config/claude/projects" },
      { agent: "pi", path: "/h/.pi/agent/sessions" },
      { agent: "pi", path: "/h/.omp/agent/sessions" },
      { agent: "opencode", path: "/h/.local/share/opencode" },
      { agent: "codex", path: "/h/.codex/sessions" },
      { agent: "codex", path: "/h/.codex/archived_sessions" },
    ]);
  });

  it.each([
    ["CLAUDE_CONFIG_DIR", "/c", ["/c/projects"]],
    ["XDG_CONFIG_HOME", "/x", ["/x/claude/projects"]],
    ["PI_CODING_AGENT_DIR", "/p", ["/p/sessions"]],
    ["PI_CODING_AGENT_SESSION_DIR", "/s", ["/s", "/h/.pi/agent/sessions"]],
    ["PI_CONFIG_DIR", ".other", ["/h/.other/agent/sessions"]],
    ["XDG_DATA_HOME", "/d", ["/d/opencode", "/d/omp/sessions"]],
    ["OPENCODE_DB", "/db/mine.db", ["/db/mine.db", "/h/.local/share/opencode"]],
    ["OPENCODE_DB", "opencode-local.db", ["/h/.local/share/opencode/opencode-local.db"]],
    ["CODEX_HOME", "/x", ["/x/sessions", "/x/archived_sessions"]],
  ])("where %s says", (variable, value, paths) => {
    expect(pathsOf({ [variable]: value })).toEqual(expect.arrayContaining(paths));
  });

  it("and no longer where it was, where everything has moved", () => {
    expect(pathsOf({ CLAUDE_CONFIG_DIR: "/c" }, "/h", "claude-code")).toEqual(["/c/projects"]);
    expect(pathsOf({ CODEX_HOME: "/x" }, "/h", "codex").every((path) => path.startsWith("/x/"))).toBe(true);
  });

  it("takes a variable that is empty, or means no file, for none", () => {
    const empty = { CLAUDE_CONFIG_DIR: "", CODEX_HOME: "", OPENCODE_DB: "", XDG_DATA_HOME: "" };
    expect(placesOf(empty, "/h")).toEqual(placesOf({}, "/h"));
    expect(placesOf({ OPENCODE_DB: ":memory:" }, "/h")).toEqual(placesOf({}, "/h"));
  });

  it("in the folder that pi's settings name", () => {
    const home = aHome();
    const settings = join(home, ".pi/agent/settings.json");
    mkdirSync(join(home, ".pi/agent"), { recursive: true });
    writeFileSync(settings, '{"sessionDir":"~/talks"}');
    expect(pathsOf({}, home, "pi")).toContain(join(home, "talks"));
    writeFileSync(settings, '{"sessionDir":"of-the-project"');
    expect(pathsOf({}, home, "pi")).toEqual(pathsOf({}, "/h", "pi").map((path) => path.replace("/h", home)));
  });

  it("in each profile of oh-my-pi", () => {
    const home = aHome();
    mkdirSync(join(home, ".omp/profiles/work"), { recursive: true });
    mkdirSync(join(home, "data/omp/profiles/play"), { recursive: true });
    expect(pathsOf({ XDG_DATA_HOME: join(home, "data") }, home, "pi")).toEqual(
      expect.arrayContaining([
        join(home, ".omp/profiles/work/agent/sessions"),
        join(home, "data/omp/profiles/play/sessions"),
      ]),
    );
  });
});
