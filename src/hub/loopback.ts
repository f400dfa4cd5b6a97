/** Which names stand for this machine itself. */
import { isIPv4 } from "node:net";

/** Whether a URL's host name (IPv6 in brackets, or without) never leaves this machine. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return (
    name === "localhost" || name === "[::1]" || name === "::1" || (isIPv4(name) && name.startsWith("127."))
  );
}
