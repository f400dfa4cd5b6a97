/** `npm run keepwarm -- …` in a clone: the command, in the folder that its person is in and not in the clone's. */
import { env } from "node:process";

const { INIT_CWD } = env;
// What the command starts is not to take itself for a script of npm's.
for (const name of Object.keys(env)) {
  if (name === "INIT_CWD" || name.startsWith("npm_")) delete env[name];
}
if (INIT_CWD !== undefined) process.chdir(INIT_CWD);
await import("../src/cli.ts");
