/** Where the one file is that settings may be kept in. */
import { join, resolve } from "node:path";
import { stateDirectory } from "../storage/index.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** `config.json` in the state directory, unless `KEEPWARM_CONFIG` names another. */
export function configPath(env: Environment): string {
  return env.KEEPWARM_CONFIG ? resolve(env.KEEPWARM_CONFIG) : join(stateDirectory(env), "config.json");
}
