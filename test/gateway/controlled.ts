/** What the control API controls, over a gateway under test. */
import { listPrices } from "../../src/anthropic/index.ts";
import { DEFAULT_SETTINGS, loadConfig } from "../../src/config/index.ts";
import type { Controlled } from "../../src/console/index.ts";
import { type ControlledGateway, controlled } from "../../src/gateway/control.ts";
import { createHealth } from "../../src/gateway/health.ts";
import { createHistory } from "../../src/gateway/history/index.ts";
import { createGatewayPrewarming } from "../../src/gateway/prewarming.ts";
import { createSettingsDesk } from "../../src/gateway/settings-desk.ts";
import { storageIn } from "../support/storage-in.ts";
import type { World } from "./world.ts";

export function controlledWorld(
  {
    gateway,
    clock,
    logger,
    entries = new Map(),
  }: Pick<World, "gateway" | "clock" | "logger"> & Partial<Pick<World, "entries">>,
  options: Partial<ControlledGateway> = {},
): Controlled {
  const { timers, now } = clock;
  const storage = storageIn(entries);
  return controlled({
    gateway,
    history: createHistory({ keeper: gateway.keeper, storage, timers, logger, now }),
    settings: createSettingsDesk({
      config: loadConfig({ env: { KEEPWARM_HOME: "/nowhere" }, flags: { keepWarm: "always" } }),
      apply: () => {},
    }),
    health: createHealth(now),
    prewarming: createGatewayPrewarming({
      settings: DEFAULT_SETTINGS,
      live: () => DEFAULT_SETTINGS,
      gateway: () => gateway,
      storage: storageIn(new Map()),
      nameKey: "a key",
      env: {},
      clock,
      logger,
    }),
    storage: storageIn(entries),
    prices: listPrices(),
    version: "0",
    startedAt: 0,
    page: false,
    maxHeldBytes: 1,
    now,
    stop: () => {},
    ...options,
  });
}
