/** Whether requests go by a gateway of keepwarm's, which then warms what it sees: nobody pays twice. */
import type { WarmFailure } from "../../host.ts";

/** In the addresses of a run that a gateway looks after. */
const RUN_PATH = "/~keepwarm/";

export function isRun(baseUrl: string | undefined): boolean {
  return baseUrl?.includes(RUN_PATH) ?? false;
}

export const BY_GATEWAY =
  "Requests go by a gateway of keepwarm's, which sees every one of them: switch the conversation on there, with keepwarm on.";

/** @param gatewayUrl asks where a gateway runs; null: nowhere. Where it cannot be told, nothing is sent. */
export async function gatewayObjection(
  url: string,
  gatewayUrl: () => Promise<string | null>,
): Promise<WarmFailure | null> {
  try {
    const gateway = await gatewayUrl();
    return gateway !== null && isSamePlace(url, gateway) ? { error: BY_GATEWAY, permanent: true } : null;
  } catch {
    return { error: "it cannot be told whether a gateway of keepwarm's is in the way" };
  }
}

/** A machine has several names for itself. */
function isSamePlace(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  return a !== null && b !== null && a.port === b.port && placeOf(a) === placeOf(b);
}

function placeOf({ hostname }: URL): string {
  return /^(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/i.test(hostname) ? "this machine" : hostname;
}
