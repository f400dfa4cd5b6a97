/** A gateway's options, from its settings. */
import { keepingOf, type Settings } from "../config/index.ts";
import type { Keeping } from "../host.ts";
import type { GatewayChange, GatewayOptions } from "./gateway.ts";
import type { LiveSettings } from "./settings-desk.ts";

/** What holds as long as it runs. */
export function fixedOptions({ upstream, maxWarms, maxHeldMb, budgetThinking, ...settings }: Settings) {
  const { ttl5m, ttl1h, warmTokens } = settings;
  return {
    upstream: new URL(upstream),
    maxWarms,
    maxHeldBytes: maxHeldMb * 1_000_000,
    budgetThinking,
    ttl5mMs: ttl5m,
    ttl1hMs: ttl1h,
    ...(warmTokens === undefined ? {} : { warmTokens }),
  } satisfies Partial<GatewayOptions>;
}

/** What may be changed meanwhile: `keeping` is read at each use, the rest is told to the gateway. */
export function liveOptions(
  { enableNew, keepWarm, tier, allowSubscription, ...limits }: LiveSettings,
  kept: Pick<Keeping, "storage" | "spending"> = {},
): { readonly keeping: Keeping; readonly change: GatewayChange } {
  return {
    keeping: {
      ...keepingOf({ keepWarm, ...limits }),
      ...kept,
    },
    change: { enableNew, tier, allowSubscription },
  };
}
