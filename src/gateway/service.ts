/** A gateway at work: its port, its console's, its settings on disk, and the record by which others find it. */
import { listPrices, type PriceTable } from "../anthropic/index.ts";
import type { Config } from "../config/index.ts";
import { builtPage, createControlServer } from "../console/index.ts";
import type { GatewayFleet } from "../fleet/index.ts";
import type { Logger } from "../host.ts";
import {
  controlToken,
  createIntake,
  createWarmLeases,
  forgetPausesOfPrograms,
  leaseKey,
  consoleLink as linkTo,
  publish,
  sharedSpending,
} from "../hub/index.ts";
import { LEDGER_NAMESPACE } from "../ledger/index.ts";
import { POLICY_NAMESPACE } from "../policy/index.ts";
import { PREWARM_NAMESPACE } from "../prewarm/index.ts";
import { openSqliteStorage, takeLock } from "../storage/sqlite.ts";
import { systemTimers } from "../timers.ts";
import { controlled } from "./control.ts";
import { createFleetDesk } from "./fleet-desk.ts";
import { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
import { createHealth, watched } from "./health.ts";
import { createHistory } from "./history/index.ts";
import { fixedOptions, liveOptions } from "./options.ts";
import { createGatewayPrewarming } from "./prewarming.ts";
import { createSettingsDesk } from "./settings-desk.ts";

export interface ServiceOptions {
  /** Its settings, and where each came from. */
  readonly config: Pick<Config, "inForce" | "settings" | "env">;
  /** Laid over the shipped ones. @default those alone */
  readonly prices?: PriceTable | undefined;
  /** The state directory. */
  readonly directory: string;
  readonly version: string;
  readonly logger: Logger;
  /** Ends by itself once no run is attached and nothing has passed for so long, in ms. @default never */
  readonly untilIdleMs?: number;
  /** What time it is, and when it will be another. @default the system's */
  readonly clock?: Pick<GatewayOptions, "now" | "monotonicNow" | "timers">;
}

export interface Service {
  readonly gateway: Gateway;
  readonly gatewayUrl: string;
  readonly controlUrl: string;
  /** The console's page, with the token in the fragment: for its person's eyes alone. Null: it is not served. */
  readonly consoleLink: string | null;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** Takes nothing new, and gives what is under way some seconds to end. */
  stop(): Promise<void>;
}

/** The namespace of settings: that of the manifest. */
const NAMESPACE = "cache-warming";

const HISTORY_NAMESPACE = "history";
const FLEET_NAMESPACE = "fleet";

/** More are conversations that nobody will come back to. */
const MAX_CONVERSATIONS = 10_000;

/** How long a response under way may take to end when the gateway stops, in ms. */
const GRACE_MS = 5_000;

/** How often an idle gateway looks whether it should end, in ms. */
const IDLE_CHECK_MS = 15_000;

/** @throws the system's error when a port is taken, or the state directory cannot be used */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, prices, directory, version, logger, untilIdleMs, clock = systemClock() } = options;
  const { now, timers } = clock;
  const { host, port, consolePort, console: page } = config.settings;
  const token = await controlToken(directory);
  // Two would warm the same conversations, and only one of them could be found.
  const lock = takeLock(`${directory}/gateway.lock`);
  if (lock === null) throw new Error(`another gateway is at work in ${directory}: end it with keepwarm stop`);
  const health = createHealth(now);
  const database = openSqliteStorage({ file: `${directory}/keepwarm.sqlite`, logger });
  const namespace = (name: string) => watched(database.namespace(name), health);
  const storage = namespace(NAMESPACE);
  const startedAt = now();
  const leases = createWarmLeases({ stateDirectory: directory, host: "gateway" });
  const spending = sharedSpending(directory, logger);
  const { keeping, change } = liveOptions(config.settings, {
    storage: namespace(POLICY_NAMESPACE),
    spending,
  });
  const fixed = fixedOptions(config.settings);
  const fleet = config.settings.fleet ? await joinFleet().catch(withoutFleet) : null;
  const prewarming = createGatewayPrewarming({
    settings: config.settings,
    live: () => settings.live,
    gateway: () => gateway,
    storage: namespace(PREWARM_NAMESPACE),
    spending,
    nameKey: leaseKey(directory),
    env: config.env,
    prices,
    clock,
    logger,
    fleet,
  });
  const gateway = createGateway({
    notice: prewarming.notice,
    ...fixed,
    ...change,
    keeping,
    ...(fleet === null ? {} : { dispatch: fleet.dispatch }),
    ...(prices === undefined ? {} : { prices }),
    storage,
    ledger: namespace(LEDGER_NAMESPACE),
    health,
    logger,
    ...clock,
    maxConversations: MAX_CONVERSATIONS,
    mayWarm: leases.mayWarm,
    switched: (conversationId, enabled) => history.switched(conversationId, enabled),
  });
  const { keeper } = gateway;
  leases.follow(keeper);
  const history = createHistory({ keeper, storage: namespace(HISTORY_NAMESPACE), timers, logger, now });
  const settings = createSettingsDesk({
    config,
    apply(live) {
      const changed = liveOptions(live);
      Object.assign(keeping, changed.keeping);
      gateway.change(changed.change);
      prewarming.apply();
    },
  });
  const desk = fleet === null ? null : createFleetDesk(fleet);
  const control = createControlServer({
    token,
    ...(page ? { page: builtPage() } : {}),
    controlled: controlled({
      gateway,
      history,
      settings,
      health,
      prewarming,
      fleet: desk,
      storage,
      prices: listPrices(prices),
      version,
      startedAt,
      page,
      maxHeldBytes: fixed.maxHeldBytes,
      now,
      forgetPrograms: () => forgetPausesOfPrograms(directory, logger),
      stop: () => void stop(),
    }),
    onError: (error) =>
      logger.error("keepwarm: the control API failed", {
        error: error instanceof Error ? error.message : String(error),
      }),
  });
  const intake = createIntake({
    stateDirectory: directory,
    storage: namespace(LEDGER_NAMESPACE),
    logger,
    timers,
    // What others have booked counts from now on, and not with the next report.
    onChange: () => void keeper.ledger.report(startedAt).catch(() => {}),
  });
  const ended = Promise.withResolvers<void>();
  let stopping: Promise<void> | null = null;
  let withdraw = async () => {};

  async function joinFleet(): Promise<GatewayFleet> {
    // Loaded by nobody else: it needs packages that a person has not got.
    const { openGatewayFleet } = await import("../fleet/index.ts");
    const { warmTokens, budgetThinking, ttl5mMs, ttl1hMs, maxWarms } = fixed;
    return openGatewayFleet({
      env: config.env,
      directory,
      version,
      logger,
      storage: namespace(FLEET_NAMESPACE),
      keeping,
      settings: { budgetThinking, ttl5mMs, ttl1hMs, ...(warmTokens === undefined ? {} : { warmTokens }) },
      concurrency: maxWarms,
      prices,
      now,
      monotonicNow: clock.monotonicNow,
      reachable(why) {
        if (why === null) health.fine("fleet");
        else
          health.trouble(
            "fleet",
            `The fleet's database does not answer: ${why}. Nothing new is warmed meanwhile.`,
          );
      },
    });
  }

  function withoutFleet(error: unknown): never {
    database.close();
    lock?.release();
    throw error;
  }

  function stop(): Promise<void> {
    stopping ??= shutDown();
    return stopping;
  }

  async function shutDown(): Promise<void> {
    clearInterval(idleCheck);
    // What is on its way is called off at once, and may be billed.
    const prewarmed = prewarming.stop();
    // First, so that nobody finds it any more who could still be sent away.
    await withdraw();
    await control.close();
    intake.dispose();
    await prewarmed;
    await gateway.close(GRACE_MS);
    await fleet?.close();
    leases.releaseAll();
    // Whatever it was taking in is in.
    await intake.now();
    await history.close();
    database.close();
    lock?.release();
    ended.resolve();
  }

  const idleCheck = setInterval(
    () => {
      if (untilIdleMs !== undefined && gateway.quietMs() >= untilIdleMs) void stop();
    },
    Math.min(IDLE_CHECK_MS, untilIdleMs ?? IDLE_CHECK_MS),
  );
  idleCheck.unref();

  keeper.events.on("warmCompleted", ({ conversationId, usage, foreign }) => {
    if (foreign) return;
    const { cacheReadTokens: read, cacheWriteTokens: wrote } = usage;
    logger.info("keepwarm: warmed", { conversationId, read, wrote });
  });

  try {
    const gatewayUrl = await gateway.listen({ host, port });
    const { url: controlUrl } = await control.listen(consolePort).catch(ofControl);
    const record = { pid: process.pid, gatewayUrl, controlUrl, startedAt, version };
    ({ withdraw } = await publish(directory, record));
    if (config.settings.prewarm) prewarming.apply();
    const consoleLink = page ? linkTo(controlUrl, token) : null;
    return { gateway, gatewayUrl, controlUrl, consoleLink, ended: ended.promise, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function systemClock(): NonNullable<ServiceOptions["clock"]> {
  return { now: Date.now, monotonicNow: () => performance.now(), timers: systemTimers() };
}

/** Says which of the two ports it was. */
function ofControl(error: unknown): never {
  throw error instanceof Error ? Object.assign(error, { isControl: true }) : error;
}
