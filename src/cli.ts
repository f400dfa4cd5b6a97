#!/usr/bin/env node
/** The keepwarm command. */
import { CommanderError } from "commander";
import { exitCodeOf, explain, FAILURE, USAGE } from "./cli/errors.ts";
import { startFrugal } from "./cli/frugal-memory.ts";
import { createProgram } from "./cli/program.ts";

// Whoever reads our output may stop reading: `keepwarm demo | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`keepwarm: it needs Node 22.19 or later; this is ${process.versions.node}.`);
  process.exitCode = FAILURE;
} else {
  if (process.argv[2] === "start") startFrugal(process);
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Its own message is out by now; help and version are no errors.
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
    } else {
      for (const line of explain(error).split("\n")) console.error(`keepwarm: ${line}`);
      process.exitCode = exitCodeOf(error);
    }
  }
}
