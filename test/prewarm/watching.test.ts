import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gitFoldersOf, headOf } from "../../src/prewarm/git-head.ts";
import { aStateDirectory } from "../support/control-under-test.ts";

const git = (folder: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], {
    cwd: folder,
    encoding: "utf8",
  }).trim();

describe("a repository's HEAD", () => {
  function repository() {
    const folder = aStateDirectory();
    git(folder, "init", "-q", "-b", "feature/long/name");
    git(folder, "commit", "-q", "--allow-empty", "-m", "one");
    return folder;
  }

  async function told(folder: string) {
    const folders = await gitFoldersOf(folder);
    return folders && headOf(folders);
  }

  it("is what git says: loose, packed, detached, from a folder inside, and in a worktree", async () => {
    const folder = repository();
    expect(await told(folder)).toBe(git(folder, "rev-parse", "HEAD"));
    mkdirSync(join(folder, "deep", "down"), { recursive: true });
    expect(await told(join(folder, "deep", "down"))).toBe(git(folder, "rev-parse", "HEAD"));
    git(folder, "pack-refs", "--all");
    expect(await told(folder)).toBe(git(folder, "rev-parse", "HEAD"));
    const tree = join(aStateDirectory(), "tree");
    git(folder, "worktree", "add", "-q", "-b", "other", tree);
    git(tree, "commit", "-q", "--allow-empty", "-m", "two");
    expect(await told(tree)).toBe(git(tree, "rev-parse", "HEAD"));
    expect(await told(tree)).not.toBe(await told(folder));
    git(tree, "checkout", "-q", "--detach");
    expect(await told(tree)).toBe(git(tree, "rev-parse", "HEAD"));
  });

  it("is none outside of a repository, and empty before its first commit", async () => {
    const folder = aStateDirectory();
    expect(await told(folder)).toBe(null);
    git(folder, "init", "-q");
    writeFileSync(join(folder, "notes.md"), "");
    expect(await told(folder)).toBe("");
  });
});
