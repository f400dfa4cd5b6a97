/** Variables of the environment that begin as keepwarm's do and mean nothing: misspelt, or of another version. */
import type { Environment } from "./config-path.ts";
import { didYouMean } from "./nearest.ts";
import { SETTING_NAMES, variableOf } from "./settings.ts";

/** Those that are no settings: where keepwarm's files are, and what `keepwarm run` tells a run inside of a run. */
const OTHERS = ["KEEPWARM_HOME", "KEEPWARM_CONFIG", "KEEPWARM_RUN_UPSTREAM"];

/** A sentence for each that is set and that nothing reads. */
export function unknownVariables(env: Environment = process.env): string[] {
  const known = [...SETTING_NAMES.map(variableOf), ...OTHERS];
  return Object.keys(env)
    .filter((name) => name.startsWith("KEEPWARM_") && env[name] && !known.includes(name))
    .toSorted()
    .map((name) => `${name} is no setting, and does nothing.${didYouMean(name, known)}`);
}
