export {
  type FileChange,
  setInFile,
  settingNamed,
  unsetInFile,
} from "./change-file.ts";
export { ConfigError } from "./config-error.ts";
export { type ConfigFile, configPath, type Environment, lineInFile } from "./config-file.ts";
export {
  type Config,
  type ConfigSources,
  type InForce,
  loadConfig,
  type Origin,
  originText,
  shortPath,
} from "./in-force.ts";
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
