/** PostgreSQL, and what speaks its protocol. */
import type { PoolClient, QueryResult } from "pg";
import { againOnConflict, wasTakenBack } from "./conflicts.ts";
import type { Backend, FleetDatabase, Queryable, Transaction } from "./database.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host/database`. */
  readonly url: string;
  /** @default what the server says that it is */
  readonly backend?: Exclude<Backend, "pglite"> | undefined;
  /** Connections at most. @default 6 */
  readonly connections?: number;
  /** What the server's list of sessions shows. */
  readonly name: string;
}

/** A statement without an answer for so long has lost its connection, in ms. */
const QUERY_TIMEOUT_MS = 8_000;
const CONNECT_TIMEOUT_MS = 5_000;

type Answer = QueryResult | QueryResult[];

/** Several statements at once have several answers. */
function rowsOf(answer: Answer): unknown[] {
  return Array.isArray(answer) ? answer.flatMap(({ rows }) => rows) : answer.rows;
}

function overClient(client: Pick<PoolClient, "query">, ask: typeof againOnConflict): Transaction {
  const run = (text: string, values?: readonly unknown[]): Promise<unknown[]> =>
    ask(async () =>
      rowsOf((await client.query(text, values === undefined ? undefined : [...values])) as Answer),
    );
  return {
    query: ((text, values) => run(text, values)) as Queryable["query"],
    db: { executeSql: async (text, values) => ({ rows: await run(text, values) }) },
  };
}

/** Of a transaction all is done again, never one statement of it. */
const once: typeof againOnConflict = (act) => act();

/** The type of every count, and on CockroachDB of every whole number: the driver's default is text. */
const INT8 = 20;

async function backendOf(database: Queryable): Promise<Exclude<Backend, "pglite">> {
  const [row] = await database.query<{ version: string }>("select version() as version");
  return /cockroachdb/i.test(row?.version ?? "") ? "cockroachdb" : "postgres";
}

/** Rejects with the driver's error where it must be asked what it is, and cannot be. */
export async function openPostgres({
  url,
  backend,
  connections = 6,
  name,
}: PostgresOptions): Promise<FleetDatabase> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: QUERY_TIMEOUT_MS,
    types: {
      getTypeParser: (type, format) => (type === INT8 ? Number : pg.types.getTypeParser(type, format)),
    },
  });
  // An idle connection that breaks is replaced by the next query; nobody waits for it.
  pool.on("error", () => {});
  const database = overClient(pool, againOnConflict);

  async function transact<Result>(act: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const client = await pool.connect();
    let broken: Error | undefined;
    // Between two of its statements nobody else listens, and an unheard error would end the process.
    const breaks = (error: Error) => {
      broken = error;
    };
    client.on("error", breaks);
    try {
      await client.query("begin");
      const result = await act(overClient(client, once));
      await client.query("commit");
      return result;
    } catch (error) {
      // Whatever it was doing ends with the connection, where it is not over already.
      if (!wasTakenBack(error)) broken = error instanceof Error ? error : new Error(String(error));
      else await client.query("rollback").catch(breaks);
      throw error;
    } finally {
      client.off("error", breaks);
      client.release(broken);
    }
  }

  try {
    return {
      ...database,
      backend: backend ?? (await backendOf(database)),
      transaction: (act) => againOnConflict(() => transact(act)),
      close: () => pool.end(),
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}
