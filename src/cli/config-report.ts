/** What `keepwarm config` prints. */
import {
  type Config,
  type FileChange,
  originText,
  SETTING_NAMES,
  SETTINGS,
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

/** What a change did, and what stands in its way. */
export function changeText(word: string, { path, changed }: FileChange): string {
  const name = SETTING_NAMES.find((other) => other === word);
  const done = changed ? `Stored in ${path}.` : `Nothing to change in ${path}.`;
  const over = name !== undefined && process.env[variableOf(name)];
  return over ? `${done} ${variableOf(name)} is set, though, and goes before the file.` : done;
}
