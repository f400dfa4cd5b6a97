import { Command, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { flagOf, SETTINGS, type SettingName, type Settings, valueText } from "../config/index.ts";
import { withExamples } from "./examples.ts";
import { pricesFrom } from "./price-file.ts";
import { settingsOf, withSettings } from "./setting-options.ts";

const TAKEN: readonly SettingName[] = [
  "host",
  "port",
  "controlPort",
  "upstream",
  "enableNew",
  "keepWarm",
  "maxUsdPerPause",
  "maxUsdPerDay",
  "minPrefixTokens",
  "tier",
  "maxWarms",
  "maxHeldMb",
  "allowSubscription",
  "budgetThinking",
  "warmTokens",
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
    .action(({ untilIdle = false }: { untilIdle?: boolean }) =>
      serve(settingsOf(command).settings, untilIdle),
    );
  withSettings(command, TAKEN);
  return withExamples(
    command,
    ["keepwarm start", "then ANTHROPIC_BASE_URL=http://127.0.0.1:4777 for any program"],
    ["keepwarm start --enable-new", "keep every new conversation warm"],
  );
}

async function serve(settings: Settings, untilIdle: boolean): Promise<void> {
  const [{ startService }, { stateDirectory }, { createLog }] = await Promise.all([
    import("../gateway/index.ts"),
    import("../storage/index.ts"),
    import("./log.ts"),
  ]);
  const directory = stateDirectory();
  await refuseSecond(directory);
  const { host, port, controlPort, upstream, enableNew, maxWarms, maxHeldMb, warmTokens, ...others } =
    settings;
  const prices = await pricesFrom(others.prices);
  const service = await startService({
    host,
    port,
    controlPort,
    upstream: new URL(upstream),
    enableNew,
    keeping: {
      keepWarm: others.keepWarm,
      limits: {
        ...(others.maxUsdPerPause === undefined ? {} : { spanUsd: others.maxUsdPerPause }),
        ...(others.maxUsdPerDay === undefined ? {} : { dayUsd: others.maxUsdPerDay }),
        ...(others.minPrefixTokens === undefined ? {} : { minPrefixTokens: others.minPrefixTokens }),
      },
    },
    maxWarms,
    maxHeldBytes: maxHeldMb * 1_000_000,
    allowSubscription: others.allowSubscription,
    budgetThinking: others.budgetThinking,
    ttl5mMs: others.ttl5m,
    ttl1hMs: others.ttl1h,
    ...(others.tier === undefined ? {} : { tier: others.tier }),
    ...(warmTokens === undefined ? {} : { warmTokens }),
    ...(prices === undefined ? {} : { prices }),
    directory,
    version: packageJson.version,
    logger: createLog(others.logLevel),
    flags: flagsOf(settings),
    ...(untilIdle ? { untilIdleMs: IDLE_MS } : {}),
  });
  console.log(`keepwarm gateway: ${service.gatewayUrl} → ${service.gateway.upstreamUrl}`);
  console.log(`Point a client at it: ANTHROPIC_BASE_URL=${service.gatewayUrl}`);
  console.log(
    enableNew
      ? "New conversations are kept warm. keepwarm status shows them, keepwarm off ends it."
      : "Nothing is kept warm until you say so: keepwarm status shows what passes, keepwarm on keeps it warm.",
  );
  const stop = () => void service.stop();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
  await service.ended;
  console.log("The gateway has stopped.");
}

/** The settings that are not the defaults, as flags. */
function flagsOf(settings: Settings): string[] {
  return TAKEN.flatMap((name) => {
    const value = settings[name];
    if (value === SETTINGS[name].default || value === undefined) return [];
    if (typeof value === "boolean") return [value ? flagOf(name) : flagOf(name).replace("--", "--no-")];
    return [flagOf(name), valueText(name, value)];
  });
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
