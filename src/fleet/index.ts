/** Many workers on one database: jobs, workers, what is shown of them. */
export { type ArtifactDesk, createArtifactDesk } from "./artifact-desk.ts";
export { type ArtifactStore, artifactFolder, artifactStoreOf, artifactTable } from "./artifacts.ts";
export { createAwaiting } from "./awaiting.ts";
export { type FleetClient, openFleetClient } from "./client.ts";
export { createDatabaseClock, type DatabaseClock, databaseNow } from "./clock.ts";
export { type Credentials, createCredentials, stripCredential } from "./credentials.ts";
export type { Backend, FleetDatabase, Queryable } from "./database.ts";
export { type NamedEntry, noteUse, registeredEntries } from "./entries.ts";
export { type GatewayFleet, type GatewayFleetOptions, openGatewayFleet } from "./gateway-fleet.ts";
export type { ArtifactOrder, Attempt, JobKind, Outcome, Trigger } from "./job.ts";
export { OUTCOMES } from "./job.ts";
export { createKeyring, type Keyring, KeyringError, newFleetKey } from "./keyring.ts";
export { type ArtifactLoader, type LoadedArtifact, makeArtifact, registerLoader } from "./loaders.ts";
export {
  findJob,
  type JobView,
  listJobs,
  type PhaseTimes,
  phaseTimes,
  preWarmByHand,
  type QueueOverview,
  queueOverview,
  type Requeued,
  requeue,
} from "./overview.ts";
export { boundTo, type Parcel, pack, unpack } from "./parcel.ts";
export { demandPeers, MissingPeerError } from "./peers.ts";
export { DatabaseOwnedError, openPglite } from "./pglite.ts";
export { fleetMarginMs, type WarmPlan } from "./plan.ts";
export { openPostgres, type PostgresOptions } from "./postgres.ts";
export { preWarmsUsd } from "./prewarm-cap.ts";
export { createPreWarmDesk, type PreWarmDesk, type PreWarmDeskOptions } from "./prewarm-desk.ts";
export type { Ordered, PreWarmOrder, PreWarmStore } from "./prewarm-store.ts";
export { unbookedPreWarms } from "./prewarm-told.ts";
export { openQueues, type Queues } from "./queues.ts";
export { type GatewayView, listGateways, listWorkers, type WorkerView } from "./registry.ts";
export { loadRepoMap, type RepoMap } from "./repo-map.ts";
export { markBooked, type Result, type Told, unbooked } from "./results.ts";
export { installTables } from "./schema.ts";
export { createFleetStore, type FleetStore, type StoredPrefix, type WarmOrder } from "./store.ts";
export { startWorker, type Worker, type WorkerOptions } from "./worker.ts";
export {
  apiKeysOf,
  databaseOf,
  FLEET_VARIABLES,
  keyringOf,
  WorkerEnvironmentError,
  workerEnvironment,
} from "./worker-environment.ts";
export { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";
