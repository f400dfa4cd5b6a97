/** `keepwarm completion`, and the hidden command that its scripts call. */
import { Argument, Command } from "commander";
import { withExamples } from "../examples.ts";
import type { ShellName } from "./shells.ts";

const NAMES: readonly ShellName[] = ["bash", "zsh", "fish"];

export function completionCommand(): Command {
  const command = new Command("completion")
    .description("print the script that makes a shell complete commands, options and values")
    .addArgument(new Argument("<shell>", "the shell to print it for").choices(NAMES))
    .action(async (shell: ShellName) => {
      const { SHELLS } = await import("./shells.ts");
      process.stdout.write(SHELLS[shell].script);
    });
  return withExamples(
    command,
    ['eval "$(keepwarm completion bash)"', "in ~/.bashrc"],
    ['eval "$(keepwarm completion zsh)"', "in ~/.zshrc, after compinit"],
    ["keepwarm completion fish > ~/.config/fish/completions/keepwarm.fish", "once"],
  );
}

/** `keepwarm __complete <shell> -- <words>`; the last word is the one being typed. */
export function completeCommand(): Command {
  return new Command("__complete")
    .description("answer a shell's completion script")
    .addArgument(new Argument("<shell>", "the shell that asks").choices(NAMES))
    .argument("[words...]", "the words after keepwarm, as the shell has them")
    .action(async (name: ShellName, passed: string[], _options: unknown, { parent }: Command) => {
      if (parent === null) return;
      const [{ SHELLS }, { suggest }] = await Promise.all([import("./shells.ts"), import("./suggest.ts")]);
      const shell = SHELLS[name];
      process.stdout.write(shell.answer(await suggest(parent, shell.words(passed)), passed));
    });
}
