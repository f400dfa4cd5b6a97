import type { ConsoleEvent, ConsoleEvents } from "../../src/hub/index.ts";
import { controlledInMemory, NOON } from "./controlled-in-memory.ts";

export const NO_MONEY = { spentUsd: 0, savedUsd: 0, netUsd: 0, warms: 0, rescues: 0, unpricedWarms: 0 };

/** The event that a listener hears first. */
export function aSnapshot(
  data: Partial<ConsoleEvents["snapshot"]> = {},
): Extract<ConsoleEvent, { type: "snapshot" }> {
  const gateway = controlledInMemory().info();
  return {
    type: "snapshot",
    id: null,
    data: {
      now: NOON,
      gateway,
      totals: { day: "2026-11-20", today: NO_MONEY, all: NO_MONEY },
      settings: { file: "/home/ada/.local/state/keepwarm/config.json", settings: [] },
      health: { ok: true, problems: [], startedAt: gateway.startedAt, residentBytes: 1, listeners: 1 },
      ...data,
    },
  };
}
