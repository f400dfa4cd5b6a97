/** A look at the fleet from outside: no gateway and no worker. */

import type { FleetDatabase } from "./database.ts";
import { openDatabase } from "./open-database.ts";
import { demandPeers, GATEWAY_PEERS } from "./peers.ts";
import { openQueues, type Queues } from "./queues.ts";
import { createFleetStore, type FleetStore } from "./store.ts";
import { databaseOf, type Environment, WorkerEnvironmentError } from "./worker-environment.ts";

export interface FleetClient {
  readonly database: FleetDatabase;
  /** Opens the queue as well, which looking does not need. */
  store(): Promise<FleetStore>;
  close(): Promise<void>;
}

/**
 * @param makesTables whether a database without a fleet gets one
 * @throws {WorkerEnvironmentError} without a database to look at, {@link MissingPeerError}, or the database's error
 */
export async function openFleetClient(env: Environment, { makesTables = false } = {}): Promise<FleetClient> {
  const named = databaseOf(env);
  if (named === null) {
    throw new WorkerEnvironmentError(
      "DATABASE_URL must name the fleet's database; what a gateway has inside itself is shown by its console",
    );
  }
  demandPeers(GATEWAY_PEERS);
  const database = await openDatabase(named, { name: "keepwarm fleet", makesTables });
  let queues: Queues | null = null;
  return {
    database,
    async store() {
      queues ??= await openQueues(database, { supervise: false, onError: () => {} });
      return createFleetStore(database, queues);
    },
    async close() {
      await queues?.close();
      await database.close();
    },
  };
}
