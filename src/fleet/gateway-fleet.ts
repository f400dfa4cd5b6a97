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
import { type Clocks, createDatabaseClock } from "./clock.ts";
import { createCredentials } from "./credentials.ts";
import type { FleetDatabase } from "./database.ts";
import { createDispatcher, type FleetDispatcher } from "./dispatcher.ts";
import type { Keyring } from "./keyring.ts";
import type { WarmSettings } from "./parcel.ts";
import { demandPeers, EMBEDDED_PEERS, GATEWAY_PEERS } from "./peers.ts";
import { openPglite } from "./pglite.ts";
import { openPostgres } from "./postgres.ts";
import { createPreWarmDesk, type PreWarmDesk, type PreWarmDeskOptions } from "./prewarm-desk.ts";
import { unbookedPreWarms } from "./prewarm-told.ts";
import { openQueues, type Queues } from "./queues.ts";
import { beatGateway, type Registration } from "./registry.ts";
import { markBooked, unbooked } from "./results.ts";
import { installTables } from "./schema.ts";
import { createFleetStore, type FleetStore } from "./store.ts";
import { startWorker, type Worker } from "./worker.ts";
import {
  apiKeysOf,
  dashboardOf,
  databaseOf,
  type Environment,
  firstApiKeyOf,
  keyringOf,
} from "./worker-environment.ts";
import { unreachable } from "./worker-process.ts";

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

/** @throws {WorkerEnvironmentError} {@link MissingPeerError} {@link DatabaseOwnedError}, or the database's error */
export async function openGatewayFleet(options: GatewayFleetOptions): Promise<GatewayFleet> {
  const { env, directory, logger, storage } = options;
  const keyring = keyringOf(env);
  const named = databaseOf(env);
  dashboardOf(env);
  const apiKeys = named === null ? apiKeysOf(env) : null;
  demandPeers(named === null ? EMBEDDED_PEERS : GATEWAY_PEERS);
  const owner = await ownerOf(storage);
  const database =
    named === null
      ? await openPglite(join(directory, "fleet"))
      : await openPostgres({
          url: named.databaseUrl,
          backend: named.backend,
          name: `keepwarm gateway ${owner}`,
        });
  let queues: Queues | undefined;
  try {
    await installTables(database).catch(unreachable);
    queues = await openQueues(database, {
      // Workers look after jobs; where there is none but this process, it does.
      supervise: named === null,
      onError: (error) => logger.warn("keepwarm: the queue engine reports trouble", { error: error.message }),
    });
    const base = { database, queues, keyring };
    const worker = apiKeys === null ? null : await embeddedWorker(base, apiKeys, owner, options);
    return await atWork(base, worker, owner, options);
  } catch (error) {
    await queues?.close();
    await database.close();
    throw error;
  }
}

interface Base {
  readonly database: FleetDatabase;
  readonly queues: Queues;
  readonly keyring: Keyring;
}

function embeddedWorker(
  base: Base,
  apiKeys: string,
  owner: string,
  options: GatewayFleetOptions,
): Promise<Worker> {
  const { version, logger, concurrency, prices } = options;
  return startWorker({
    ...base,
    credentials: createCredentials(apiKeys, base.keyring),
    artifacts: artifactsOf(base, options),
    clock: createDatabaseClock(base.database, options),
    logger,
    registration: { ...registrationOf(owner, version), id: `embedded-${owner}` },
    concurrency,
    pollMs: 5_000,
    heartbeatMs: 30_000,
    maxRetries: 3,
    ...(prices === undefined ? {} : { prices }),
  });
}

async function atWork(
  base: Base,
  worker: Worker | null,
  owner: string,
  options: GatewayFleetOptions,
): Promise<GatewayFleet> {
  const { database, queues, keyring } = base;
  const { logger, storage, version } = options;
  const awaiting = createAwaiting(database);
  const clock = createDatabaseClock(database, options);
  await clock.measure();
  const store = createFleetStore(database, queues);
  const registration = registrationOf(owner, version);
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
    if (take !== undefined) await bookAll(await unbooked(database, owner), take);
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
  await beatGateway(database, registration);

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

function artifactsOf({ database, keyring }: Base, { env }: GatewayFleetOptions): ArtifactStore {
  return artifactStoreOf(env.KEEPWARM_FLEET_ARTIFACTS || undefined, database, keyring);
}

function registrationOf(id: string, version: string): Registration {
  return { id, host: hostname(), pid: process.pid, version };
}

/** What it is called, on this machine and after each restart. */
async function ownerOf(storage: StorageNamespace): Promise<string> {
  const known = await storage.get(OWNER_KEY);
  if (known !== null) return known;
  const owner = `${hostname()}-${randomBytes(4).toString("hex")}-${randomUUID().slice(0, 8)}`;
  await storage.set(OWNER_KEY, owner);
  return owner;
}
