/**
 * What a gateway's part of a fleet stands on. A gateway must carry its people's traffic though the database is away, as
 * it may be when all of a cluster starts at once: then what is asked of it fails until it is there.
 */
import type { FleetDatabase } from "./database.ts";
import { DatabaseAwayError } from "./open-database.ts";
import type { Queues } from "./queues.ts";

export interface Base {
  readonly database: FleetDatabase;
  readonly queues: Queues;
}

export interface LateBaseOptions {
  /** @throws {DatabaseAwayError} where it is worth another try */
  readonly open: () => Promise<Base>;
  /** Done with it before anybody else has it. Where it rejects, it is tried again. */
  readonly ready: (base: Base) => Promise<void>;
  /** Told why it is not there yet, each time it was tried, and null once it is. */
  readonly told: (why: string | null) => void;
  /** How often it is tried, in ms. @default 5_000 */
  readonly retryMs?: number;
}

const RETRY_MS = 5_000;

/** @throws what `open` throws, unless it may be there later */
export async function openBase(options: LateBaseOptions): Promise<Base> {
  const { open, ready, told, retryMs = RETRY_MS } = options;
  let there: Base | null = null;
  let why = "";
  let timer: NodeJS.Timeout | undefined;
  let trying: Promise<void> = Promise.resolve();
  let closed = false;

  async function attempt(): Promise<void> {
    const opened = await open();
    try {
      await ready(opened);
    } catch (error) {
      await close(opened);
      throw error;
    }
    if (closed) return close(opened);
    there = opened;
  }

  function later(error: unknown): void {
    why = error instanceof Error ? error.message : String(error);
    told(why);
    if (closed) return;
    timer = setTimeout(() => {
      trying = attempt().then(() => told(null), later);
    }, retryMs);
    timer.unref();
  }

  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof DatabaseAwayError)) throw error;
    later(error);
  }

  /** What is being opened now is closed as soon as it is there. */
  async function noMore(): Promise<void> {
    closed = true;
    clearTimeout(timer);
    await trying;
  }

  function base(): Base {
    if (there === null) throw new DatabaseAwayError(why);
    return there;
  }

  return {
    database: {
      query: async <Row>(text: string, values?: readonly unknown[]) =>
        base().database.query<Row>(text, values),
      transaction: async (act) => base().database.transaction(act),
      db: { executeSql: async (text, values) => base().database.db.executeSql(text, values) },
      get backend() {
        return base().database.backend;
      },
      async close() {
        await noMore();
        await there?.database.close();
      },
    },
    queues: {
      get boss() {
        return base().queues.boss;
      },
      open: async (name) => base().queues.open(name),
      async close() {
        await noMore();
        await there?.queues.close();
      },
    },
  };
}

async function close({ queues, database }: Base): Promise<void> {
  await queues.close();
  await database.close();
}
