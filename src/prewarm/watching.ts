/** Tells when files or a repository's HEAD have changed: once, however often the system says so. */
import { createHash } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Timers } from "../host.ts";
import { type GitFolders, gitFoldersOf, headOf } from "./git-head.ts";

export interface Watched {
  readonly name: string;
  /** Absolute. */
  readonly files: readonly string[];
  /** A folder that files come and go in; its own are to be among the files. @default none */
  readonly folder?: string;
  /** A folder whose repository's HEAD counts too; null: none does. */
  readonly repositoryOf: string | null;
}

export interface WatchingDeps {
  readonly timers: Timers;
  /** Told the names of what has changed, once it has been quiet for a moment. */
  changed(names: readonly string[]): void;
}

/** An editor writes a file in several steps, git several files. In ms. */
const QUIET_MS = 300;

/** Resolves once it watches. What it resolves with ends it. */
export async function watchFor(
  all: readonly Watched[],
  { timers, changed }: WatchingDeps,
): Promise<() => void> {
  const repositories = new Map<string, GitFolders | null>();
  for (const { repositoryOf } of all) {
    if (repositoryOf !== null && !repositories.has(repositoryOf))
      repositories.set(repositoryOf, await gitFoldersOf(repositoryOf));
  }
  const watchers: FSWatcher[] = [];
  let timer: number | null = null;
  let ended = false;
  let before = await prints();
  let looking = Promise.resolve();

  async function prints(): Promise<ReadonlyMap<string, string>> {
    const read = new Map<string, Promise<string>>();
    const once = (key: string, make: () => Promise<string>) => {
      const known = read.get(key) ?? make();
      read.set(key, known);
      return known;
    };
    return new Map(
      await Promise.all(
        all.map(async ({ name, files, repositoryOf }): Promise<[string, string]> => {
          const git = repositoryOf === null ? null : (repositories.get(repositoryOf) ?? null);
          const head = git === null ? "" : await once(git.own, () => headOf(git));
          const parts = await Promise.all(files.map((file) => once(file, () => contentOf(file))));
          return [name, [head, ...parts].join(" ")];
        }),
      ),
    );
  }

  async function look(): Promise<void> {
    const after = await prints();
    const names = all.map(({ name }) => name).filter((name) => after.get(name) !== before.get(name));
    before = after;
    if (!ended && names.length > 0) changed(names);
  }

  function stirred(): void {
    if (ended) return;
    if (timer !== null) timers.clearTimer(timer);
    timer = timers.setTimer(() => {
      timer = null;
      looking = looking.then(look, look).catch(() => {});
    }, QUIET_MS);
  }

  // Folders and not files: an editor puts another file in the place of the one it edits.
  const folders = new Set(all.flatMap(({ files }) => files.map((file) => dirname(file))));
  for (const { folder } of all) if (folder !== undefined) folders.add(folder);
  for (const git of repositories.values()) {
    if (git !== null) for (const folder of [git.own, join(git.own, "logs"), git.common]) folders.add(folder);
  }
  for (const folder of folders) {
    try {
      const watcher = watch(folder, { persistent: false }, stirred);
      // A folder that goes away says so; what was in it has changed.
      watcher.on("error", stirred);
      watchers.push(watcher);
    } catch {
      // There is no such folder: nothing in it can be watched.
    }
  }

  return () => {
    ended = true;
    if (timer !== null) timers.clearTimer(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** Of a folder, what is in it. */
async function contentOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch(async () => {
    const names = await readdir(file).catch(() => null);
    return names === null ? null : names.toSorted().join("/");
  });
  return bytes === null ? "-" : createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
}
