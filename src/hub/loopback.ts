/** Which names stand for this machine itself. */

const LOOPBACK = /^(?:localhost|\[?::1\]?|127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})$/i;

/** Whether a URL's host name (IPv6 in brackets, or without) never leaves this machine. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
