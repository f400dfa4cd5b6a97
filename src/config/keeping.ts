import type { Keeping } from "../host.ts";
import type { Settings } from "./settings.ts";

/** How long conversations are kept warm, and within which limits. */
export function keepingOf(settings: Settings): Keeping {
  const { keepWarm, maxUsdPerPause, maxUsdPerDay, minPrefixTokens } = settings;
  return {
    keepWarm,
    limits: {
      ...(maxUsdPerPause === undefined ? {} : { spanUsd: maxUsdPerPause }),
      ...(maxUsdPerDay === undefined ? {} : { dayUsd: maxUsdPerDay }),
      ...(minPrefixTokens === undefined ? {} : { minPrefixTokens }),
    },
  };
}
