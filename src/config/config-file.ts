/** The one file that settings may be kept in: where it is, and what is in it. */
import { readFileSync } from "node:fs";
import { getNodeValue, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { ConfigError } from "./config-error.ts";
import { configPath, type Environment, shortPath } from "./config-path.ts";

export interface ConfigEntry {
  readonly value: unknown;
  /** Counted from 1. */
  readonly line: number;
}

export interface ConfigFile {
  readonly path: string;
  readonly exists: boolean;
  readonly text: string;
  /** By their keys, in the file's order; nothing here is checked yet. */
  readonly entries: ReadonlyMap<string, ConfigEntry>;
}

/** @throws {ConfigError} when it cannot be read, is no JSON object, or was chosen and is not there */
export function readConfigFile(env: Environment): ConfigFile {
  const file = openConfigFile(env);
  if (!file.exists && env.KEEPWARM_CONFIG) {
    throw new ConfigError(
      `there is no file ${shortPath(file.path)}, which KEEPWARM_CONFIG names: make it with keepwarm config set, or unset the variable`,
    );
  }
  return file;
}

/** As {@link readConfigFile}, for who is about to make it. */
export function openConfigFile(env: Environment): ConfigFile {
  const path = configPath(env);
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return { path, exists: false, text: "", entries: new Map() };
    }
    throw new ConfigError(`the config file cannot be read: ${(error as Error).message}`);
  }
  return configFileWith(path, text);
}

/** A config file of this content. @throws {ConfigError} when it is no JSON object */
export function configFileWith(path: string, text: string): ConfigFile {
  return { path, exists: true, text, entries: entriesOf(path, text) };
}

/** Where a key stands in the file, counted from 1; null where it does not. @throws {ConfigError} as above */
export function lineInFile(key: string, env: Environment): number | null {
  return openConfigFile(env).entries.get(key)?.line ?? null;
}

function entriesOf(path: string, text: string): Map<string, ConfigEntry> {
  const entries = new Map<string, ConfigEntry>();
  if (text.trim() === "") return entries;
  const errors: ParseError[] = [];
  const root = parseTree(text, errors);
  const [error] = errors;
  if (error !== undefined) {
    throw new ConfigError(
      `${shortPath(path)}:${lineAt(text, error.offset)}: this is not JSON: ${sentenceOf(error)}`,
    );
  }
  if (root?.type !== "object") {
    throw new ConfigError(`${shortPath(path)}: it must hold one JSON object, such as { "port": 4777 }`);
  }
  for (const { children: [key, value] = [] } of root.children ?? []) {
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    const line = lineAt(text, key.offset);
    const earlier = entries.get(name);
    if (earlier !== undefined) {
      throw new ConfigError(
        `${shortPath(path)}:${line}: ${name} is there twice, on line ${earlier.line} too: keep one`,
      );
    }
    entries.set(name, { value: getNodeValue(value), line });
  }
  return entries;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** `CommaExpected` is "comma expected". */
function sentenceOf({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toLowerCase();
}
