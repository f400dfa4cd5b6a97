import type { Command } from "commander";

/** Shows at the end of a command's help how it is used; each example with what it is for. */
export function withExamples(
  command: Command,
  ...examples: readonly (readonly [line: string, purpose: string])[]
): Command {
  const widest = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, purpose]) => `  ${line.padEnd(widest)}  ${purpose}`);
  const heading = examples.length === 1 ? "Example:" : "Examples:";
  return command.addHelpText("after", `\n${[heading, ...lines].join("\n")}`);
}
