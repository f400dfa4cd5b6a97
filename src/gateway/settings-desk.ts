/** The settings of a running gateway: what is in force, why, and what may be changed while it runs. */
import {
  type Config,
  ConfigError,
  configPath,
  flagOf,
  lineInFile,
  type Origin,
  originText,
  type Scalar,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type Settings,
  setInFile,
  settingNamed,
  shortPath,
  unsetInFile,
  valueText,
} from "../config/index.ts";
import { Refused } from "../console/index.ts";
import type { SettingChange, SettingChanged, SettingsAnswer, SettingView } from "../hub/index.ts";

/** What can be changed while the gateway runs. */
export const LIVE_NAMES = [
  "enableNew",
  "keepWarm",
  "maxUsdPerPause",
  "maxUsdPerDay",
  "minPrefixTokens",
  "tier",
  "allowSubscription",
  "prewarm",
  "prewarmMaxUsdPerDay",
] as const satisfies readonly SettingName[];

export type LiveName = (typeof LIVE_NAMES)[number];
export type LiveSettings = Pick<Settings, LiveName>;

export interface SettingsDesk {
  /** As they are now. */
  readonly live: LiveSettings;
  /** What flags and environment decide, as flags: who starts it anew gives it the same. */
  readonly flags: readonly string[];
  answer(): SettingsAnswer;
  /** @throws {Refused} */
  change(change: SettingChange): SettingChanged;
}

export interface SettingsDeskOptions {
  readonly config: Pick<Config, "inForce" | "settings" | "env">;
  /** Puts a change in force. */
  readonly apply: (settings: LiveSettings) => void;
}

interface Held {
  readonly value: Scalar | undefined;
  readonly origin: Origin;
}

export function createSettingsDesk({ config, apply }: SettingsDeskOptions): SettingsDesk {
  const { env } = config;
  const held: Record<SettingName, Held> = { ...config.inForce };
  let live: LiveSettings = config.settings;

  function hold(name: LiveName, value: Scalar | undefined, origin: Origin): void {
    held[name] = { value, origin };
    live = { ...live, [name]: value };
    apply(live);
  }

  /** @throws {ConfigError} when it cannot be stored */
  function store(name: LiveName, value: Scalar | undefined): Origin {
    if (value === undefined) {
      unsetInFile(name, env);
      return { from: "default" };
    }
    const { path } = setInFile(name, valueText(name, value), env);
    return { from: "file", path, line: lineInFile(name, env) ?? 1, key: name };
  }

  function change({ name: word, value: given }: SettingChange): SettingChanged {
    const name = liveName(word, held);
    const value = given === null ? undefined : checked(name, given);
    const before = held[name];
    const inForce = value ?? SETTINGS[name].default;
    // What lets less through holds from now on, whatever becomes of the file.
    const isStricter = lessThrough(name, before.value, inForce);
    if (isStricter) hold(name, inForce, before.origin);
    try {
      hold(name, inForce, store(name, value));
      return { ...answer(), note: null };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (!isStricter) throw new Refused(503, `${name} could not be stored: ${error.message}`);
      const note = `This holds until the gateway ends, but could not be stored: ${error.message}`;
      return { ...answer(), note };
    }
  }

  function answer(): SettingsAnswer {
    return {
      file: shortPath(configPath(env)),
      settings: SETTING_NAMES.map((name) => viewOf(name, held[name])),
    };
  }

  return {
    get live() {
      return live;
    },
    get flags() {
      return SETTING_NAMES.flatMap((name) => asFlag(name, held[name]));
    },
    answer,
    change,
  };
}

/** @throws {Refused} when there is no such setting, or it cannot be changed here */
function liveName(word: string, held: Readonly<Record<SettingName, Held>>): LiveName {
  let name: SettingName;
  try {
    name = settingNamed(word);
  } catch (error) {
    throw new Refused(404, error instanceof Error ? capitalised(error.message) : String(error));
  }
  const fixed = whyFixed(name, held[name].origin);
  if (fixed !== null || !isLive(name)) throw new Refused(409, fixed ?? NOT_LIVE(name));
  return name;
}

/** @throws {Refused} */
function checked(name: LiveName, given: string | number | boolean): Scalar {
  const { kind } = SETTINGS[name];
  const parsed = kind.schema.safeParse(typeof given === "string" ? kind.fromText(given) : given);
  if (parsed.success) return parsed.data;
  throw new Refused(400, `${name} must be ${kind.allowed}, not ${JSON.stringify(given)}.`);
}

/** A value that may differ, and lets less be sent than the one before. */
function lessThrough(name: LiveName, before: Scalar | undefined, after: Scalar | undefined): boolean {
  switch (name) {
    case "enableNew":
    case "allowSubscription":
    case "prewarm":
      return after === false;
    case "maxUsdPerPause":
    case "maxUsdPerDay":
    case "prewarmMaxUsdPerDay":
      return Number(after ?? Number.POSITIVE_INFINITY) < Number(before ?? Number.POSITIVE_INFINITY);
    case "minPrefixTokens":
      return Number(after ?? 0) > Number(before ?? 0);
    default:
      return false;
  }
}

function viewOf(name: SettingName, { value, origin }: Held): SettingView {
  const { kind, default: standard, description } = SETTINGS[name];
  return {
    name,
    value: value ?? null,
    text: valueText(name, value),
    default: standard ?? null,
    origin: { from: origin.from, where: originText(origin) },
    description: `${capitalised(description)}.`,
    allowed: kind.allowed,
    choices: kind.choices,
    kind: kindOf(name),
    optional: standard === undefined,
    fixed: whyFixed(name, origin),
    live: isLive(name),
  };
}

function kindOf(name: SettingName): SettingView["kind"] {
  const { placeholder, choices } = SETTINGS[name].kind;
  if (placeholder === null) return "switch";
  if (choices.length > 0) return "choice";
  return placeholder === "<usd>" || placeholder === "<number>" ? "number" : "text";
}

function whyFixed(name: SettingName, origin: Origin): string | null {
  if (origin.from !== "flag" && origin.from !== "environment") return isLive(name) ? null : NOT_LIVE(name);
  const what = origin.from === "flag" ? `the flag ${origin.flag}` : `${origin.variable} in the environment`;
  // As long as that is given, what the file says does not count.
  if (!isLive(name))
    return `The gateway was started with ${what}, which goes before the config file: start it with another.`;
  return `The gateway was started with ${what}, which goes before the config file: start it without, to change this here.`;
}

const NOT_LIVE = (name: SettingName) =>
  `This takes effect when the gateway starts: keepwarm config set ${name} <value>, then start it anew.`;

function isLive(name: SettingName): name is LiveName {
  return LIVE_NAMES.some((other) => other === name);
}

function asFlag(name: SettingName, { value, origin }: Held): string[] {
  if (value === undefined || (origin.from !== "flag" && origin.from !== "environment")) return [];
  if (typeof value === "boolean") return [value ? flagOf(name) : flagOf(name).replace("--", "--no-")];
  return [flagOf(name), valueText(name, value)];
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
