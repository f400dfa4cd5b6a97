/** The packages that only the fleet needs: not part of a person's install, loaded when they are asked for. */
import { createRequire } from "node:module";

const VERSIONS = {
  "pg-boss": "12.35.0",
  pg: "8",
  pino: "10",
  "prom-client": "15",
  "@electric-sql/pglite": "0.5",
} as const;

export type Peer = keyof typeof VERSIONS;

/** What a process needs that works on a database of its own. */
export const SERVER_PEERS: readonly Peer[] = ["pg-boss", "pg", "pino", "prom-client"];

/** What a gateway needs that only hands jobs over. */
export const GATEWAY_PEERS: readonly Peer[] = ["pg-boss", "pg"];

/** What a gateway needs that has the database and the worker inside. */
export const EMBEDDED_PEERS: readonly Peer[] = ["pg-boss", "@electric-sql/pglite"];

export class MissingPeerError extends Error {
  override readonly name = "MissingPeerError";
}

/** @throws {MissingPeerError} with the command that installs what is missing */
export function demandPeers(peers: readonly Peer[], isInstalled: (name: string) => boolean = isThere): void {
  const missing = peers.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const packages = missing.map((name) => `${name}@${VERSIONS[name]}`).join(" ");
  throw new MissingPeerError(
    `the fleet needs packages that are not part of keepwarm: install them beside it with npm install ${packages}`,
  );
}

function isThere(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (error) {
    // Anything else is a package that is there and has no entry for `require`.
    return (error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND";
  }
}
