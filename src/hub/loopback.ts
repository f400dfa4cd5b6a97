/** Which names stand for this machine itself. */
/** Whether a URL's host name (IPv6 in brackets, or without) never leaves this machine. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return name === "localhost" || name === "[::1]" || name === "::1" || isOwnIPv4(name);
}

function isOwnIPv4(name: string): boolean {
  return /^127(?:\.(?:0|[1-9]\d{0,2})){3}$/.test(name) && name.split(".").every((part) => Number(part) < 256);
}
