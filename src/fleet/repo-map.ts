/** The built-in artifact: what a repository has, as shared context for prompts. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ArtifactLoader } from "./loaders.ts";

export interface RepoMap {
  readonly repository: string;
  readonly branch: string;
  readonly commit: string;
  readonly files: readonly MappedFile[];
}

export interface MappedFile {
  readonly path: string;
  readonly bytes: number;
  /** What it exports, where that can be read: of JavaScript and TypeScript modules. */
  readonly exports?: readonly string[];
}

const run = promisify(execFile);

const MODULE = /\.[cm]?[jt]sx?$/;

/** A larger one was made by a program, in bytes. */
const MOST_BYTES = 1_000_000;

const MOST_OUTPUT_BYTES = 512 * 1024 * 1024;

/** `repository` is the path of a clone; `parameters.path` limits it to what lies below. */
export const loadRepoMap: ArtifactLoader = async ({ repository, branch, parameters = {} }, { signal }) => {
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await run("git", ["-C", repository, ...args], {
      maxBuffer: MOST_OUTPUT_BYTES,
      signal,
    }).catch((error: unknown) => {
      throw signal.aborted ? error : new Error(gitText(error), { cause: error });
    });
    return stdout;
  };
  // Names that begin with a dash would be options.
  const commit = (await git("rev-parse", "--verify", "--end-of-options", `${branch}^{commit}`)).trim();
  const below = parameters.path === undefined ? [] : [parameters.path];
  const listing = await git("ls-tree", "-r", "-l", "-z", commit, "--", ...below);
  const files: MappedFile[] = [];
  for (const line of listing.split("\0")) {
    const found = /^\d+ blob \w+ +(\d+)\t(.+)$/s.exec(line);
    if (found === null) continue;
    const [, size = "0", path = ""] = found;
    const bytes = Number(size);
    const isRead = MODULE.test(path) && bytes <= MOST_BYTES;
    const exports = isRead ? await exportsOf(await git("show", `${commit}:${path}`), path) : null;
    files.push({ path, bytes, ...(exports === null ? {} : { exports }) });
  }
  const map: RepoMap = { repository, branch, commit, files };
  return { revision: commit, content: JSON.stringify(map) };
};

/** Null: it is no module that can be read, as those with JSX are not. */
async function exportsOf(source: string, path: string): Promise<readonly string[] | null> {
  const { init, parse } = await import("es-module-lexer");
  await init;
  try {
    const [, exported] = parse(source, path);
    // A type and a value may share a name.
    return [...new Set(exported.flatMap((one) => (one.type === "reexport-all" ? [] : [one.name])))];
  } catch {
    return null;
  }
}

/** What git itself says, without the command: in one line, since it stands in tables and logs. */
function gitText(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  const said = (stderr || message).trim().replace(/^fatal: /, "");
  return `git says: ${said.replaceAll(/\s*\n\s*/g, "; ")}`;
}
