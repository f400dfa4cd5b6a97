import { Argument, Command } from "commander";
import { didYouMean } from "../config/index.ts";
import { completing } from "./completion/completer.ts";
import { UsageError } from "./errors.ts";
import { withExamples } from "./examples.ts";

export function helpCommand(): Command {
  const command = new Command("help").description("print the help of a command");
  const words = new Argument("[command...]", "the command, such as config set");
  return withExamples(
    command
      .addArgument(
        completing(words, (before) => {
          const reached = commandAt(command.parent, before);
          return reached === null ? [] : listed(reached);
        }),
      )
      .action((path: readonly string[]) => {
        const reached = commandAt(command.parent, path);
        if (reached === null) throw new UsageError(unknown(command.parent, path));
        reached.outputHelp();
      }),
    ["keepwarm help on", "as keepwarm on --help"],
  );
}

function commandAt(program: Command | null, path: readonly string[]): Command | null {
  return path.reduce<Command | null>(
    (reached, word) => reached?.commands.find((command) => command.name() === word) ?? null,
    program,
  );
}

function listed(command: Command) {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => ({ value: sub.name(), description: sub.description() }));
}

function unknown(program: Command | null, path: readonly string[]): string {
  const wrong = path.findIndex((_, index) => commandAt(program, path.slice(0, index + 1)) === null);
  const parent = commandAt(program, path.slice(0, wrong));
  const names = parent === null ? [] : listed(parent).map(({ value }) => value);
  const hint = didYouMean(path[wrong] ?? "", names) || " keepwarm --help shows those there are.";
  return `there is no command ${path.join(" ")}.${hint}`;
}
