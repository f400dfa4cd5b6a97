/** Variables of the environment that begin as keepwarm's do and mean nothing: misspelt, or of another version. */
import type { Environment } from "./config-path.ts";
import { didYouMean } from "./nearest.ts";
import { SETTING_NAMES, variableOf } from "./settings.ts";

/** Those that are no settings: where keepwarm's files are, and what `keepwarm run` tells a run inside of a run. */
const OTHERS = ["KEEPWARM_HOME", "KEEPWARM_CONFIG", "KEEPWARM_RUN_UPSTREAM"];

/** Those that only the fleet reads (docs/fleet.md), named here because a gateway says which it does not know. */
const OF_THE_FLEET = [
  ...["KEY", "KEY_FILE", "API_KEY", "API_KEY_FILE", "BACKEND", "ARTIFACTS", "LOADERS", "DASHBOARD"].map(
    (name) => `KEEPWARM_FLEET_${name}`,
  ),
  ...[
    "CONCURRENCY",
    "POLL_INTERVAL_SECS",
    "HEARTBEAT_SECS",
    "STALE_THRESHOLD_SECS",
    "HEALTH_PORT",
    "MAX_RETRIES",
  ].map((name) => `KEEPWARM_WORKER_${name}`),
];

/** A sentence for each that is set and that nothing reads. */
export function unknownVariables(env: Environment = process.env): string[] {
  const known = [...SETTING_NAMES.map(variableOf), ...OTHERS, ...OF_THE_FLEET];
  return Object.keys(env)
    .filter((name) => name.startsWith("KEEPWARM_") && env[name] && !known.includes(name))
    .toSorted()
    .map((name) => `${name} is no setting, and does nothing.${didYouMean(name, known)}`);
}
