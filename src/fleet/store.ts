/** What a gateway writes: prefixes to keep warm, and one pending job for each. */
import { randomUUID } from "node:crypto";
import { type FleetDatabase, fromMs, type Transaction } from "./database.ts";
import type { ArtifactOrder, JobData, Trigger } from "./job.ts";
import type { Sealed } from "./keyring.ts";
import type { WarmPlan } from "./plan.ts";
import { createPreWarmStore, type PreWarmStore } from "./prewarm-store.ts";
import { ARTIFACT_QUEUE, EARLY_MS, type Queues, queueName } from "./queues.ts";
import { SCHEMA } from "./schema.ts";

/** A prefix as it is kept. Times are epoch ms by the database's clock. */
export interface StoredPrefix {
  readonly id: string;
  /** The gateway that it belongs to. */
  readonly owner: string;
  readonly conversation: string;
  /** Of its content: another one with each change. */
  readonly revision: string;
  readonly fingerprint: string;
  readonly sealed: Sealed;
  readonly model: string;
  readonly ttlMs: number;
  /** When the last request went out that used it; null: nothing has written it yet. */
  readonly usedAt: number | null;
  readonly expiresAt: number;
  readonly repository?: string;
  readonly branch?: string;
}

export interface WarmOrder {
  readonly prefixId: string;
  readonly trigger: Trigger;
  readonly dueAt: number;
  readonly plan: WarmPlan;
  /** The policy that decided on it, for the ledger. */
  readonly policy?: string;
  /** Echoed with what comes of it. */
  readonly warmId?: string;
}

export interface FleetStore {
  /** Keeps a prefix, in place of what was kept of it, and warms it when the order says. @returns the job's id */
  keep(prefix: StoredPrefix, order: WarmOrder): Promise<string>;
  /** Another time or plan for what is kept; null: it is not kept any more. */
  replan(order: WarmOrder & { readonly revision: string; readonly usedAt?: number }): Promise<string | null>;
  /** Nothing more is sent with it, and nothing of it is kept. */
  drop(prefixId: string): Promise<void>;
  /**
   * Has an artifact made, unless somebody has ordered it already.
   *
   * @param event what made it necessary, such as a commit: made for that once, it is not made again
   * @returns the job's id, whoever ordered it
   */
  order(artifact: ArtifactOrder, owner: string, trigger: Trigger, event?: string | null): Promise<string>;
  /** Those of catalogues. */
  readonly preWarms: PreWarmStore;
}

interface PrefixRow {
  readonly owner: string;
  readonly conversation: string;
  readonly revision: string;
  readonly fingerprint: string;
  readonly repository: string | null;
  readonly branch: string | null;
  readonly lapses_at: Date;
}

