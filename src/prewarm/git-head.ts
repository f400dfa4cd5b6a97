/** What a repository's HEAD points at, without running git: a commit, or another branch, changes it. */
import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** Where a repository keeps its HEAD, and where its branches: not the same in a worktree. */
export interface GitFolders {
  readonly own: string;
  readonly common: string;
}

/** Of the repository that a folder lies in; null: in none. */
export async function gitFoldersOf(folder: string): Promise<GitFolders | null> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const git = join(at, ".git");
    const found = await stat(git).catch(() => null);
    if (found?.isDirectory()) return { own: git, common: git };
    if (found?.isFile()) {
      const own = resolve(at, (await text(git)).replace(/^gitdir:\s*/, ""));
      const common = await text(join(own, "commondir"));
      return { own, common: common === "" ? own : resolve(own, common) };
    }
    if (dirname(at) === at) return null;
  }
}

/** The commit, or whatever stands in its place; "" where there is none yet. */
export async function headOf(folders: GitFolders): Promise<string> {
  const head = await text(join(folders.own, "HEAD"));
  const ref = /^ref:\s*(\S+)$/.exec(head)?.[1];
  return ref === undefined ? head : refOf(folders, ref);
}

/** The commit of a branch, or of `HEAD`; null: it is not known here. */
export async function commitOf(repository: string, branch: string): Promise<string | null> {
  const folders = await gitFoldersOf(repository);
  if (folders === null) return null;
  const commit = await (branch === "HEAD" ? headOf(folders) : refOf(folders, `refs/heads/${branch}`));
  return commit === "" ? null : commit;
}

async function refOf({ common }: GitFolders, ref: string): Promise<string> {
  const loose = await text(join(common, ref));
  if (loose !== "") return loose;
  const packed = (await text(join(common, "packed-refs")))
    .split("\n")
    .find((line) => line.endsWith(` ${ref}`));
  return packed?.split(" ")[0] ?? "";
}

async function text(file: string): Promise<string> {
  return (await readFile(file, "utf8").catch(() => "")).trim();
}
