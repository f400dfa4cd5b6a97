/** What the person has chosen for all of keepwarm, as far as it holds inside a host too. */
import { readFileSync } from "node:fs";
import { type PriceTable, pricesWith } from "../../anthropic/index.ts";
import type { KeeperOptions } from "../../capture/index.ts";
import {
  DEFAULT_SETTINGS,
  type Environment,
  keepingOf,
  type Settings,
  settingsInHost,
} from "../../config/index.ts";

export interface PersonSettings
  extends Pick<
    KeeperOptions,
    | "keeping"
    | "maxWarms"
    | "maxHeldBytes"
    | "allowSubscription"
    | "budgetThinking"
    | "warmTokens"
    | "ttl5mMs"
    | "ttl1hMs"
    | "prices"
  > {
  readonly enableNew: boolean;
  readonly logLevel: string;
}

export interface Chosen {
  readonly settings: PersonSettings;
  /** Why nothing may be warmed, as a sentence; null when nothing speaks against it. */
  readonly trouble: string | null;
}

/** Where they cannot be read, nobody knows what the person's limits are: nothing is to be sent then. */
export function chosenSettings(env: Environment): Chosen {
  try {
    return { settings: personSettings(settingsInHost(env), readText), trouble: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      settings: personSettings(DEFAULT_SETTINGS, readText),
      trouble: `keepwarm's settings cannot be used: ${reason}`,
    };
  }
}

function readText(file: string): string {
  return readFileSync(file, "utf8");
}

/**
 * @param read the text of a file that a setting names
 * @throws with what to do as its message, when the prices cannot be used
 */
export function personSettings(settings: Settings, read: (file: string) => string): PersonSettings {
  const { warmTokens, prices } = settings;
  return {
    keeping: keepingOf(settings),
    enableNew: settings.enableNew,
    maxWarms: settings.maxWarms,
    maxHeldBytes: settings.maxHeldMb * 1_000_000,
    allowSubscription: settings.allowSubscription,
    budgetThinking: settings.budgetThinking,
    ttl5mMs: settings.ttl5m,
    ttl1hMs: settings.ttl1h,
    logLevel: settings.logLevel,
    ...(warmTokens === undefined ? {} : { warmTokens }),
    ...(prices === undefined ? {} : { prices: pricesIn(prices, read) }),
  };
}

function pricesIn(file: string, read: (file: string) => string): PriceTable {
  try {
    return pricesWith(JSON.parse(read(file)));
  } catch (error) {
    throw new Error(
      `the prices in ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
