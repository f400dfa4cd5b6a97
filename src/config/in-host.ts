/**
 * The settings as a plugin inside another program reads them: the same files, variables and values as everywhere, without
 * what tells a person in which line a mistake is. It would be half of such a plugin.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ConfigError } from "./config-error.ts";
import { configPath, type Environment } from "./config-path.ts";
import { settingsFrom } from "./from-sources.ts";
import type { Settings } from "./settings.ts";

/** @throws {ConfigError} which keepwarm config explains at more length */
export function settingsInHost(env: Environment): Settings {
  const path = configPath(env);
  const mayBeMissing = env.KEEPWARM_CONFIG === undefined || env.KEEPWARM_CONFIG === "";
  return settingsFrom({
    env,
    file: { path, text: textIn(path, mayBeMissing) },
    resolvePath: (named, isInFile) => resolve(isInFile ? dirname(path) : "", named),
  });
}

function textIn(path: string, mayBeMissing: boolean): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (mayBeMissing && (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new ConfigError(`the config file cannot be read: ${(error as Error).message}`);
  }
}
