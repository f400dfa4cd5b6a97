/** A command run as `keepwarm run` runs it, with or without a terminal. */
import { endAs, runChild } from "../../src/cli/run/child.ts";

const [terminal, file = "", ...args] = process.argv.slice(2);
endAs(await runChild({ file, args, env: process.env, hasTerminal: terminal === "terminal" }));
