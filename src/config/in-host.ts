/**
 * The settings as a plugin inside another program reads them: the same files, variables and values as everywhere, without
 * what tells a person in which line a mistake is. It would be half of such a plugin.
 */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ConfigError } from "./config-error.ts";
import { configPath, type Environment } from "./config-path.ts";
import {
  DEFAULT_SETTINGS,
  isSettingName,
  SETTING_NAMES,
  SETTINGS,
  type Settings,
  settingsSchema,
  variableOf,
} from "./settings.ts";

/** @throws {ConfigError} which keepwarm config explains at more length */
export function settingsInHost(env: Environment): Settings {
  const path = configPath(env);
  const file = valuesIn(path, env.KEEPWARM_CONFIG === undefined || env.KEEPWARM_CONFIG === "");
  const variables = SETTING_NAMES.flatMap((name) => {
    const text = env[variableOf(name)];
    return text ? [[name, SETTINGS[name].kind.fromText(text)] as const] : [];
  });
  return {
    ...DEFAULT_SETTINGS,
    ...checked(file, path, dirname(path)),
    ...checked(Object.fromEntries(variables), "the environment", process.cwd()),
  };
}

function checked(values: object, where: string, folder: string): Partial<Settings> {
  const result = settingsSchema.safeParse(values);
  if (!result.success) {
    const names = [...new Set(result.error.issues.map(({ path }) => path.join(".")))].join(", ");
    throw new ConfigError(`${names || "a setting"} in ${where} makes no sense: keepwarm config says why`);
  }
  const given = Object.entries(result.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => {
      const isPath = isSettingName(name) && SETTINGS[name].kind.isPath;
      return [name, isPath && typeof value === "string" ? resolve(folder, value) : value];
    }),
  );
}

function valuesIn(path: string, mayBeMissing: boolean): object {
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if (mayBeMissing && (error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new ConfigError(`the config file cannot be read: ${(error as Error).message}`);
  }
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(withoutComments(text));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new ConfigError(`${path} is no JSON: keepwarm config says where`);
}

/** Texts stay as they are, whatever looks like a comment in them. */
function withoutComments(json: string): string {
  return json.replace(
    /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, text: string | undefined) => text ?? " ",
  );
}
