export {
  type FileChange,
  setInFile,
  settingNamed,
  unsetInFile,
} from "./change-file.ts";
export { ConfigError } from "./config-error.ts";
export { type ConfigFile, lineInFile } from "./config-file.ts";
export { configPath, type Environment, shortPath } from "./config-path.ts";
export { type SettingsSources, settingsFrom } from "./from-sources.ts";
export {
  type Config,
  type ConfigSources,
  type InForce,
  loadConfig,
  type Origin,
  originText,
} from "./in-force.ts";
export { settingsInHost } from "./in-host.ts";
export { keepingOf } from "./keeping.ts";
export { duration, type Kind, period, port, type Scalar } from "./kinds.ts";
export { didYouMean } from "./nearest.ts";
export {
  DEFAULT_SETTINGS,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  type SettingName,
  type Settings,
  valueText,
  variableOf,
} from "./settings.ts";
export { unknownVariables } from "./variables.ts";
