import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { loadRepoMap, type RepoMap } from "../../src/fleet/index.ts";

it("a map of a repository has its tracked files, their sizes, and each exported name once", async () => {
  const repository = mkdtempSync(join(tmpdir(), "keepwarm-repository-"));
  onTestFinished(() => rmSync(repository, { recursive: true, force: true }));
  const git = (...args: string[]) => execFileSync("git", ["-C", repository, ...args], { encoding: "utf8" });
  const write = (path: string, content: string) => writeFileSync(join(repository, path), content);
  git("init", "-q", "-b", "main");
  mkdirSync(join(repository, "src"));
  write(
    "src/kind.ts",
    "export const Kind = { a: 1 } as const;\nexport type Kind = keyof typeof Kind;\nlet own = 1;\n",
  );
  write("src/page.tsx", "export const page = <p>It's a page</p>;\n");
  write("notes.md", "twelve bytes");
  git("add", ".");
  const by = ["-c", "user.name=a", "-c", "user.email=a@b"];
  git(...by, "commit", "-qm", "one");
  write("untracked.ts", "export const no = 1;");
  const order = { repository, branch: "main", type: "repo_map" };
  const { revision, content } = await loadRepoMap(order, { signal: AbortSignal.timeout(10_000) });
  const map = JSON.parse(content) as RepoMap;
  expect(revision).toBe(git("rev-parse", "HEAD").trim());
  expect(map.files.map(({ path }) => path)).toEqual(["notes.md", "src/kind.ts", "src/page.tsx"]);
  expect(map.files[0]).toEqual({ path: "notes.md", bytes: 12 });
  expect(map.files[1]?.exports).toEqual(["Kind"]);
  const missing = loadRepoMap({ ...order, branch: "--all" }, { signal: AbortSignal.timeout(10_000) });
  // In one line, and without the command.
  await expect(missing).rejects.toThrow(/^git says: [^\n]+$/);
});
