/** The tree of commands. */
import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { auditCommand } from "./audit.ts";
import { completeCommand, completionCommand } from "./completion/index.ts";
import { configCommand } from "./config.ts";
import { consoleCommand } from "./console.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { emulatorCommand } from "./emulator.ts";
import { fleetCommand } from "./fleet.ts";
import { forgetCommand } from "./forget.ts";
import { helpCommand } from "./help.ts";
import { installCommand, uninstallCommand } from "./install.ts";
import { intervalCommand } from "./interval.ts";
import { invokedAs } from "./invoked-as.ts";
import { labCommand } from "./lab.ts";
import { prewarmCommand } from "./prewarm.ts";
import { reportCommand } from "./report.ts";
import { runCommand } from "./run.ts";
import { settingHelp } from "./setting-options.ts";
import { startCommand } from "./start.ts";
import { statusCommand } from "./status.ts";
import { statuslineCommand } from "./statusline.ts";
import { stopCommand } from "./stop.ts";
import { bold } from "./style.ts";
import { offCommand, onCommand } from "./switch.ts";
import { usageText } from "./usage-text.ts";
import { warmCommand } from "./warm.ts";
import { watchCommand } from "./watch.ts";
import { workerCommand } from "./worker.ts";

/** In the order of `keepwarm --help`. Commands load what they need when they run. */
const GROUPS: readonly (readonly [heading: string, commands: readonly (() => Command)[]])[] = [
  ["Keep agents warm:", [runCommand, startCommand, prewarmCommand, installCommand, uninstallCommand]],
  [
    "The running gateway:",
    [
      statusCommand,
      watchCommand,
      statuslineCommand,
      consoleCommand,
      reportCommand,
      onCommand,
      offCommand,
      intervalCommand,
      warmCommand,
      forgetCommand,
      stopCommand,
    ],
  ],
  ["For a team:", [workerCommand, fleetCommand]],
  ["Without an API key:", [auditCommand, demoCommand, emulatorCommand, labCommand]],
  ["Settings and help:", [doctorCommand, configCommand, completionCommand]],
];

const MORE_HELP = `
Environment:
  KEEPWARM_HOME    folder of keepwarm's files
  KEEPWARM_CONFIG  config file (default: config.json in that folder)
  KEEPWARM_…       each setting has one: keepwarm config --help
  NO_COLOR         print without colours; FORCE_COLOR prints with them

Exit codes:
  0  done
  1  it could not be done; the reason is on stderr
  2  the command, an option or a setting is wrong
  keepwarm run ends as what it runs ends; 127: there is no such command, 126: it cannot be run

keepwarm <command> --help shows what a command takes, with examples.`;

export function createProgram(): Command {
  const program = new Command("keepwarm")
    .description("Keeps an LLM conversation's prompt cache warm while its person is away.")
    .version(packageJson.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .configureHelp({ ...settingHelp, styleTitle: bold })
    .addHelpText("after", MORE_HELP)
    // So that what follows a command is that command's.
    .enablePositionalOptions()
    .exitOverride();
  for (const [heading, commands] of GROUPS) {
    for (const create of commands) program.addCommand(create().helpGroup(heading));
  }
  program.addCommand(helpCommand().helpGroup("Settings and help:"));
  program.addCommand(completeCommand(), { hidden: true });
  for (const command of program.commands) inherit(command, program);
  return refusingInOurWords(program);
}

function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  // `keepwarm help` is enough: there is --help everywhere.
  command.helpCommand(false);
  for (const sub of command.commands) inherit(sub, command);
  refusingInOurWords(command);
}

function refusingInOurWords(command: Command): Command {
  return command.configureOutput({
    outputError: (text, write) => write(`keepwarm: ${invokedAs(usageText(text, pathOf(command)))}\n`),
  });
}

/** `keepwarm config set`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
