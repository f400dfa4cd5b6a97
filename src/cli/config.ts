import { Argument, Command } from "commander";
import { SETTING_NAMES, SETTINGS } from "../config/index.ts";
import { completing } from "./completion/completer.ts";
import { withExamples } from "./examples.ts";
import { settingsOf, withSettings } from "./setting-options.ts";

export function configCommand(): Command {
  const command = new Command("config")
    .description("show every setting in force and where it comes from, or change the config file")
    .option("--json", "print JSON")
    .action(async ({ json = false }: { json?: boolean }) => {
      const { asJson, asTable } = await import("./config-report.ts");
      console.log((json ? asJson : asTable)(settingsOf(command)));
    });
  withSettings(command, SETTING_NAMES);
  return withExamples(
    command,
    ["keepwarm config", "what is in force, and from where"],
    ["keepwarm config set port 5000", "keep a setting in the config file"],
    ["keepwarm config --port 5000", "what would be in force for a command with that flag"],
  )
    .addCommand(getCommand())
    .addCommand(setCommand())
    .addCommand(unsetCommand());
}

function settingArgument(): Argument {
  return completing(new Argument("<name>", "a setting, such as port"), () =>
    SETTING_NAMES.map((name) => ({ value: name, description: SETTINGS[name].description })),
  );
}

function valueArgument(): Argument {
  return completing(new Argument("<value>", "its value, as a flag would take it"), ([name]) => {
    const known = SETTING_NAMES.find((other) => other === name);
    if (known === undefined) return [];
    return SETTINGS[known].kind.isPath ? "files" : SETTINGS[known].kind.choices;
  });
}

function getCommand(): Command {
  const command = new Command("get")
    .description("print one setting's value in force; an empty line when it is not set")
    .addArgument(settingArgument())
    .action(async (word: string) => {
      const { loadConfig, settingNamed, valueText } = await import("../config/index.ts");
      const name = settingNamed(word);
      console.log(valueText(name, loadConfig().settings[name]));
    });
  return withExamples(command, ["keepwarm config get port", "4777, where nobody chose another"]);
}

function setCommand(): Command {
  const command = new Command("set")
    .description("keep a setting in the config file; a gateway takes it up when it starts")
    .addArgument(settingArgument())
    .addArgument(valueArgument())
    .action(async (word: string, text: string) => {
      const { setInFile, settingNamed } = await import("../config/index.ts");
      const { changeText } = await import("./config-report.ts");
      const name = settingNamed(word);
      console.log(changeText(name, setInFile(name, text)));
    });
  return withExamples(
    command,
    ["keepwarm config set port 5000", "another port"],
    ["keepwarm config set ttl5m 6s", "where the other side scales time"],
  );
}

function unsetCommand(): Command {
  const command = new Command("unset")
    .description("take a setting out of the config file, so that its default holds again")
    .addArgument(settingArgument())
    .action(async (word: string) => {
      const { unsetInFile } = await import("../config/index.ts");
      const { changeText } = await import("./config-report.ts");
      console.log(changeText(word, unsetInFile(word)));
    });
  return withExamples(command, ["keepwarm config unset port", "4777 again"]);
}