export function createFleetStore(database: FleetDatabase, queues: Queues): FleetStore {
  /**
   * Whatever is pending of a prefix in another queue, has been tried before, or waits at a worker for its moment, makes room
   * for the new job: both would be sent.
   */
  async function makeRoom(tx: Transaction, prefixId: string, queue: string): Promise<void> {
    const stale = await tx.query<{ id: string; queue: string }>(
      `update ${SCHEMA}.job set outcome = 'cancelled', finished_at = clock_timestamp()
       where prefix_id = $1 and finished_at is null
         and (outcome = 'claimed' or (outcome = 'queued' and (attempt > 0 or queue <> $2))) returning id, queue`,
      [prefixId, queue],
    );
    for (const one of stale) await queues.boss.cancel(one.queue, one.id, { db: tx.db });
  }

  /** One of this revision is on its way, and is followed by the next itself. */
  async function underway(tx: Transaction, { prefixId, trigger }: WarmOrder, revision: string) {
    if (trigger !== "idle") return null;
    const [running] = await tx.query<{ id: string }>(
      `select id from ${SCHEMA}.job
       where prefix_id = $1 and revision = $2 and finished_at is null and outcome = 'running'`,
      [prefixId, revision],
    );
    return running?.id ?? null;
  }

  async function enqueue(tx: Transaction, row: PrefixRow, order: WarmOrder): Promise<string> {
    const { prefixId, trigger, dueAt, policy = null, warmId = null } = order;
    const queue = queueName(trigger === "idle" || trigger === "manual" ? "idle" : "prewarm", row.fingerprint);
    await makeRoom(tx, prefixId, queue);
    const data: JobData = { trigger };
    const { jobs } = await queues.boss.upsert(queue, data, {
      singletonKey: prefixId,
      startAfter: new Date(dueAt - EARLY_MS),
      db: tx.db,
    });
    const [id] = jobs;
    if (id === undefined) throw new Error("the queue took no job");
    await tx.query(
      `insert into ${SCHEMA}.job
         (id, queue, kind, trigger, owner, prefix_id, revision, conversation, repository, branch, policy, warm_id, due_at, lapses_at)
       values ($1, $2, 'warm', $3, $4, $5, $6, $7, $8, $9, $10, $11, ${fromMs("$12")}, $13)
       on conflict (id) do update set trigger = excluded.trigger, revision = excluded.revision, policy = excluded.policy,
         warm_id = excluded.warm_id, due_at = excluded.due_at, lapses_at = excluded.lapses_at,
         queued_at = clock_timestamp()`,
      [
        id,
        queue,
        trigger,
        row.owner,
        prefixId,
        row.revision,
        row.conversation,
        row.repository,
        row.branch,
        policy,
        warmId,
        dueAt,
        row.lapses_at,
      ],
    );
    return id;
  }

  return {
    preWarms: createPreWarmStore(database, queues),
    async keep(prefix, order) {
      const { id, sealed, usedAt, repository = null, branch = null } = prefix;
      await queues.open(queueName("idle", prefix.fingerprint));
      await queues.open(queueName("prewarm", prefix.fingerprint));
      return database.transaction(async (tx) => {
        const [row] = await tx.query<PrefixRow>(
          `insert into ${SCHEMA}.prefix
             (id, owner, conversation, revision, fingerprint, key_id, body, model, ttl_ms, used_at, expires_at, plan, repository, branch)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, ${fromMs("$10")}, ${fromMs("$11")}, $12::jsonb, $13, $14)
           on conflict (id) do update set owner = excluded.owner, conversation = excluded.conversation,
             revision = excluded.revision, fingerprint = excluded.fingerprint, key_id = excluded.key_id,
             body = excluded.body, model = excluded.model, ttl_ms = excluded.ttl_ms, used_at = excluded.used_at,
             expires_at = excluded.expires_at, plan = excluded.plan, stopped = null,
             repository = excluded.repository, branch = excluded.branch
           returning owner, conversation, revision, fingerprint, repository, branch, expires_at as lapses_at`,
          [
            id,
            prefix.owner,
            prefix.conversation,
            prefix.revision,
            prefix.fingerprint,
            sealed.keyId,
            sealed.bytes,
            prefix.model,
            prefix.ttlMs,
            usedAt,
            prefix.expiresAt,
            JSON.stringify(order.plan),
            repository,
            branch,
          ],
        );
        if (row === undefined) throw new Error("the database kept nothing");
        return enqueue(tx, row, order);
      });
    },

    replan: (order) =>
      database.transaction(async (tx) => {
        const [row] = await tx.query<PrefixRow>(
          `update ${SCHEMA}.prefix set plan = $3::jsonb,
             used_at = greatest(used_at, ${fromMs("$4")}),
             expires_at = greatest(expires_at, ${fromMs("$4")} + ttl_ms * interval '1 millisecond')
           where id = $1 and revision = $2 and stopped is null and expires_at > clock_timestamp()
           returning owner, conversation, revision, fingerprint, repository, branch, expires_at as lapses_at`,
          [order.prefixId, order.revision, JSON.stringify(order.plan), order.usedAt ?? null],
        );
        if (row === undefined) return null;
        // Planned by what was known before it: a second one would only read the same again.
        return (await underway(tx, order, row.revision)) ?? enqueue(tx, row, order);
      }),

    drop: (prefixId) =>
      database.transaction(async (tx) => {
        // First: a worker that is about to send compares with it.
        await tx.query(`delete from ${SCHEMA}.prefix where id = $1`, [prefixId]);
        const pending = await tx.query<{ id: string; queue: string }>(
          `update ${SCHEMA}.job set outcome = 'cancelled', finished_at = clock_timestamp()
           where prefix_id = $1 and finished_at is null and outcome = 'queued' returning id, queue`,
          [prefixId],
        );
        for (const { queue, id } of pending) await queues.boss.cancel(queue, id, { db: tx.db });
      }),

    async order(artifact, owner, trigger, event = null) {
      await queues.open(ARTIFACT_QUEUE);
      const json = JSON.stringify(artifact);
      return database.transaction(async (tx) => {
        await tx.query(`select id from ${SCHEMA}.turnstile where id = 2 for update`);
        const [same] = await tx.query<{ id: string }>(
          `select id from ${SCHEMA}.job
           where kind = 'artifact' and artifact = $1::jsonb and (
             (finished_at is null and (outcome = 'queued' or event = $2)) or (event = $2 and outcome = 'completed'))
           order by finished_at nulls first limit 1`,
          [json, event],
        );
        if (same !== undefined) return same.id;
        const key = randomUUID();
        const data: JobData = { trigger };
        const id = await queues.boss.send(ARTIFACT_QUEUE, data, { id: key, singletonKey: key, db: tx.db });
        if (id === null) throw new Error("the queue took no job");
        const { repository, branch } = artifact;
        await tx.query(
          `insert into ${SCHEMA}.job (id, queue, kind, trigger, owner, repository, branch, artifact, event, due_at)
           values ($1, $2, 'artifact', $3, $4, $5, $6, $7::jsonb, $8, clock_timestamp())`,
          [id, ARTIFACT_QUEUE, trigger, owner, repository, branch, json, event],
        );
        return id;
      });
    },
  };
}
