/** A gateway's part of a fleet: the database, its dispatcher, and what its workers report. */
import { randomBytes, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type { PriceTable } from "../anthropic/index.ts";
import type { BeginDispatch } from "../capture/index.ts";
import type { Keeping, Logger, StorageNamespace } from "../host.ts";
import type { PreWarmed } from "../prewarm/index.ts";
import { type ArtifactDesk, createArtifactDesk } from "./artifact-desk.ts";
import { type ArtifactStore, artifactStoreOf } from "./artifacts.ts";
import { createAwaiting } from "./awaiting.ts";
import { type Base, openBase } from "./base.ts";
import { type Clocks, createDatabaseClock, type DatabaseClock } from "./clock.ts";
import { createCredentials } from "./credentials.ts";
import type { FleetDatabase } from "./database.ts";
import { createDispatcher, type FleetDispatcher } from "./dispatcher.ts";
import type { Keyring } from "./keyring.ts";
import { openDatabase } from "./open-database.ts";
import type { WarmSettings } from "./parcel.ts";
import { demandPeers, EMBEDDED_PEERS, GATEWAY_PEERS } from "./peers.ts";
import { createPreWarmDesk, type PreWarmDesk, type PreWarmDeskOptions } from "./prewarm-desk.ts";
import { unbookedPreWarms } from "./prewarm-told.ts";
import { openQueues } from "./queues.ts";
import { beatGateway, type Registration, registrationOf } from "./registry.ts";
import { MOST_RESULTS, markBooked, unbooked } from "./results.ts";
import { createFleetStore, type FleetStore } from "./store.ts";
import { startWorker, type Worker } from "./worker.ts";
import { dashboardOf, type Environment, firstApiKeyOf, gatewayEnvironment } from "./worker-environment.ts";

export interface GatewayFleetOptions extends Clocks {
  readonly env: Environment;
  /** The state directory, where an embedded database is. */
  readonly directory: string;
  readonly version: string;
  readonly logger: Logger;
  /** Where it remembers what it is called, and what it has booked. */
  readonly storage: StorageNamespace;
  readonly keeping: Keeping;
  readonly settings: WarmSettings;
  /** Jobs at once of the embedded worker. */
  readonly concurrency: number;
  readonly prices?: PriceTable | undefined;
  /** Told why the database cannot be used, and null once it can. */
  readonly reachable: (why: string | null) => void;
}

export interface GatewayFleet {
  /** Who sends the warms of its keeper. */
  readonly dispatch: BeginDispatch;
  readonly database: FleetDatabase;
  readonly store: FleetStore;
  /** Whether a worker runs inside this process. */
  readonly embedded: boolean;
  /** The first of the team's own keys that this process was given; null: none was. */
  apiKey(): string | null;
  /** Has the catalogue of its gateway sent by workers. */
  preWarming(options: PreWarmDeskOptions & PreWarmingEvents): PreWarmDesk;
  /** Has what the catalogue is made of made by workers. */
  readonly artifact: ArtifactDesk;
  /** Where the queue engine's own dashboard is; null: nobody has said. */
  readonly dashboardUrl: string | null;
  /** The keeper takes no more by then. What is planned goes on with other processes. */
  close(): Promise<void>;
}

export interface PreWarmingEvents {
  /** Told once of each pre-warm that was this gateway's and was sent. Times are epoch ms by this machine. */
  readonly sent: (done: PreWarmed) => void;
}

/** How often it looks for what has come of its jobs, in ms. */
const LOOK_MS = 1_000;
const BEAT_MS = 10_000;
const MEASURE_MS = 30_000;
const RENEW_MS = 60_000;
const GRACE_MS = 5_000;
const OWNER_KEY = "owner";
const BOOKED = "booked:";

/**
 * Also where the server of its database is away: then it is tried again.
 * @throws {WorkerEnvironmentError} {@link MissingPeerError} {@link DatabaseOwnedError}, or the database's error
 */
export async function openGatewayFleet(options: GatewayFleetOptions): Promise<GatewayFleet> {
  const { env, directory, storage } = options;
  const { keyring, named, apiKeys } = gatewayEnvironment(env);
  demandPeers(named === null ? EMBEDDED_PEERS : GATEWAY_PEERS);
  const owner = await ownerOf(storage);
  const where = named ?? { folder: join(directory, "fleet") };
  const clock = createDatabaseClock({ query: (text, values) => base.database.query(text, values) }, options);
  const registration = registrationOf(owner, options.version);
  const base = await openBase({
    open: () => atDatabase(where, owner, options),
    async ready({ database }) {
      // Before anything is planned by a clock that may be wrong.
      await clock.measure(database);
      await beatGateway(database, registration);
    },
    told: options.reachable,
  });
  try {
    const foundation = { ...base, keyring, clock, registration };
    const worker = apiKeys === null ? null : await embeddedWorker(foundation, apiKeys, options);
    return await atWork(foundation, worker, owner, options);
  } catch (error) {
    await base.queues.close();
    await base.database.close();
    throw error;
  }
}

async function atDatabase(
  where: Parameters<typeof openDatabase>[0],
  owner: string,
  { logger }: GatewayFleetOptions,
): Promise<Base> {
  const database = await openDatabase(where, { name: `keepwarm gateway ${owner}` });
  try {
    const queues = await openQueues(database, {
      // Workers look after jobs; where there is none but this process, it does.
      supervise: "folder" in where,
      onError: (error) => logger.warn("keepwarm: the queue engine reports trouble", { error: error.message }),
    });
    return { database, queues };
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface Foundation extends Base {
  readonly keyring: Keyring;
  readonly clock: DatabaseClock;
  readonly registration: Registration;
}

function embeddedWorker(base: Foundation, apiKeys: string, options: GatewayFleetOptions): Promise<Worker> {
  const { logger, concurrency, prices } = options;
  return startWorker({
    ...base,
    credentials: createCredentials(apiKeys, base.keyring),
    artifacts: artifactsOf(base, options),
    clock: createDatabaseClock(base.database, options),
    logger,
    registration: { ...base.registration, id: `embedded-${base.registration.id}` },
    concurrency,
    pollMs: 5_000,
    heartbeatMs: 30_000,
    maxRetries: 3,
    ...(prices === undefined ? {} : { prices }),
  });
}

async function atWork(
  base: Foundation,
  worker: Worker | null,
  owner: string,
  options: GatewayFleetOptions,
): Promise<GatewayFleet> {
  const { database, queues, keyring, clock, registration } = base;
  const { logger, storage } = options;
  const awaiting = createAwaiting(database);
  const store = createFleetStore(database, queues);
  let dispatcher: FleetDispatcher | null = null;
  let preWarming: { readonly desk: PreWarmDesk; readonly events: PreWarmingEvents } | null = null;
  let looking: Promise<void> = Promise.resolve();

  async function harmlessly(doing: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
      options.reachable(null);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      logger.debug(`keepwarm: could not ${doing}`, { error: message });
      options.reachable(message);
    }
  }

  /** Each is booked once: it is noted here before the database hears of it, and it is asked for until it has. */
  async function bookAll<One extends { readonly id: string }>(
    all: readonly One[],
    book: (one: One) => void,
  ): Promise<void> {
    if (all.length === 0) return;
    for (const one of all) {
      if (await storage.has(BOOKED + one.id)) continue;
      book(one);
      await storage.set(BOOKED + one.id, "");
    }
    await markBooked(
      database,
      all.map(({ id }) => id),
    );
    for (const { id } of all) await storage.delete(BOOKED + id);
  }

  async function look(): Promise<void> {
    const { take } = dispatcher ?? {};
    while (take !== undefined) {
      const results = await unbooked(database, owner);
      await bookAll(results, take);
      if (results.length < MOST_RESULTS) break;
    }
    if (preWarming === null) return;
    const { sent } = preWarming.events;
    const aheadMs = clock.now() - options.now();
    await bookAll(await unbookedPreWarms(database, owner), ({ done }) => {
      const { at, lapsesAt, costUsd } = done;
      if (costUsd === null) return;
      sent({ ...done, at: at - aheadMs, lapsesAt: lapsesAt === null ? null : lapsesAt - aheadMs });
    });
  }

  let isLooking = false;
  function lookAgain(): void {
    if (isLooking) return;
    isLooking = true;
    looking = harmlessly("read what came of warms", look).finally(() => {
      isLooking = false;
    });
  }

  const every = [
    setInterval(lookAgain, LOOK_MS),
    setInterval(() => void harmlessly("sign in", () => beatGateway(database, registration)), BEAT_MS),
    setInterval(() => void harmlessly("ask what time it is", () => clock.measure()), MEASURE_MS),
    setInterval(() => void preWarming?.desk.renew(), RENEW_MS),
  ];
  for (const one of every) one.unref();

  return {
    database,
    store,
    embedded: worker !== null,
    dashboardUrl: dashboardOf(options.env),
    dispatch(context) {
      dispatcher = createDispatcher({
        ...options,
        context,
        store,
        keyring,
        owner,
        databaseNow: () => clock.now(),
      });
      return dispatcher;
    },
    artifact: createArtifactDesk({ store, artifacts: artifactsOf(base, options), awaiting, owner }),
    apiKey: () => firstApiKeyOf(options.env),
    preWarming(asked) {
      const desk = createPreWarmDesk({
        ...asked,
        database,
        store: store.preWarms,
        awaiting,
        keyring,
        owner,
        settings: options.settings,
        logger,
        now: options.now,
        databaseNow: () => clock.now(),
      });
      preWarming = { desk, events: asked };
      return desk;
    },
    async close() {
      for (const one of every) clearInterval(one);
      // First the worker's jobs, then their results: this process may be the only one that books them.
      await worker?.drain(GRACE_MS);
      await looking;
      if (worker !== null) await harmlessly("read what came of warms", look);
      await queues.close();
      await database.close();
    },
  };
}

function artifactsOf({ database, keyring }: Foundation, { env }: GatewayFleetOptions): ArtifactStore {
  return artifactStoreOf(env.KEEPWARM_FLEET_ARTIFACTS || undefined, database, keyring);
}

/** What it is called, on this machine and after each restart. */
async function ownerOf(storage: StorageNamespace): Promise<string> {
  const known = await storage.get(OWNER_KEY);
  if (known !== null) return known;
  const owner = `${hostname()}-${randomBytes(4).toString("hex")}-${randomUUID().slice(0, 8)}`;
  await storage.set(OWNER_KEY, owner);
  return owner;
}
