/** The settings out of a file's text and variables: by the same table everywhere, and for any engine. */
import { ConfigError } from "./config-error.ts";
import {
  DEFAULT_SETTINGS,
  isSettingName,
  SETTING_NAMES,
  SETTINGS,
  type Settings,
  settingsSchema,
  variableOf,
} from "./settings.ts";

export interface SettingsSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: {
    readonly path: string;
    /** Null: there is none. */
    readonly text: string | null;
  };
  /** A path that was written in the file, or in a variable, as an absolute one. */
  resolvePath(path: string, isInFile: boolean): string;
}

/** @throws {ConfigError} which keepwarm config explains at more length */
export function settingsFrom({ env, file, resolvePath }: SettingsSources): Settings {
  const variables = SETTING_NAMES.flatMap((name) => {
    const text = env[variableOf(name)];
    return text ? [[name, SETTINGS[name].kind.fromText(text)] as const] : [];
  });
  return {
    ...DEFAULT_SETTINGS,
    ...checked(valuesIn(file), file.path, resolvePath, true),
    ...checked(Object.fromEntries(variables), "the environment", resolvePath, false),
  };
}

function checked(
  values: object,
  where: string,
  resolvePath: SettingsSources["resolvePath"],
  isInFile: boolean,
): Partial<Settings> {
  const result = settingsSchema.safeParse(values);
  if (!result.success) {
    const names = [...new Set(result.error.issues.map(({ path }) => path.join(".")))].join(", ");
    throw new ConfigError(`${names || "a setting"} in ${where} makes no sense: keepwarm config says why`);
  }
  const given = Object.entries(result.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([name, value]) => {
      const isPath = isSettingName(name) && SETTINGS[name].kind.isPath;
      return [name, isPath && typeof value === "string" ? resolvePath(value, isInFile) : value];
    }),
  );
}

function valuesIn({ path, text: written }: SettingsSources["file"]): object {
  const text = written?.replace(/^\uFEFF/, "") ?? "";
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
