/** The console's page and the token to use it with: in the fragment, which no browser sends anywhere. */
export function consoleLink(controlUrl: string, token: string): string {
  return `${controlUrl}/#token=${token}`;
}
