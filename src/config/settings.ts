/** Every setting there is. Flags, environment variables, help and the documentation are made from this table. */
import * as z from "zod/mini";
import {
  address,
  amount,
  baseUrl,
  duration,
  file,
  type Kind,
  keepWarmChoice,
  oneOf,
  port,
  type Scalar,
  wholeNumber,
  yesOrNo,
} from "./kinds.ts";

export interface Setting<Value extends Scalar | undefined> {
  readonly kind: Kind<NonNullable<Value>>;
  /** What holds when nobody chose; undefined where that is "not set". */
  readonly default: Value;
  /** What it is for, with its unit. */
  readonly description: string;
}

function setting<Value extends Scalar>(kind: Kind<Value>, value: Value, description: string): Setting<Value> {
  return { kind, default: value, description };
}

function optional<Value extends Scalar>(kind: Kind<Value>, description: string): Setting<Value | undefined> {
  return { kind, default: undefined, description };
}

export const SETTINGS = {
  host: setting(
    address,
    "127.0.0.1",
    "address the gateway listens on; any but loopback is open to the network",
  ),
  port: setting(port, 4777, "port the gateway listens on, 0 for any that is free"),
  consolePort: setting(
    port,
    4778,
    "port of the console and the control API, on loopback alone; 0 for any that is free",
  ),
  console: setting(yesOrNo, true, "serve the console's page; the control API stays in any case"),
  upstream: setting(baseUrl, "https://api.anthropic.com", "where the gateway sends requests on to"),
  enableNew: setting(
    yesOrNo,
    false,
    "switch warming on for conversations that have no setting of their own yet",
  ),
  keepWarm: setting(
    keepWarmChoice,
    "auto",
    "for how long a conversation is kept warm of which nobody chose anything else",
  ),
  maxUsdPerPause: optional(
    amount,
    "most that the warms of one conversation may cost in one pause, in US dollars",
  ),
  maxUsdPerDay: optional(amount, "most that all warms may cost in 24 hours, in US dollars"),
  minPrefixTokens: optional(wholeNumber(0, 100_000_000), "shorter prefixes are not warmed, in tokens"),
  tier: optional(
    oneOf("<tier>", ["5m", "1h", "auto"]),
    "how long the gateway has cache entries live; not set: as each client asks",
  ),
  fleet: setting(
    yesOrNo,
    false,
    "hand warms to workers over a database: that of DATABASE_URL, else one inside the gateway",
  ),
  maxWarms: setting(wholeNumber(1, 1_000), 4, "warms under way at once, at most"),
  maxHeldMb: setting(
    wholeNumber(1, 65_536),
    256,
    "memory for the request bodies held for warming, in MB of 1,000,000 bytes",
  ),
  allowSubscription: setting(
    yesOrNo,
    false,
    "warm with a person's subscription login too, or with a bearer token that may be one",
  ),
  budgetThinking: setting(
    oneOf("<action>", ["refuse", "stream-abort"]),
    "refuse",
    "what to do about a thinking budget: refuse to warm, or hang up when the response begins",
  ),
  warmTokens: optional(oneOf("<0|1>", [0, 1]), "max_tokens of every warm; not set: what each request allows"),
  prewarm: setting(yesOrNo, false, "warm the catalogue's prefixes before anyone asks"),
  prewarmCatalogue: optional(file, "a catalogue of prefixes, or a folder of them"),
  prewarmMaxUsdPerDay: setting(amount, 1, "most that pre-warms may cost in 24 hours, in US dollars"),
  prewarmKeyFile: optional(file, "a file with the API key of pre-warms; not set: ANTHROPIC_API_KEY"),
  ttl5m: setting(
    duration,
    300_000,
    "how long a 5-minute cache entry lives, where the other side scales time",
  ),
  ttl1h: setting(
    duration,
    3_600_000,
    "how long a 1-hour cache entry lives, where the other side scales time",
  ),
  logLevel: setting(
    oneOf("<level>", ["silent", "error", "warn", "info", "debug"]),
    "info",
    "how much is logged",
  ),
  prices: optional(file, "a JSON file of prices, laid over the shipped ones"),
} satisfies Record<string, Setting<Scalar | undefined>>;

export type SettingName = keyof typeof SETTINGS;

/** Durations are in ms, paths absolute. */
export type Settings = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer Value> ? Value : never;
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** What one source of settings may hold: a config file, the environment, a command line. */
export const settingsSchema = z.strictObject(
  Object.fromEntries(SETTING_NAMES.map((name) => [name, z.optional(SETTINGS[name].kind.schema)])),
);

/** What holds when nobody chose anything. */
export const DEFAULT_SETTINGS = Object.freeze(
  Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].default])),
) as Settings;

export function isSettingName(word: string): word is SettingName {
  return Object.hasOwn(SETTINGS, word);
}

function words(name: SettingName): string[] {
  return name.split(/(?<=[a-z])(?=[A-Z0-9])/).map((word) => word.toLowerCase());
}

/** `consolePort` is `KEEPWARM_CONSOLE_PORT` in the environment. */
export function variableOf(name: SettingName): string {
  return `KEEPWARM_${words(name).join("_").toUpperCase()}`;
}

/** `consolePort` is `--console-port` on a command line. */
export function flagOf(name: SettingName): string {
  return `--${words(name).join("-")}`;
}

/** A value as a person would write it; "" for one that is not set. */
export function valueText(name: SettingName, value: Scalar | undefined): string {
  return value === undefined ? "" : SETTINGS[name].kind.toText(value);
}
