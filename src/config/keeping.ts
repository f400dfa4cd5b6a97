import type { Keeping } from "../host.ts";
import type { Settings } from "./settings.ts";

/** How long conversations are kept warm, and within which limits. */
export function keepingOf({
  keepWarm,
  maxUsdPerPause,
  maxUsdPerDay,
  minPrefixTokens,
}: Pick<Settings, "keepWarm" | "maxUsdPerPause" | "maxUsdPerDay" | "minPrefixTokens">): Keeping {
  return {
    keepWarm,
    limits: {
      ...(maxUsdPerPause === undefined ? {} : { spanUsd: maxUsdPerPause }),
      ...(maxUsdPerDay === undefined ? {} : { dayUsd: maxUsdPerDay }),
      ...(minPrefixTokens === undefined ? {} : { minPrefixTokens }),
    },
  };
}
