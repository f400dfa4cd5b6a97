import { Command, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { type Config, type SettingName, unknownVariables, variableOf } from "../config/index.ts";
import { explain } from "./errors.ts";
import { withExamples } from "./examples.ts";
import { tell } from "./invoked-as.ts";
import { pricesFrom } from "./price-file.ts";
import { settingsOf, withSettings } from "./setting-options.ts";

const TAKEN: readonly SettingName[] = [
  "host",
  "port",
  "consolePort",
  "console",
  "upstream",
  "enableNew",
  "keepWarm",
  "maxUsdPerPause",
  "maxUsdPerDay",
  "minPrefixTokens",
  "tier",
  "fleet",
  "maxWarms",
  "maxHeldMb",
  "allowSubscription",
  "budgetThinking",
  "warmTokens",
  "prewarm",
  "prewarmCatalogue",
  "prewarmMaxUsdPerDay",
  "prewarmKeyFile",
  "ttl5m",
  "ttl1h",
  "prices",
  "logLevel",
];

/** A gateway that nobody started by hand ends when nobody has used it for so long, in ms. */
const IDLE_MS = 600_000;

export function startCommand(): Command {
  const command = new Command("start")
    .description("start the gateway: agents that use it as their base URL can be kept warm")
    .addOption(new Option("--until-idle", "end once no run has used it for ten minutes").hideHelp())
    .action(({ untilIdle = false }: { untilIdle?: boolean }) => serve(settingsOf(command), untilIdle));
  withSettings(command, TAKEN);
  return withExamples(
    command,
    ["keepwarm start", "then ANTHROPIC_BASE_URL=http://127.0.0.1:4777 for any program"],
    ["keepwarm start --enable-new", "keep every new conversation warm"],
  );
}

async function serve(config: Config, untilIdle: boolean): Promise<void> {
  const { settings } = config;
  const [{ startService }, { stateDirectory }, { createLog }] = await Promise.all([
    import("../gateway/index.ts"),
    import("../storage/index.ts"),
    import("./log.ts"),
  ]);
  const directory = stateDirectory();
  for (const sentence of unknownVariables()) console.error(`keepwarm: ${sentence}`);
  await refuseSecond(directory);
  const service = await startService({
    config,
    prices: await pricesFrom(settings.prices),
    directory,
    version: packageJson.version,
    logger: createLog(settings.logLevel),
    ...(untilIdle ? { untilIdleMs: IDLE_MS } : {}),
  }).catch(async (error: unknown) => {
    const told = await withHolder(error);
    // keepwarm run starts it so, and takes none of these flags.
    throw untilIdle ? new Error(withoutFlags(explain(told))) : told;
  });
  const { openToNetwork } = await import("./open-to-network.ts");
  const open = openToNetwork(settings.host);
  if (open !== null) console.error(`keepwarm: ${open}`);
  console.log(`keepwarm gateway: ${service.gatewayUrl} → ${service.gateway.upstreamUrl}`);
  console.log(`Point a client at it: ANTHROPIC_BASE_URL=${service.gatewayUrl}`);
  tell(
    settings.enableNew
      ? "New conversations are kept warm. keepwarm status shows them, keepwarm off ends it."
      : "Nothing is kept warm until you say so: keepwarm status shows what passes, keepwarm on keeps it warm.",
  );
  // A token has no business in a log, which is where this goes when nobody is there to read it.
  if (service.consoleLink !== null && process.stdout.isTTY) console.log(`Console: ${service.consoleLink}`);
  const stop = () => void service.stop();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
  await service.ended;
  console.log("The gateway has stopped.");
}

/** A port that is taken, with who has it. */
async function withHolder(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("port" in error) || !("code" in error)) return error;
  const { code, port } = error;
  if (code !== "EADDRINUSE" || typeof port !== "number") return error;
  const { holderOf } = await import("./port-holder.ts");
  return Object.assign(error, { holder: await holderOf(port) });
}

function withoutFlags(sentence: string): string {
  const stored = (name: SettingName) => `keepwarm config set ${name} <another>, or ${variableOf(name)}`;
  return sentence
    .replace("--console-port", stored("consolePort"))
    .replace("--port", stored("port"))
    .replace("--host", stored("host"));
}

/** @throws when a gateway of this state directory is running: two would warm the same conversations */
async function refuseSecond(directory: string): Promise<void> {
  const { discover } = await import("../hub/index.ts");
  const found = await discover(directory);
  if (found.state !== "running") return;
  const { pid, gatewayUrl } = found.client.record;
  throw new Error(
    `a gateway is running already, at ${gatewayUrl} (process ${pid}): use it, or end it with keepwarm stop`,
  );
}
