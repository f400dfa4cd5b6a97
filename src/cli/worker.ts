import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { withExamples } from "./examples.ts";

const MORE_HELP = `
Environment:
  DATABASE_URL                          postgres:// URL of the fleet's database
  KEEPWARM_FLEET_KEY                    keys that prompts are encrypted with, the newest first (or _FILE)
  KEEPWARM_FLEET_API_KEY                API keys to send with, one a workspace (or _FILE)
  KEEPWARM_FLEET_BACKEND                postgres or cockroachdb (default: what the server says)
  KEEPWARM_FLEET_ARTIFACTS              folder for artifacts, shared with gateways (default: the database)
  KEEPWARM_FLEET_LOADERS                module that registers loaders for artifacts of your own
  KEEPWARM_WORKER_CONCURRENCY           jobs at once (default: 4)
  KEEPWARM_WORKER_POLL_INTERVAL_SECS    between two looks at the pre-warm and artifact queues (default: 5)
  KEEPWARM_WORKER_HEARTBEAT_SECS        between two signs of life for their jobs (default: 30)
  KEEPWARM_WORKER_STALE_THRESHOLD_SECS  without one, they are another worker's (default: 120)
  KEEPWARM_WORKER_HEALTH_PORT           of /health, /ready and /metrics; 0 for any that is free (default: 8081)
  KEEPWARM_WORKER_MAX_RETRIES           times a job is tried again (default: 3)`;

export function workerCommand(): Command {
  const command = new Command("worker")
    .description("warm for a team: claim the jobs of its gateways from their database")
    .action(work)
    .addHelpText("after", MORE_HELP);
  return withExamples(command, [
    "DATABASE_URL=postgres://… keepwarm worker",
    "as many of them as there is work",
  ]);
}

async function work(): Promise<void> {
  const [{ startWorkerProcess }, { pricesFrom }, { unknownVariables }] = await Promise.all([
    import("../fleet/index.ts"),
    import("./price-file.ts"),
    import("../config/index.ts"),
  ]);
  const { env } = process;
  for (const sentence of unknownVariables(env)) console.error(`keepwarm: ${sentence}`);
  const worker = await startWorkerProcess({
    env,
    version: packageJson.version,
    prices: await pricesFrom(env.KEEPWARM_PRICES || undefined),
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  await promise;
  await worker.stop();
}
