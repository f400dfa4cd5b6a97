/** What a worker is told by its environment, checked before it does anything. */
import { readFileSync } from "node:fs";
import * as z from "zod/mini";
import { createKeyring, type Keyring, KeyringError } from "./keyring.ts";
import type { NamedDatabase } from "./open-database.ts";

export class WorkerEnvironmentError extends Error {
  override readonly name = "WorkerEnvironmentError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface WorkerEnvironment extends NamedDatabase {
  readonly concurrency: number;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  readonly staleSeconds: number;
  readonly healthPort: number;
  readonly maxRetries: number;
  /** Where artifacts go; undefined: into the database. */
  readonly artifactFolder: string | undefined;
  /** A module that registers loaders of its own. */
  readonly loaders: string | undefined;
}

/** Every variable that the fleet reads, and no setting of the gateway's. */
export const FLEET_VARIABLES = [
  "KEEPWARM_WORKER_CONCURRENCY",
  "KEEPWARM_WORKER_POLL_INTERVAL_SECS",
  "KEEPWARM_WORKER_HEARTBEAT_SECS",
  "KEEPWARM_WORKER_STALE_THRESHOLD_SECS",
  "KEEPWARM_WORKER_HEALTH_PORT",
  "KEEPWARM_WORKER_MAX_RETRIES",
  "KEEPWARM_FLEET_BACKEND",
  "KEEPWARM_FLEET_KEY",
  "KEEPWARM_FLEET_KEY_FILE",
  "KEEPWARM_FLEET_API_KEY",
  "KEEPWARM_FLEET_API_KEY_FILE",
  "KEEPWARM_FLEET_ARTIFACTS",
  "KEEPWARM_FLEET_LOADERS",
  "KEEPWARM_FLEET_DASHBOARD",
] as const;

function number(fallback: number, least: number, most: number, unit: string) {
  const allowed = `must be a number from ${least} to ${most}${unit}`;
  const isOne = (text: string) => /^\d+(\.\d+)?$/.test(text) && Number(text) >= least && Number(text) <= most;
  return z.pipe(
    z._default(z.string().check(z.refine(isOne, allowed)), String(fallback)),
    z.transform((text: string) => Number(text)),
  );
}

function whole(fallback: number, least: number, most: number) {
  const allowed = `must be a whole number from ${least} to ${most}`;
  const isOne = (text: string) => /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most;
  return z.pipe(
    z._default(z.string().check(z.refine(isOne, allowed)), String(fallback)),
    z.transform((text: string) => Number(text)),
  );
}

const DATABASE_URL = "must be set to a postgres:// URL, such as postgres://keepwarm@localhost/keepwarm";

const databaseUrl = z
  .string(DATABASE_URL)
  .check(z.refine((text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? ""), DATABASE_URL));

const backend = z.optional(z.enum(["postgres", "cockroachdb"], "must be postgres or cockroachdb"));

const environment = z.object({
  DATABASE_URL: databaseUrl,
  KEEPWARM_FLEET_BACKEND: backend,
  KEEPWARM_WORKER_CONCURRENCY: whole(4, 1, 1_000),
  KEEPWARM_WORKER_POLL_INTERVAL_SECS: number(5, 0.5, 3_600, " seconds"),
  KEEPWARM_WORKER_HEARTBEAT_SECS: number(30, 1, 3_600, " seconds"),
  KEEPWARM_WORKER_STALE_THRESHOLD_SECS: whole(120, 10, 86_400),
  KEEPWARM_WORKER_HEALTH_PORT: whole(8081, 0, 65_535),
  KEEPWARM_WORKER_MAX_RETRIES: whole(3, 0, 20),
  KEEPWARM_FLEET_ARTIFACTS: z.optional(z.string()),
  KEEPWARM_FLEET_LOADERS: z.optional(z.string()),
});

/** What each of them reads, and all that is wrong at once. @throws {WorkerEnvironmentError} */
export function readTogether<Read extends readonly unknown[]>(
  ...readers: { readonly [Index in keyof Read]: () => Read[Index] }
): Read {
  const wrong: string[] = [];
  const read = readers.map((reader) => {
    try {
      return reader();
    } catch (error) {
      if (!(error instanceof WorkerEnvironmentError)) throw error;
      wrong.push(error.message);
      return undefined;
    }
  });
  if (wrong.length > 0) throw new WorkerEnvironmentError(wrong.join("\n"));
  return read as unknown as Read;
}

/** An empty variable counts as unset, as everywhere in keepwarm. */
function setOnes(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
}

