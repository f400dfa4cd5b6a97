#!/usr/bin/env node
/** The keepwarm command. */
import { statusLineAsked } from "./cli/statusline/asked.ts";

// Whoever reads our output may stop reading: `keepwarm demo | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const asked = statusLineAsked(process.argv.slice(2));
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`keepwarm: it needs Node 22.19 or later; this is ${process.versions.node}.`);
  process.exitCode = 1;
} else if (asked === null) {
  const { main } = await import("./cli/main.ts");
  await main();
} else {
  // Drawn every second or two: it does not wait for the tree of commands to be loaded.
  const { printStatusLine } = await import("./cli/statusline/index.ts");
  await printStatusLine(asked);
}
