/** PostgreSQL, and what speaks its protocol. */
import type { PoolClient, QueryResult } from "pg";
import type { Backend, FleetDatabase, Queryable, Transaction } from "./database.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host/database`. */
  readonly url: string;
  readonly backend?: Exclude<Backend, "pglite">;
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

function overClient(client: Pick<PoolClient, "query">): Transaction {
  const run = async (text: string, values?: readonly unknown[]): Promise<unknown[]> =>
    rowsOf((await client.query(text, values === undefined ? undefined : [...values])) as Answer);
  return {
    query: ((text, values) => run(text, values)) as Queryable["query"],
    db: { executeSql: async (text, values) => ({ rows: await run(text, values) }) },
  };
}

export async function openPostgres({
  url,
  backend = "postgres",
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
  });
  // An idle connection that breaks is replaced by the next query; nobody waits for it.
  pool.on("error", () => {});
  return {
    backend,
    ...overClient(pool),
    async transaction(act) {
      const client = await pool.connect();
      let broken: Error | undefined;
      // Between two of its statements nobody else listens, and an unheard error would end the process.
      const breaks = (error: Error) => {
        broken = error;
      };
      client.on("error", breaks);
      try {
        await client.query("begin");
        const result = await act(overClient(client));
        await client.query("commit");
        return result;
      } catch (error) {
        // Whatever it was doing ends with the connection.
        broken = error instanceof Error ? error : new Error(String(error));
        throw error;
      } finally {
        client.off("error", breaks);
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}
