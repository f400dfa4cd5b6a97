#!/usr/bin/env node
/** The keepwarm command. */
import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { demoCommand } from "./cli/demo.ts";
import { emulatorCommand } from "./cli/emulator.ts";
import { explain, FAILURE, USAGE, UsageError } from "./cli/errors.ts";

// Whoever reads our output may stop reading: `keepwarm demo | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const program = new Command("keepwarm")
  .description("Keeps an LLM conversation's prompt cache warm while its person is away.")
  .version(packageJson.version, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "keepwarm: ")) })
  .exitOverride();

for (const command of [demoCommand(), emulatorCommand()]) {
  command.copyInheritedSettings(program);
  command.showHelpAfterError(`Run keepwarm ${command.name()} --help for what there is.`);
  program.addCommand(command);
}
program.showHelpAfterError("Run keepwarm --help for what there is.");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`keepwarm: it needs Node 22.19 or later; this is ${process.versions.node}.`);
  process.exitCode = FAILURE;
} else {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Its own message is out by now; help and version are no errors.
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
    } else {
      console.error(`keepwarm: ${explain(error)}`);
      process.exitCode = error instanceof UsageError ? USAGE : FAILURE;
    }
  }
}
