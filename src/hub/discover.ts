/** Finds the gateway of a state directory, and makes sure that it is one before it is shown the token. */
import { isProcessAlive } from "./alive.ts";
import { type ControlClient, createControlClient, PROOF_TIMEOUT_MS } from "./client.ts";
import { openProven, UnprovenError } from "./connection.ts";
import { type GatewayRecord, readRecord } from "./record.ts";
import { readToken } from "./token.ts";

export type Discovery =
  | { readonly state: "running"; readonly record: GatewayRecord; readonly client: ControlClient }
  /** None was ever started here, or the last one ended in order. */
  | { readonly state: "none" }
  /** One was, and is gone without taking its record back. As good as none. */
  | { readonly state: "stale"; readonly why: string }
  /** Its process is there, but does not answer. */
  | { readonly state: "silent"; readonly record: GatewayRecord }
  /** Something answers in its place that does not know the token. It was shown nothing. */
  | { readonly state: "impostor"; readonly record: GatewayRecord };

export interface DiscoverOptions {
  /** How long the gateway may take to prove itself, in ms. @default 2000 */
  readonly timeoutMs?: number;
  /** Whether a process of that id is alive. @default asks the system */
  readonly isAlive?: (pid: number) => boolean;
}

/** @throws {TokenError} when the token may not be used: somebody has to do something about it */
export async function discover(directory: string, options: DiscoverOptions = {}): Promise<Discovery> {
  const { timeoutMs = PROOF_TIMEOUT_MS, isAlive = isProcessAlive } = options;
  const found = await readRecord(directory);
  if (found.state === "none") return { state: "none" };
  if (found.state === "unusable") return { state: "stale", why: "gateway.json is damaged" };
  const { record } = found;
  const token = await readToken(directory);
  if (token === null) return { state: "stale", why: "its token is gone" };
  try {
    const connection = await openProven(record.controlUrl, token, timeoutMs);
    connection.close();
    return { state: "running", record, client: createControlClient(record, token) };
  } catch (error) {
    if (!(error instanceof UnprovenError)) throw error;
    if (error.reason === "impostor") return { state: "impostor", record };
    if (error.reason === "refused") return { state: "stale", why: `nothing listens at ${record.controlUrl}` };
    // Only here, because in a container of its own a gateway's process has another id, and answers all the same.
    if (isAlive(record.pid)) return { state: "silent", record };
    return { state: "stale", why: `process ${record.pid} is gone` };
  }
}
