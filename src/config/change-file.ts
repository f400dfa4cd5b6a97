/** Changing the config file: the keys around stay as they are, and nobody ever reads half a file. */
import { realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { applyEdits, modify } from "jsonc-parser";
import { makeFolder } from "../storage/index.ts";
import { ConfigError } from "./config-error.ts";
import { configFileWith, openConfigFile } from "./config-file.ts";
import type { Environment } from "./config-path.ts";
import { configOf } from "./in-force.ts";
import { didYouMean } from "./nearest.ts";
import { isSettingName, SETTING_NAMES, SETTINGS, type SettingName } from "./settings.ts";

export interface FileChange {
  readonly path: string;
  /** False when the file said so already. */
  readonly changed: boolean;
}

/** @throws {ConfigError} when there is no such setting */
export function settingNamed(word: string): SettingName {
  if (isSettingName(word)) return word;
  const hint = didYouMean(word, SETTING_NAMES) || ` There are: ${SETTING_NAMES.join(", ")}.`;
  throw new ConfigError(`there is no setting ${word}.${hint}`);
}

/**
 * Stores a value, given as text. A relative path is taken from the current folder.
 *
 * @throws {ConfigError} when the value is not allowed, contradicts another setting, or the file is broken or cannot be
 * written; nothing is stored then
 */
export function setInFile(name: SettingName, text: string, env: Environment = process.env): FileChange {
  const { kind } = SETTINGS[name];
  const value = kind.fromText(text);
  if (!kind.schema.safeParse(value).success) {
    const shown = kind.mayBeShown ? `, not ${JSON.stringify(text)}` : "";
    throw new ConfigError(`${name} must be ${kind.allowed}${shown}.${didYouMean(text, kind.choices)}`);
  }
  return changeFile(name, kind.isPath ? resolve(text) : value, env);
}

/**
 * Takes a key out, a misspelt one too.
 *
 * @throws {ConfigError} when the file has no such key, is broken, or cannot be written
 */
export function unsetInFile(key: string, env: Environment = process.env): FileChange {
  const { path, entries } = openConfigFile(env);
  if (entries.has(key)) return changeFile(key, undefined, env);
  settingNamed(key);
  return { path, changed: false };
}

function changeFile(key: string, value: unknown, env: Environment): FileChange {
  const { path, text, entries } = openConfigFile(env);
  if (value !== undefined && entries.get(key)?.value === value) return { path, changed: false };
  const before = text.trim() === "" ? "{}\n" : text;
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: before.includes("\r\n") ? "\r\n" : "\n" };
  const after = applyEdits(before, modify(before, [key], value, { formattingOptions }));
  if (value !== undefined) refuseContradiction(path, after, env);
  try {
    replaceFile(path, after);
  } catch (error) {
    throw new ConfigError(`the config file cannot be written: ${(error as Error).message}`);
  }
  return { path, changed: true };
}

/** What was wrong before may be put right one by one; what was right stays so. */
function refuseContradiction(path: string, after: string, env: Environment): void {
  try {
    configOf(configFileWith(path, after), { env });
  } catch (error) {
    if (!(error instanceof ConfigError) || !isRight(env)) return;
    throw new ConfigError(`nothing was stored: ${error.message}`);
  }
}

function isRight(env: Environment): boolean {
  try {
    configOf(openConfigFile(env), { env });
    return true;
  } catch {
    return false;
  }
}

function replaceFile(path: string, text: string): void {
  makeFolder(dirname(path));
  // A link, as people make them to keep their settings elsewhere, stays one.
  const target = realpathIfThere(path);
  const fresh = `${target}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text, { mode: 0o600, flag: "wx" });
    renameSync(fresh, target);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

function realpathIfThere(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
