import type { CacheEntry } from "./cache.ts";
import type { Fault } from "./faults.ts";
import { type EmulatorOptions, settingsOf } from "./options.ts";
import type { RecordedRequest } from "./request-log.ts";
import { EmulatorServer } from "./server.ts";

export type { CacheEntry } from "./cache.ts";
export { FAULT_HEADER, type Fault } from "./faults.ts";
export { type RateLimits, START_TIER } from "./limits.ts";
export type { EmulatorOptions } from "./options.ts";
export { type Readings, STRICT_READINGS } from "./readings.ts";
export type { RecordedRequest } from "./request-log.ts";
export { CHARACTERS_PER_TOKEN } from "./tokens.ts";
export type { EmulatedUsage } from "./usage.ts";

/** The Messages API on loopback, with the documented prompt-cache rules and no model behind it. */
export interface Emulator {
  /** Binds to `host` (default 127.0.0.1) and `port` (default 0: any that is free). */
  listen(options?: {
    readonly host?: string;
    readonly port?: number;
  }): Promise<{ url: string; port: number }>;
  /** Stops listening and ends every open connection, idle or not. */
  close(): Promise<void>;
  /** The requests of the recent past, oldest first, those still under way included. */
  readonly requests: readonly RecordedRequest[];
  clearRequests(): void;
  /** Makes the next POST /v1/messages fail; several faults strike one after the other. */
  failNext(fault: Fault): void;
  /** Forgets faults that have not struck yet. */
  clearFaults(): void;
  /** The cache entries that a request starting now could find. */
  entries(): readonly CacheEntry[];
  /** Empties the cache, which nobody can do to the real one. */
  clearCache(): void;
}

/**
 * @example
 * const emulator = createEmulator({ ttl5mMs: 6_000 });
 * const { url } = await emulator.listen();
 * const client = new Anthropic({ baseURL: url, apiKey: "sk-ant-api-any" });
 */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const settings = settingsOf(options);
  const server = new EmulatorServer(settings);
  return {
    listen: ({ host = "127.0.0.1", port = 0 } = {}) => server.listen(host, port),
    close: () => server.close(),
    requests: server.log.records,
    clearRequests: () => server.log.clear(),
    failNext: (fault) => server.faults.failNext(fault),
    clearFaults: () => server.faults.clear(),
    entries: () => server.messages.cache.entries(settings.now()),
    clearCache: () => server.messages.cache.clear(),
  };
}
