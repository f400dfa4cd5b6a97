/** What the control API controls, over a gateway under test. */
import { listPrices } from "../../src/anthropic/index.ts";
import type { Controlled } from "../../src/console/index.ts";
import { type ControlledGateway, controlled } from "../../src/gateway/control.ts";
import { storageIn } from "../support/storage-in.ts";
import type { World } from "./world.ts";

export function controlledWorld(
  { gateway, clock }: Pick<World, "gateway" | "clock">,
  options: Partial<ControlledGateway> = {},
): Controlled {
  return controlled({
    gateway,
    storage: storageIn(new Map()),
    version: "0",
    startedAt: 0,
    enableNew: true,
    keepWarm: "always",
    prices: listPrices(),
    page: false,
    flags: [],
    maxHeldBytes: 1,
    now: clock.now,
    stop: () => {},
    ...options,
  });
}
