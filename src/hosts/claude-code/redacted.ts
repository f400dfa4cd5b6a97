/** Headers that may hold a credential: a mod reads `[redacted]`, and where it leaves that, the credential goes out. */

const REDACTED = "[redacted]";
const BEARER = `Bearer ${REDACTED}`;

/**
 * As keepwarm reads them: whatever stands in `authorization` counts as a bearer's token, and so as a subscription's,
 * because it cannot be told.
 */
export function readableHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name.toLowerCase() === "authorization" && value === REDACTED ? BEARER : value,
    ]),
  );
}

/** As Claude Code showed it. */
export function bearerAsShown(name: string, value: string): string {
  return name.toLowerCase() === "authorization" && value === BEARER ? REDACTED : value;
}
