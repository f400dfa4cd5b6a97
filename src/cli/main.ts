/** Any command, by the tree of them. */
import { CommanderError } from "commander";
import { exitCodeOf, explain, USAGE } from "./errors.ts";
import { startFrugal } from "./frugal-memory.ts";
import { invokedAs } from "./invoked-as.ts";
import { createProgram } from "./program.ts";

export async function main(): Promise<void> {
  if (process.argv[2] === "start") startFrugal(process);
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Its own message is out by now; help and version are no errors.
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    for (const line of explain(error).split("\n")) console.error(`keepwarm: ${invokedAs(line)}`);
    process.exitCode = exitCodeOf(error);
  }
}
