/** Which workers and gateways there are: each says twice a minute, or more often, that it is alive. */
import { hostname } from "node:os";
import { type Queryable, toMs } from "./database.ts";
import { SCHEMA } from "./schema.ts";

/** A process as it is registered. */
export interface Registration {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
}

/** Of this process. */
export function registrationOf(id: string, version: string): Registration {
  return { id, host: hostname(), pid: process.pid, version };
}

export interface WorkerBeat {
  readonly concurrency: number;
  readonly active: number;
  /** Jobs since it began. */
  readonly jobs: number;
  readonly state: "working" | "draining";
}

export async function beatWorker(database: Queryable, worker: Registration, beat: WorkerBeat): Promise<void> {
  await database.query(
    `insert into ${SCHEMA}.worker (id, host, pid, version, concurrency, active, jobs, state)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (id) do update set beat_at = clock_timestamp(), concurrency = excluded.concurrency,
       active = excluded.active, jobs = excluded.jobs, state = excluded.state`,
    [
      worker.id,
      worker.host,
      worker.pid,
      worker.version,
      beat.concurrency,
      beat.active,
      beat.jobs,
      beat.state,
    ],
  );
}

export async function removeWorker(database: Queryable, id: string): Promise<void> {
  await database.query(`delete from ${SCHEMA}.worker where id = $1`, [id]);
}

export async function beatGateway(database: Queryable, gateway: Registration): Promise<void> {
  await database.query(
    `insert into ${SCHEMA}.gateway (id, host, pid, version) values ($1, $2, $3, $4)
     on conflict (id) do update set beat_at = clock_timestamp(), host = excluded.host, pid = excluded.pid,
       version = excluded.version,
       started_at = case when gateway.pid = excluded.pid then gateway.started_at else clock_timestamp() end`,
    [gateway.id, gateway.host, gateway.pid, gateway.version],
  );
}

/** A process as others see it. Times are epoch ms by the database's clock. */
export interface WorkerView extends Registration, WorkerBeat {
  readonly startedAt: number;
  readonly beatAt: number;
  /** Nothing has been heard of it for so long that its jobs are others' by now. */
  readonly silent: boolean;
}

export interface GatewayView extends Registration {
  readonly startedAt: number;
  readonly beatAt: number;
  readonly silent: boolean;
}

const SILENT = "beat_at < clock_timestamp() - interval '30 seconds'";

export function listWorkers(database: Queryable): Promise<readonly WorkerView[]> {
  return database.query(
    `select id, host, pid, version, concurrency, active, jobs, state, ${SILENT} as silent,
       ${toMs("started_at")} as "startedAt", ${toMs("beat_at")} as "beatAt"
     from ${SCHEMA}.worker order by started_at, id`,
  );
}

export function listGateways(database: Queryable): Promise<readonly GatewayView[]> {
  return database.query(
    `select id, host, pid, version, ${SILENT} as silent, ${toMs("started_at")} as "startedAt",
       ${toMs("beat_at")} as "beatAt"
     from ${SCHEMA}.gateway order by started_at, id`,
  );
}