/** @throws {WorkerEnvironmentError} with a line for each variable that is wrong, and none of their values */
export function workerEnvironment(env: Environment): WorkerEnvironment {
  const parsed = environment.safeParse(setOnes(env));
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
    throw new WorkerEnvironmentError(lines.join("\n"));
  }
  const told = parsed.data;
  const heartbeatMs = told.KEEPWARM_WORKER_HEARTBEAT_SECS * 1_000;
  const staleSeconds = told.KEEPWARM_WORKER_STALE_THRESHOLD_SECS;
  if (heartbeatMs * 2 > staleSeconds * 1_000) {
    throw new WorkerEnvironmentError(
      "KEEPWARM_WORKER_STALE_THRESHOLD_SECS must be at least twice KEEPWARM_WORKER_HEARTBEAT_SECS, or workers that are alive would lose their jobs",
    );
  }
  return {
    databaseUrl: told.DATABASE_URL,
    backend: told.KEEPWARM_FLEET_BACKEND,
    concurrency: told.KEEPWARM_WORKER_CONCURRENCY,
    pollMs: told.KEEPWARM_WORKER_POLL_INTERVAL_SECS * 1_000,
    heartbeatMs,
    staleSeconds,
    healthPort: told.KEEPWARM_WORKER_HEALTH_PORT,
    maxRetries: told.KEEPWARM_WORKER_MAX_RETRIES,
    artifactFolder: told.KEEPWARM_FLEET_ARTIFACTS,
    loaders: told.KEEPWARM_FLEET_LOADERS,
  };
}

/** Where the fleet's database is; null: none is named. @throws {WorkerEnvironmentError} */
export function databaseOf(env: Environment): NamedDatabase | null {
  const { DATABASE_URL: url, KEEPWARM_FLEET_BACKEND: kind } = setOnes(env);
  if (url === undefined) return null;
  const parsed = z.object({ DATABASE_URL: databaseUrl, KEEPWARM_FLEET_BACKEND: backend }).safeParse({
    DATABASE_URL: url,
    KEEPWARM_FLEET_BACKEND: kind,
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new WorkerEnvironmentError(`${issue?.path.join(".")} ${issue?.message}`);
  }
  return { databaseUrl: parsed.data.DATABASE_URL, backend: parsed.data.KEEPWARM_FLEET_BACKEND };
}

/** Where the queue engine's own dashboard is, for a gateway's console; null: not said. @throws {WorkerEnvironmentError} */
export function dashboardOf(env: Environment): string | null {
  const { KEEPWARM_FLEET_DASHBOARD: url } = setOnes(env);
  if (url === undefined) return null;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new WorkerEnvironmentError("KEEPWARM_FLEET_DASHBOARD must be an http:// or https:// URL");
  }
  return url;
}

/** The fleet's keys. Nothing is kept without one. @throws {WorkerEnvironmentError} */
export function keyringOf(env: Environment): Keyring {
  const text = secretOf(env, "KEEPWARM_FLEET_KEY");
  if (text === null) {
    throw new WorkerEnvironmentError(
      "KEEPWARM_FLEET_KEY must be set, or KEEPWARM_FLEET_KEY_FILE name a file: without a key the fleet would have to keep prompts readable; keepwarm fleet key makes one",
    );
  }
  try {
    return createKeyring(text);
  } catch (error) {
    if (error instanceof KeyringError)
      throw new WorkerEnvironmentError(`KEEPWARM_FLEET_KEY cannot be used: ${error.message}`);
    throw error;
  }
}

/** What a gateway of a fleet needs; API keys where the worker is inside it. @throws {WorkerEnvironmentError} */
export function gatewayEnvironment(env: Environment) {
  const [keyring, named, apiKeys] = readTogether(
    () => keyringOf(env),
    () => databaseOf(env),
    () => (setOnes(env).DATABASE_URL === undefined ? apiKeysOf(env) : null),
    () => dashboardOf(env),
  );
  return { keyring, named, apiKeys };
}

/** The API keys that a worker sends with. @throws {WorkerEnvironmentError} */
export function apiKeysOf(env: Environment): string {
  const text = secretOf(env, "KEEPWARM_FLEET_API_KEY");
  if (text === null || text.trim() === "") {
    throw new WorkerEnvironmentError(
      "KEEPWARM_FLEET_API_KEY must be set, or KEEPWARM_FLEET_API_KEY_FILE name a file: a worker sends with its own keys, one for each workspace, and never with a client's",
    );
  }
  return text;
}

/** Of those, the one that a catalogue is sent with; null: none is named. @throws {WorkerEnvironmentError} */
export function firstApiKeyOf(env: Environment): string | null {
  const text = secretOf(env, "KEEPWARM_FLEET_API_KEY") ?? "";
  return text.split(/[\s,]+/).find((word) => word !== "") ?? null;
}

function secretOf(env: Environment, name: "KEEPWARM_FLEET_KEY" | "KEEPWARM_FLEET_API_KEY"): string | null {
  const { [name]: value, [`${name}_FILE`]: file } = setOnes(env);
  if (value !== undefined) return value;
  if (file === undefined) return null;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new WorkerEnvironmentError(`${name}_FILE names a file that cannot be read (${code}): ${file}`);
  }
}
