/** What `keepwarm config` prints. */
import { resolve } from "node:path";
import {
  type Config,
  ConfigError,
  type FileChange,
  loadConfig,
  originText,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  shortPath,
  valueText,
  variableOf,
} from "../config/index.ts";
import { type InGateway, insteadText } from "./running-settings.ts";
import { type Cell, table } from "./table.ts";

const COLUMNS = [{ title: "setting", whole: true }, { title: "value" }, { title: "from" }];

/** @param gateway what of it the running gateway does not use; null: none is running, or it did not say */
export function asTable({ file, inForce }: Config, gateway: InGateway | null): string {
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
  const path = shortPath(file.path);
  const place = file.exists ? path : `${path} (not there yet: keepwarm config set makes it)`;
  const flags = Object.values(inForce).some(({ origin }) => origin.from === "flag")
    ? ["A flag holds for its own command alone: keepwarm config set keeps a value."]
    : [];
  const instead = gateway === null ? [] : insteadText(gateway);
  return [table(COLUMNS, rows), "", `Config file: ${place}`, ...flags, ...instead].join("\n");
}

/** Values as a config file would hold them; null where one is not set. */
export function asJson({ file, inForce }: Config, gateway: InGateway | null): string {
  const settings = SETTING_NAMES.map((name) => {
    const { value, origin } = inForce[name];
    const { fromText } = SETTINGS[name].kind;
    return [name, { value: value === undefined ? null : fromText(valueText(name, value)), origin }];
  });
  const instead = gateway?.instead.map(({ name, text, where }) => [
    name,
    { value: text === "" ? null : SETTINGS[name].kind.fromText(text), where },
  ]);
  return JSON.stringify(
    {
      file: { path: file.path, exists: file.exists },
      settings: Object.fromEntries(settings),
      // Of the running gateway, what is not as it stands above.
      gateway: gateway === null ? null : { file: gateway.file, instead: Object.fromEntries(instead ?? []) },
    },
    null,
    2,
  );
}

/** What storing a value did, and what stands in its way. */
export function storedText(name: SettingName, text: string, { path, changed }: FileChange): string {
  const value = SETTINGS[name].kind.isPath ? shortPath(resolve(text)) : text;
  const done = changed
    ? `Stored ${name} ${value} in ${shortPath(path)}.`
    : `Nothing to change in ${shortPath(path)}: ${name} is ${value} there already.`;
  const over = process.env[variableOf(name)];
  return over ? `${done} ${variableOf(name)} is set, though, and goes before the file.` : done;
}

/** What taking a key out did, and what holds now. */
export function takenOutText(word: string, { path, changed }: FileChange): string {
  const file = shortPath(path);
  const done = changed
    ? `${word} is taken out of ${file}.`
    : `${word} is not in ${file}: nothing was changed.`;
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
