/** Installs keepwarm in a program, and takes it out again. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type ConfigText, readConfig, refuseReadOnly, writeConfig } from "./config-file.ts";
import { type ConfigEdit, type HostPlugin, type Installation, InstallError } from "./host-plugin.ts";
import { type Change, type Edit, parseSettings, withEdit, withoutEdit } from "./json-text.ts";
import { valueAt } from "./json-value.ts";
import { placedVersion, placeFiles, pluginDirectory, removeFiles } from "./plugin-files.ts";
import { type FileReceipt, type Receipt, readReceipt, removeReceipt, writeReceipt } from "./receipt.ts";

export interface InstallOptions {
  readonly plugin: HostPlugin;
  readonly env: Installation["env"];
  /** keepwarm's state directory. */
  readonly stateDirectory: string;
  /** keepwarm's version. */
  readonly version: string;
  /** The program's version; null when it did not say. */
  readonly hostVersion: string | null;
  /** The plugin's built files. Needed only to install. */
  readonly files?: string;
  /** Tells what would be done, and does nothing. @default false */
  readonly dryRun?: boolean;
}

/** What becomes of one settings file; null: it is not there. */
export interface FileChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface Done {
  /** Files whose text changes. */
  readonly files: readonly FileChange[];
  /** Where the plugin's files are put, or were; null where they stay as they are. */
  readonly directory: string | null;
  /** What a person should know of the entries, as sentences. */
  readonly notes: readonly string[];
}

/** A file that is about to be replaced. */
interface Planned {
  readonly before: ConfigText | null;
  readonly after: ConfigText | null;
  readonly receipt: FileReceipt;
  readonly notes?: readonly string[];
}

/**
 * Puts the plugin's files and its entries in place; what is there already stays as it is.
 *
 * @throws {InstallError} before anything was changed, or with all of it taken back
 */
export async function install(options: InstallOptions): Promise<Done> {
  const { plugin, env, stateDirectory, version, hostVersion, files, dryRun = false } = options;
  const directory = pluginDirectory(stateDirectory, plugin.id);
  const edits = await plugin.edits({ env, directory, version: hostVersion });
  const earlier = readReceipt(stateDirectory, plugin.id)?.files ?? [];
  const planned = byFile(edits).map(([path, ofFile]) =>
    planInstall(
      path,
      ofFile,
      earlier.find((known) => known.path === path),
    ),
  );
  const areFilesNew = files !== undefined && placedVersion(directory) !== version;
  const done = doneOf(planned, areFilesNew ? directory : null);
  if (dryRun) return done;
  if (files !== undefined) placeFiles(files, directory, version);
  const others = earlier.filter(({ path }) => planned.every(({ receipt }) => receipt.path !== path));
  const receipt: Receipt = { version, files: [...others, ...planned.map((one) => one.receipt)] };
  // Before the entries, so that whatever stops us here can be taken back.
  writeReceipt(stateDirectory, plugin.id, receipt);
  replaceAll(planned);
  return done;
}

/**
 * Takes out what {@link install} put in, and nothing else.
 *
 * @throws {InstallError} when a file cannot be read or written; the others are as they were
 */
export async function uninstall(options: InstallOptions): Promise<Done> {
  const { plugin, env, stateDirectory, hostVersion, dryRun = false } = options;
  const directory = pluginDirectory(stateDirectory, plugin.id);
  const receipt = readReceipt(stateDirectory, plugin.id);
  const files = receipt?.files ?? (await assumedFiles({ plugin, env, directory, version: hostVersion }));
  const planned = files.map(planUninstall);
  const done = doneOf(planned, existsSync(directory) ? directory : null);
  if (dryRun) return done;
  replaceAll(planned);
  for (const { folders } of files) for (const folder of folders.toReversed()) removeIfEmpty(folder);
  removeFiles(directory);
  removeReceipt(stateDirectory, plugin.id);
  return done;
}

function byFile(edits: readonly ConfigEdit[]): (readonly [string, readonly ConfigEdit[]])[] {
  return [...Map.groupBy(edits, ({ file }) => file)];
}

