import { resolve } from "node:path";
import { Argument, Command, type Option } from "commander";
import { SETTING_NAMES, SETTINGS, type SettingName } from "../config/index.ts";
import { completing } from "./completion/completer.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { tell } from "./invoked-as.ts";
import { pricesFrom } from "./price-file.ts";
import { settingsOf, withSettings } from "./setting-options.ts";

export function configCommand(): Command {
  const command = new Command("config")
    .description("show every setting in force and where it comes from, or change the config file")
    .option("--json", "print JSON")
    .action(async ({ json = false }: { json?: boolean }) => {
      const [{ asJson, asTable }, { settingsInGateway }] = await Promise.all([
        import("./config-report.ts"),
        import("./running-settings.ts"),
      ]);
      const config = settingsOf(command);
      const running = await settingsInGateway(config);
      if (json) console.log(asJson(config, running));
      else tell(asTable(config, running));
      await warnOfVariables();
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
      const [{ settingNamed, valueText }, { insteadSentence, settingsInGateway }] = await Promise.all([
        import("../config/index.ts"),
        import("./running-settings.ts"),
      ]);
      refuseBefore(command, (option) => option.long !== "--json");
      const name = settingNamed(word);
      const config = settingsOf(command.parent ?? command);
      console.log(valueText(name, config.settings[name]));
      await warnOfVariables();
      const { pid = 0, instead = [] } = (await settingsInGateway(config)) ?? {};
      const other = instead.find((one) => one.name === name);
      if (other === undefined) return;
      console.error(`keepwarm: the running gateway (process ${pid}) uses another: ${insteadSentence(other)}`);
    });
  return withExamples(
    command,
    ["keepwarm config get port", "4777, where nobody chose another"],
    ["keepwarm config --port 5000 get port", "5000: what would be in force for a command with that flag"],
  );
}

async function tellGateway(name: SettingName, text: string | null): Promise<void> {
  const { haveTakenUp } = await import("./running-settings.ts");
  const said = await haveTakenUp(name, text);
  if (said !== null) tell(said);
}

async function warnOfVariables(): Promise<void> {
  const { unknownVariables } = await import("../config/index.ts");
  for (const sentence of unknownVariables()) console.error(`keepwarm: ${sentence}`);
}

/** The options of `keepwarm config` may stand before what it is followed by, where most of them mean nothing. */
function refuseBefore(command: Command, means: (option: Option) => boolean = () => false): void {
  const { parent } = command;
  const given = parent?.options.filter(
    (option) =>
      !option.negate && parent.getOptionValueSource(option.attributeName()) === "cli" && !means(option),
  );
  if (!given?.length) return;
  const flags = given.map(({ long }) => long).join(" and ");
  throw new UsageError(
    `config ${command.name()} does nothing with ${flags}: leave it out. keepwarm config ${command.name()} --help shows what there is.`,
  );
}

function setCommand(): Command {
  const command = new Command("set")
    .description("keep a setting in the config file, and have the running gateway take it up where it can")
    .addArgument(settingArgument())
    .addArgument(valueArgument())
    .action(async (word: string, text: string) => {
      const { setInFile, settingNamed } = await import("../config/index.ts");
      const { storedText } = await import("./config-report.ts");
      refuseBefore(command);
      const name = settingNamed(word);
      // A gateway that cannot read them would not start.
      if (name === "prices") await pricesFrom(resolve(text));
      console.log(storedText(name, text, setInFile(name, text)));
      // The gateway is at home in another folder.
      await tellGateway(name, SETTINGS[name].kind.isPath ? resolve(text) : text);
      if (name !== "host") return;
      const { openToNetwork } = await import("./open-to-network.ts");
      const open = openToNetwork(text);
      if (open !== null) console.error(`keepwarm: ${open}`);
    });
  return withExamples(
    command,
    ["keepwarm config set maxUsdPerDay 1", "a limit, in force in the running gateway at once"],
    ["keepwarm config set port 5000", "another port, from the next start on"],
    ["keepwarm config set ttl5m 6s", "where the other side scales time"],
  );
}

function unsetCommand(): Command {
  const command = new Command("unset")
    .description("take a setting out of the config file, so that its default holds again")
    .addArgument(settingArgument())
    .action(async (word: string) => {
      const { unsetInFile } = await import("../config/index.ts");
      const { takenOutText } = await import("./config-report.ts");
      refuseBefore(command);
      console.log(takenOutText(word, unsetInFile(word)));
      const name = SETTING_NAMES.find((known) => known === word);
      if (name !== undefined) await tellGateway(name, null);
    });
  return withExamples(command, ["keepwarm config unset port", "4777 again"]);
}
