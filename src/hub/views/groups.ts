/** What conversations are doing, in the order in which a person may want to see to them: in every list the same. */
import type { ConversationView } from "./conversation.ts";

export const GROUPS = ["generating", "warm", "waiting", "lapsed", "stopped", "off"] as const;
export type Group = (typeof GROUPS)[number];

export const GROUP_TITLES: Readonly<Record<Group, string>> = {
  generating: "Generating",
  warm: "Warm",
  waiting: "Waiting",
  lapsed: "Lapsed",
  stopped: "Stopped",
  off: "Off",
};

export function groupOf({ phase, nextWarmAt }: Pick<ConversationView, "phase" | "nextWarmAt">): Group {
  if (phase === "warming") return "warm";
  if (phase === "idle") return nextWarmAt === null ? "waiting" : "warm";
  return phase;
}
