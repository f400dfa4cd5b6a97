/** Where the one file is that settings may be kept in. */
import { homedir } from "node:os";
import { join, resolve, sep } from "node:path";
import { stateDirectory } from "../storage/index.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** `config.json` in the state directory, unless `KEEPWARM_CONFIG` names another. */
export function configPath(env: Environment): string {
  return env.KEEPWARM_CONFIG ? resolve(env.KEEPWARM_CONFIG) : join(stateDirectory(env), "config.json");
}

/** With `~` for the person's home. */
export function shortPath(path: string, home: string = homedir()): string {
  return path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
