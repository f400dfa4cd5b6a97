import { Command, InvalidArgumentError, Option } from "commander";
import { completing } from "./completion/completer.ts";
import { openConversations } from "./conversation-argument.ts";
import { withExamples } from "./examples.ts";
import type { StatusLineAsked } from "./statusline/asked.ts";
import { PLACEHOLDERS, unknownPlaceholder } from "./statusline/format.ts";

const places = Object.entries(PLACEHOLDERS).map(([name, meaning]) => `  ${`{${name}}`.padEnd(9)} ${meaning}`);

export function statuslineCommand(): Command {
  const command = new Command("statusline")
    .description("print one line about what is kept warm, for a prompt, tmux or Claude Code's status line")
    .addOption(
      completing(
        new Option("--conversation <conversation>", "its folder or id, or the beginning of it"),
        openConversations,
      ),
    )
    .addOption(
      new Option("--format <text>", "what to print, with the places below (default: {line})").argParser(
        format,
      ),
    )
    .addHelpText(
      "after",
      `
Of which conversation: --conversation, else the session that Claude Code tells on the input, else all that are on.

Places in a format:
${places.join("\n")}

Exit codes: 0 where there is a line; 1 where there is nothing to show, and then it prints nothing: no gateway, no such
conversation, or no answer within a second. docs/terminal.md has lines for bash, zsh, fish, tmux, starship and Claude Code.`,
    )
    .action(async (asked: StatusLineAsked) => {
      const { printStatusLine } = await import("./statusline/index.ts");
      await printStatusLine(asked);
    });
  return withExamples(
    command,
    ["keepwarm statusline", "warm 3:12 · 98 % · net $1.24"],
    ["keepwarm statusline --conversation cathedral", "of the conversation in that folder"],
    ["keepwarm statusline --format '{next} {net}'", "3:12 $1.24"],
  );
}

function format(text: string): string {
  const unknown = unknownPlaceholder(text);
  if (unknown === null) return text;
  const known = Object.keys(PLACEHOLDERS).map((name) => `{${name}}`);
  throw new InvalidArgumentError(`There is no place {${unknown}}; there are: ${known.join(", ")}.`);
}
