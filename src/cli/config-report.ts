/** What `keepwarm config` prints. */
import {
  type Config,
  ConfigError,
  type FileChange,
  loadConfig,
  originText,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  valueText,
  variableOf,
} from "../config/index.ts";
import { type Cell, table } from "./table.ts";

const COLUMNS = [{ title: "setting", whole: true }, { title: "value" }, { title: "from" }];

export function asTable({ file, inForce }: Config): string {
  const rows = SETTING_NAMES.map((name): Cell[] => {
    const { value, origin } = inForce[name];
    const isDefault = origin.from === "default";
    const shown = valueText(name, value);
    return [
      name,
      shown === "" ? { text: "not set", style: "dim" } : isDefault ? shown : { text: shown, style: "bold" },
      isDefault ? { text: "default", style: "dim" } : originText(origin),
    ];
  });
  const place = file.exists ? file.path : `${file.path} (not there yet: keepwarm config set makes it)`;
  const flags = Object.values(inForce).some(({ origin }) => origin.from === "flag")
    ? ["A flag holds for its own command alone: keepwarm config set keeps a value."]
    : [];
  return [table(COLUMNS, rows), "", `Config file: ${place}`, ...flags].join("\n");
}

/** Values as a config file would hold them; null where one is not set. */
export function asJson({ file, inForce }: Config): string {
  const settings = SETTING_NAMES.map((name) => {
    const { value, origin } = inForce[name];
    const { fromText } = SETTINGS[name].kind;
    return [name, { value: value === undefined ? null : fromText(valueText(name, value)), origin }];
  });
  return JSON.stringify(
    { file: { path: file.path, exists: file.exists }, settings: Object.fromEntries(settings) },
    null,
    2,
  );
}

/** What storing a value did, and what stands in its way. */
export function storedText(name: SettingName, { path, changed }: FileChange): string {
  const done = changed ? `Stored in ${path}.` : `Nothing to change in ${path}: it says so already.`;
  const over = process.env[variableOf(name)];
  return over ? `${done} ${variableOf(name)} is set, though, and goes before the file.` : done;
}

/** What taking a key out did, and what holds now. */
export function takenOutText(word: string, { path, changed }: FileChange): string {
  const done = changed
    ? `${word} is taken out of ${path}.`
    : `${word} is not in ${path}: nothing was changed.`;
  const name = SETTING_NAMES.find((other) => other === word);
  const standing = name === undefined ? null : standingText(name, changed);
  return standing === null ? done : `${done} ${standing}`;
}

/** Null where something else is wrong, so that nothing is in force. */
function standingText(name: SettingName, changed: boolean): string | null {
  try {
    const { value, origin } = loadConfig().inForce[name];
    const shown = value === undefined ? "not set" : valueText(name, value);
    const from = origin.from === "default" ? "the default" : `from ${originText(origin)}`;
    return `It is ${shown}${changed ? " now" : ""}, ${from}.`;
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}
