/** `keepwarm statusline` by itself, for Claude Code's status line: what keepwarm install puts beside its settings. */
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { printStatusLine } from "./index.ts";

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await printStatusLine({});
}
