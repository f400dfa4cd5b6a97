import { isLoopback } from "../hub/index.ts";

/** What it means to listen on this address; null where that is this machine's business alone. */
export function openToNetwork(host: string): string | null {
  if (isLoopback(host)) return null;
  return `a gateway on ${host} is open to your network: others can send requests through it, and what comes from other machines goes there unencrypted; 127.0.0.1 is for this machine alone`;
}
