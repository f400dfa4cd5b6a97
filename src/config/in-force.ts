/** Which settings are in force, and where each came from. */
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { ConfigError } from "./config-error.ts";
import { type ConfigFile, readConfigFile } from "./config-file.ts";
import { type Environment, shortPath } from "./config-path.ts";
import type { Scalar } from "./kinds.ts";
import { didYouMean } from "./nearest.ts";
import {
  flagOf,
  isSettingName,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type Settings,
  settingsSchema,
  valueText,
  variableOf,
} from "./settings.ts";

export type Origin =
  | { readonly from: "default" }
  | { readonly from: "file"; readonly path: string; readonly line: number; readonly key: string }
  | { readonly from: "environment"; readonly variable: string }
  | { readonly from: "flag"; readonly flag: string };

export type InForce = {
  readonly [Name in SettingName]: { readonly value: Settings[Name]; readonly origin: Origin };
};

export interface Config {
  readonly file: ConfigFile;
  /** Each setting's value and where it came from. */
  readonly inForce: InForce;
  /** The values alone. */
  readonly settings: Settings;
  /** The environment that was read, which says as well where the file is. */
  readonly env: Environment;
}

export interface ConfigSources {
  /** What flags were given, as text or as a switch. @default none */
  readonly flags?: Readonly<Partial<Record<SettingName, string | boolean>>>;
  /** @default process.env */
  readonly env?: Environment;
}

interface Source {
  readonly raw: Readonly<Partial<Record<SettingName, unknown>>>;
  readonly originOf: (name: SettingName) => Origin;
  /** Paths are relative to this folder. */
  readonly folder: string;
}

/**
 * Flags over environment over the config file over defaults.
 *
 * @throws {ConfigError} naming every setting that is wrong, and where it is
 */
export function loadConfig({ flags = {}, env = process.env }: ConfigSources = {}): Config {
  return configOf(readConfigFile(env), { flags, env });
}

/** As {@link loadConfig}, of a file whose content is known, written or not. */
export function configOf(file: ConfigFile, { flags = {}, env = process.env }: ConfigSources = {}): Config {
  const problems = unknownKeys(file);
  const found = new Map<SettingName, { value: Scalar | undefined; origin: Origin }>(
    SETTING_NAMES.map((name) => [name, { value: SETTINGS[name].default, origin: { from: "default" } }]),
  );
  for (const source of [fileSource(file), environmentSource(env), flagSource(flags)]) {
    const result = settingsSchema.safeParse(source.raw);
    for (const name of SETTING_NAMES) {
      const raw = source.raw[name];
      if (raw === undefined) continue;
      const origin = source.originOf(name);
      if (!result.success && result.error.issues.some(({ path }) => path[0] === name)) {
        problems.push(problemOf(name, raw, origin));
      } else if (result.success) {
        const value = result.data[name];
        found.set(name, { value: placed(name, value, source.folder), origin });
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  const inForce = Object.fromEntries(found) as InForce;
  checkTogether(inForce);
  const settings = Object.fromEntries(SETTING_NAMES.map((name) => [name, inForce[name].value]));
  return { file, inForce, settings: settings as Settings, env };
}

function fileSource({ path, entries }: ConfigFile): Source {
  const known = [...entries].filter(([key]) => isSettingName(key));
  return {
    raw: Object.fromEntries(known.map(([key, { value }]) => [key, value])),
    originOf: (key) => ({ from: "file", path, line: entries.get(key)?.line ?? 1, key }),
    folder: dirname(path),
  };
}

function environmentSource(env: Environment): Source {
  // An empty variable counts as unset.
  const given = SETTING_NAMES.flatMap((name) => {
    const text = env[variableOf(name)];
    return text ? [[name, SETTINGS[name].kind.fromText(text)] as const] : [];
  });
  return {
    raw: Object.fromEntries(given),
    originOf: (name) => ({ from: "environment", variable: variableOf(name) }),
    folder: process.cwd(),
  };
}

function flagSource(flags: NonNullable<ConfigSources["flags"]>): Source {
  const given = Object.entries(flags).map(([name, given]) =>
    isSettingName(name) && typeof given === "string"
      ? [name, SETTINGS[name].kind.fromText(given)]
      : [name, given],
  );
  return {
    raw: Object.fromEntries(given),
    originOf: (name) => ({ from: "flag", flag: flagOf(name) }),
    folder: process.cwd(),
  };
}

function placed(name: SettingName, value: Scalar | undefined, folder: string): Scalar | undefined {
  return SETTINGS[name].kind.isPath && typeof value === "string" ? resolve(folder, value) : value;
}

function unknownKeys({ path, entries }: ConfigFile): string[] {
  return [...entries].flatMap(([key, { line }]) => {
    if (isSettingName(key)) return [];
    const hint = didYouMean(key, SETTING_NAMES) || " keepwarm config shows those there are.";
    return [`${shortPath(path)}:${line}: there is no setting ${key}.${hint}`];
  });
}

function problemOf(name: SettingName, raw: unknown, origin: Origin): string {
  const { allowed, mayBeShown, choices } = SETTINGS[name].kind;
  const shown = mayBeShown ? `, not ${JSON.stringify(raw)}` : "";
  const hint = typeof raw === "string" ? didYouMean(raw, choices) : "";
  const what = origin.from === "file" ? `${originText(origin)}: ${name}` : originText(origin);
  return `${what} must be ${allowed}${shown}.${hint}`;
}

/** Where a value came from, as a person would look for it. */
export function originText(origin: Origin, home: string = homedir()): string {
  switch (origin.from) {
    case "default":
      return "default";
    case "file":
      return `${shortPath(origin.path, home)}:${origin.line}`;
    case "environment":
      return origin.variable;
    case "flag":
      return origin.flag;
  }
}

/** @throws {ConfigError} when two settings contradict each other */
function checkTogether({ port, consolePort, ttl5m, ttl1h }: InForce): void {
  if (port.value === consolePort.value && port.value !== 0) {
    throw new ConfigError(
      `port (${originText(port.origin)}) and consolePort (${originText(consolePort.origin)}) are both ${port.value}: they must differ`,
    );
  }
  if (ttl5m.value >= ttl1h.value) {
    throw new ConfigError(
      `ttl5m (${valueText("ttl5m", ttl5m.value)}, ${originText(ttl5m.origin)}) must be shorter than ttl1h (${valueText("ttl1h", ttl1h.value)}, ${originText(ttl1h.origin)})`,
    );
  }
}
