/** What catalogues are made of besides files: artifacts of repositories, put where an entry's texts name them. */
import { join, resolve } from "node:path";
import type { CatalogueEntry } from "./entry.ts";
import { gitFoldersOf } from "./git-head.ts";

/** What is to be made: of which repository and branch, and by which loader. */
export interface WantedArtifact {
  /** Absolute. */
  readonly repository: string;
  readonly branch: string;
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Gives its content. @throws a sentence for people */
export type ArtifactSource = (wanted: WantedArtifact) => Promise<string>;

/** By the names that the entry gives them. */
export type Artifacts = Readonly<Record<string, string>>;

const NAMED = /\{\{artifact:([\w-]+)\}\}/g;

function wantedBy(
  { artifacts }: CatalogueEntry,
  folder: string,
): readonly (readonly [string, WantedArtifact])[] {
  return Object.entries(artifacts).map(([name, { repository, ...wanted }]) => [
    name,
    { ...wanted, repository: resolve(folder, repository) },
  ]);
}

/** @throws a sentence for people */
export async function artifactsOf(
  entry: CatalogueEntry,
  folder: string,
  source: ArtifactSource | undefined,
): Promise<Artifacts> {
  const contents: Record<string, string> = {};
  for (const [name, wanted] of wantedBy(entry, folder)) {
    if (source === undefined)
      throw new Error(`it is made of the artifact ${name}, and nobody here makes artifacts`);
    contents[name] = await source(wanted);
  }
  return contents;
}

/** Each `{{artifact:name}}` in a request's texts gives way to the artifact. @throws a sentence for people */
export function withArtifacts<Value>(value: Value, artifacts: Artifacts): Value {
  const filled = (one: unknown): unknown => {
    if (typeof one === "string") return one.replace(NAMED, (_, name: string) => contentOf(name, artifacts));
    if (Array.isArray(one)) return one.map(filled);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, filled(inner)]));
  };
  return filled(value) as Value;
}

function contentOf(name: string, artifacts: Artifacts): string {
  const content = Object.hasOwn(artifacts, name) ? artifacts[name] : undefined;
  if (content !== undefined) return content;
  throw new Error(`its text names the artifact ${name}, which is not among its artifacts`);
}

/** Files of git that change whenever the artifacts' branches do. */
export async function branchFilesOf(entry: CatalogueEntry, folder: string): Promise<readonly string[]> {
  const files = new Set<string>();
  for (const [, { repository, branch }] of wantedBy(entry, folder)) {
    const git = await gitFoldersOf(repository);
    if (git === null) continue;
    if (branch === "HEAD") for (const file of ["HEAD", "logs/HEAD"]) files.add(join(git.own, file));
    else for (const file of ["refs/heads", "logs/refs/heads"]) files.add(join(git.common, file, branch));
  }
  return [...files];
}