function planInstall(path: string, edits: readonly ConfigEdit[], earlier: FileReceipt | undefined): Planned {
  const before = readConfig(path);
  const isBlank = before === null || before.text.trim() === "";
  const eol = before?.text.includes("\r\n") ? "\r\n" : "\n";
  let text = isBlank ? `{}${eol}` : before.text;
  const isWanted = ({ edit }: Change) => edits.some((one) => isSameEdit(one, edit));
  // What an older version needed, and this one does not.
  const outdated = earlier?.changes.filter((change) => !isWanted(change)) ?? [];
  for (const change of outdated.toReversed()) text = withoutEdit(text, change.edit, change, path);
  const changes: Change[] = [];
  for (const { kind, path: place, value } of edits) {
    const edited = withEdit(text, { kind, path: place, value }, path);
    if (edited === null) continue;
    text = edited.text;
    changes.push(edited.change);
  }
  const folders = before === null ? missingFolders(path) : [];
  const isChanged = changes.length > 0 || (before !== null && !isBlank && text !== before.text);
  if (isChanged) refuseReadOnly(path);
  return {
    before,
    after: isChanged ? { text, hasMark: before?.hasMark ?? false } : before,
    receipt: {
      path,
      ...blankOf(earlier, isBlank ? (before?.text ?? null) : undefined),
      folders: earlier?.folders ?? folders,
      changes: [...(earlier?.changes.filter(isWanted) ?? []), ...changes],
    },
    notes: edits.flatMap((edit) => noteOf(edit, text, path)),
  };
}

function noteOf(edit: ConfigEdit, text: string, file: string): string[] {
  if (edit.kind !== "set-if-missing" || edit.told === undefined) return [];
  const there = valueAt(parseSettings(text, file), edit.path);
  return [isDeepStrictEqual(there, edit.value) ? edit.told.ours : edit.told.theirs];
}

function isSameEdit(a: Edit, b: Edit): boolean {
  return a.kind === b.kind && isDeepStrictEqual([a.path, a.value], [b.path, b.value]);
}

/** What an earlier installation found holds, unless its file has gone since. */
function blankOf(
  earlier: FileReceipt | undefined,
  found: string | null | undefined,
): Pick<FileReceipt, "blank"> {
  const blank = earlier === undefined ? found : earlier.blank;
  return blank === undefined ? {} : { blank };
}

function planUninstall(receipt: FileReceipt): Planned {
  const { path, changes } = receipt;
  const before = readConfig(path);
  if (before === null || before.text.trim() === "") return { before, after: before, receipt };
  let text = before.text;
  // In reverse, because each one's place is known in the text that it left.
  for (const change of changes.toReversed()) text = withoutEdit(text, change.edit, change, path);
  if (text !== before.text) refuseReadOnly(path);
  return { before, after: emptied(text, before, receipt), receipt };
}

/** What had nothing in it but ours is as it was: blank, or not there. */
function emptied(text: string, before: ConfigText, { path, blank }: FileReceipt): ConfigText | null {
  const isEmpty = Object.keys(Object(parseSettings(text, path))).length === 0;
  if (blank === undefined || text === before.text || !isEmpty || /[^\s{}]/.test(text))
    return { ...before, text };
  return blank === null ? null : { ...before, text: blank };
}

/** Without a receipt: our entries, wherever they are. */
async function assumedFiles({
  plugin,
  ...installation
}: Installation & { readonly plugin: HostPlugin }): Promise<FileReceipt[]> {
  const edits = await plugin.edits(installation);
  return byFile(edits).map(([path, ofFile]) => ({
    path,
    folders: [],
    changes: ofFile.map(({ kind, path: place, value }) => ({
      edit: { kind, path: [...place], value },
      offset: 0,
      removed: "",
      inserted: "",
      depth: place.length,
    })),
  }));
}

/** All of them, or none. */
function replaceAll(planned: readonly Planned[]): void {
  const replaced: Planned[] = [];
  try {
    for (const one of planned) {
      if (one.after === one.before || one.after?.text === one.before?.text) continue;
      replace(one);
      replaced.push(one);
    }
  } catch (error) {
    for (const { before, after, receipt } of replaced.toReversed()) {
      replace({ before: after, after: before, receipt });
    }
    throw error;
  }
}

function replace({ before, after, receipt: { path } }: Planned): void {
  if (after === null) {
    rmSync(path, { force: true });
    return;
  }
  if (before === null) makeFolders(path);
  writeConfig(path, after, before);
}

function makeFolders(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new InstallError(`the folder of ${path} could not be made: ${(error as Error).message}`);
  }
}

/** The folders above a file that are not there, the outermost first. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (
    let folder = dirname(path);
    !existsSync(folder) && folder !== dirname(folder);
    folder = dirname(folder)
  ) {
    missing.unshift(folder);
  }
  return missing;
}

function removeIfEmpty(folder: string): void {
  try {
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  } catch {
    // Gone already, or not ours to remove.
  }
}

function doneOf(planned: readonly Planned[], directory: string | null): Done {
  const files = planned
    .map(({ before, after, receipt }) => ({
      path: receipt.path,
      before: before?.text ?? null,
      after: after?.text ?? null,
    }))
    .filter(({ before, after }) => before !== after);
  return { files, directory, notes: planned.flatMap(({ notes = [] }) => notes) };
}
