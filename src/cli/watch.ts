import { Command } from "commander";
import { withExamples } from "./examples.ts";

export function watchCommand(): Command {
  const command = new Command("watch")
    .description("show live what the running gateway does, and what happens in each conversation")
    .option("--json", "print each event as a line of JSON", false)
    .addHelpText(
      "after",
      `
Keys: q or Ctrl-C ends it; arrows, j and k, Page Up and Down scroll.
Where it is not run in a terminal, it prints a line for each thing that happens.
A gateway that goes is waited for, and the next one is shown.

Exit codes: 0 when you end it; 1 where no gateway is running when it begins.`,
    )
    .action(async (options: { json: boolean }) => {
      const { watch } = await import("./watch/index.ts");
      await watch(options);
    });
  return withExamples(
    command,
    ["keepwarm watch", "countdowns, percentages and money, as they change"],
    ["keepwarm watch | grep warmed", "a line for each warm"],
    ["keepwarm watch --json | jq 'select(.type == \"history\")'", "what happens, for a program"],
  );
}
