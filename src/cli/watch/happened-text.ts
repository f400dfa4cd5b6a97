/** What happened in a conversation, in a few words. */
import type { ConversationView, HistoryEntry, UsageView } from "../../hub/index.ts";
import { computeCachePct } from "../../pure.ts";
import { namesAmong } from "../conversation-name.ts";
import { amountIn } from "../measure.ts";
import { printable } from "../printable.ts";
import type { Happened } from "./picture.ts";

/** `12:03:14  cathedral  warmed: 98 % read, $0.0020`. */
export function happenedText(
  { conversationId, entry }: Happened,
  conversations: ReadonlyMap<string, ConversationView>,
): string {
  const names = namesAmong([...conversations.values()]);
  const view = conversations.get(conversationId);
  const name = view === undefined ? names.shortId(conversationId) : names.nameOf(view);
  return `${clockTime(entry.at)}  ${name}  ${whatHappened(entry)}`;
}

function whatHappened(entry: HistoryEntry): string {
  switch (entry.kind) {
    case "turn": {
      const rescued = entry.savedUsd > 0 ? `, saved ${amountIn(entry.savedUsd, "dollars")}` : "";
      return `turn${figures(entry.usage, entry.costUsd)}${rescued}`;
    }
    case "warm":
      return `${WARMED[entry.outcome]}${figures(entry.usage, entry.costUsd)}`;
    case "lapse":
    case "stop":
      return printable(entry.why);
    case "failure":
      return `turn failed: ${printable(entry.why)}`;
    case "switch":
      return entry.enabled ? "switched on" : "switched off";
  }
}

const WARMED = {
  hit: "warmed",
  partial: "warmed in part",
  cold: "found cold",
  "cut-off": "a warm was cut off",
  unknown: "warmed",
} as const;

function figures(usage: UsageView | null, costUsd: number | null): string {
  const told = [
    ...(usage === null
      ? []
      : [`${computeCachePct(usage.inputTokens, usage.cacheReadTokens)} % read from the cache`]),
    ...(costUsd === null ? [] : [amountIn(costUsd, "dollars")]),
  ];
  return told.length === 0 ? "" : `: ${told.join(", ")}`;
}

/** Of the day, where the person is, as `09:03:14`. */
export function clockTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
