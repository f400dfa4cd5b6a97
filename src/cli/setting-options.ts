/** A command's flags for settings, made from the table of settings. */
import { type Command, Help, Option } from "commander";
import {
  type Config,
  flagOf,
  loadConfig,
  SETTINGS,
  type SettingName,
  valueText,
  variableOf,
} from "../config/index.ts";

const HEADING = "Settings, which the environment and the config file may hold too:";

/** The flag of one setting. What it is given is checked when the settings are loaded, like every source. */
class SettingOption extends Option {
  readonly setting: SettingName;

  constructor(setting: SettingName) {
    const { placeholder, choices } = SETTINGS[setting].kind;
    super(
      placeholder === null ? flagOf(setting) : `${flagOf(setting)} ${placeholder}`,
      SETTINGS[setting].description,
    );
    this.setting = setting;
    this.helpGroup(HEADING);
    if (placeholder !== null && choices.length > 0) this.argChoices = [...choices];
  }
}

/**
 * Lets a command take settings as flags.
 *
 * @example withSettings(new Command("start"), ["host", "port"]).action((_, command) => settingsOf(command))
 */
export function withSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    command.addOption(new SettingOption(name));
    if (SETTINGS[name].kind.placeholder === null) {
      const opposite = flagOf(name).replace("--", "--no-");
      command.addOption(new Option(opposite, `the opposite of ${flagOf(name)}`).hideHelp());
    }
  }
  return command;
}

/**
 * What is in force for a command: its flags over the environment over the config file over defaults.
 *
 * @throws {ConfigError} naming what is wrong, and where
 */
export function settingsOf(command: Command): Config {
  const options = command.options.filter((option) => option instanceof SettingOption);
  return loadConfig({
    flags: Object.fromEntries(options.map(({ setting }) => [setting, command.getOptionValue(setting)])),
  });
}

/** How help shows these flags: each with its default and its environment variable. */
export const settingHelp: Partial<Help> = {
  optionTerm(option) {
    const isSwitch = option instanceof SettingOption && option.isBoolean();
    return isSwitch ? option.flags.replace("--", "--[no-]") : new Help().optionTerm(option);
  },
  optionDescription(option) {
    if (!(option instanceof SettingOption)) return new Help().optionDescription(option);
    const { default: value, description } = SETTINGS[option.setting];
    const { argChoices: choices = [] } = option;
    const more = [
      ...(choices.length === 0 || option.flags.includes(choices.join("|")) ? [] : [choices.join("|")]),
      ...(value === undefined ? [] : [`default: ${valueText(option.setting, value)}`]),
      `env: ${variableOf(option.setting)}`,
    ];
    return `${description} (${more.join(", ")})`;
  },
};
