/** A gateway at work: its port, its control port, its settings on disk, and the record by which others find it. */
import { listPrices } from "../anthropic/index.ts";
import { builtPage, createControlServer } from "../console/index.ts";
import type { Logger } from "../host.ts";
import { controlToken, consoleLink as linkTo, publish } from "../hub/index.ts";
import { LEDGER_NAMESPACE } from "../ledger/index.ts";
import { POLICY_NAMESPACE } from "../policy/index.ts";
import { openSqliteStorage, takeLock } from "../storage/sqlite.ts";
import { systemTimers } from "../timers.ts";
import { controlled } from "./control.ts";
import { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";

export interface ServiceOptions
  extends Omit<
    GatewayOptions,
    "storage" | "ledger" | "timers" | "now" | "monotonicNow" | "maxConversations" | "logger"
  > {
  readonly host: string;
  readonly port: number;
  readonly consolePort: number;
  /** Serve the console's page there, beside the control API. */
  readonly console: boolean;
  /** The state directory. */
  readonly directory: string;
  readonly version: string;
  readonly logger: Logger;
  /** What makes another gateway take its place: flags of `keepwarm start`. */
  readonly flags: readonly string[];
  /** Ends by itself once no run is attached and nothing has passed for so long, in ms. @default never */
  readonly untilIdleMs?: number;
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

/** More are conversations that nobody will come back to. */
const MAX_CONVERSATIONS = 10_000;

/** How long a response under way may take to end when the gateway stops, in ms. */
const GRACE_MS = 5_000;

/** How often an idle gateway looks whether it should end, in ms. */
const IDLE_CHECK_MS = 15_000;

/** @throws the system's error when a port is taken, or the state directory cannot be used */
export async function startService(options: ServiceOptions): Promise<Service> {
  const {
    host,
    port,
    consolePort,
    console: page,
    directory,
    version,
    logger,
    flags,
    untilIdleMs,
    ...gatewayOptions
  } = options;
  const { enableNew, maxHeldBytes, tier } = gatewayOptions;
  const token = await controlToken(directory);
  // Two would warm the same conversations, and only one of them could be found.
  const lock = takeLock(`${directory}/gateway.lock`);
  if (lock === null) throw new Error(`another gateway is at work in ${directory}: end it with keepwarm stop`);
  const database = openSqliteStorage({ file: `${directory}/keepwarm.sqlite`, logger });
  const storage = database.namespace(NAMESPACE);
  const startedAt = Date.now();
  const gateway = createGateway({
    ...gatewayOptions,
    keeping: { ...gatewayOptions.keeping, storage: database.namespace(POLICY_NAMESPACE) },
    storage,
    ledger: database.namespace(LEDGER_NAMESPACE),
    logger,
    timers: systemTimers(),
    now: Date.now,
    monotonicNow: () => performance.now(),
    maxConversations: MAX_CONVERSATIONS,
  });
  const control = createControlServer({
    token,
    ...(page ? { page: builtPage() } : {}),
    controlled: controlled({
      gateway,
      storage,
      version,
      startedAt,
      enableNew,
      keepWarm: gatewayOptions.keeping.keepWarm ?? "auto",
      prices: listPrices(gatewayOptions.prices),
      page,
      tier,
      flags,
      maxHeldBytes,
      now: Date.now,
      stop: () => void stop(),
    }),
    onError: (error) =>
      logger.error("keepwarm: the control API failed", {
        error: error instanceof Error ? error.message : String(error),
      }),
  });
  const ended = Promise.withResolvers<void>();
  let stopping: Promise<void> | null = null;
  let withdraw = async () => {};

  function stop(): Promise<void> {
    stopping ??= shutDown();
    return stopping;
  }

  async function shutDown(): Promise<void> {
    clearInterval(idleCheck);
    // First, so that nobody finds it any more who could still be sent away.
    await withdraw();
    await control.close();
    await gateway.close(GRACE_MS);
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

  const { events } = gateway.keeper;
  events.on("warmCompleted", ({ conversationId, usage, foreign }) => {
    if (foreign) return;
    const { cacheReadTokens: read, cacheWriteTokens: wrote } = usage;
    logger.info("keepwarm: warmed", { conversationId, read, wrote });
  });

  try {
    const gatewayUrl = await gateway.listen({ host, port });
    const { url: controlUrl } = await control.listen(consolePort).catch(ofControl);
    const record = { pid: process.pid, gatewayUrl, controlUrl, startedAt, version };
    ({ withdraw } = await publish(directory, record));
    const consoleLink = page ? linkTo(controlUrl, token) : null;
    return { gateway, gatewayUrl, controlUrl, consoleLink, ended: ended.promise, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Says which of the two ports it was. */
function ofControl(error: unknown): never {
  throw error instanceof Error ? Object.assign(error, { isControl: true }) : error;
}
