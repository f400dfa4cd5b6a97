/** What `keepwarm status` prints. */
import type { ConversationView, GatewayInfo, StatusAnswer } from "../hub/index.ts";
import { shownId } from "./conversation.ts";
import { printable } from "./printable.ts";
import { ago, span, until } from "./span.ts";
import { bold, dim } from "./style.ts";
import { type Cell, table, terminalWidth } from "./table.ts";
import { tierText } from "./tier-text.ts";

/** What conversations do, in the order of what a person may have to see to soonest. */
const GROUPS = [
  "Warming now",
  "Kept warm",
  "Taking their turn",
  "On, but not being warmed",
  "Lapsed",
  "Stopped",
  "Off",
] as const;

type Group = (typeof GROUPS)[number];

const COLUMNS = [
  { title: "conversation", whole: true },
  { title: "next warm", whole: true },
  { title: "cache", align: "right" },
  { title: "last turn", whole: true },
  { title: "model" },
] as const;

const INDENT = "  ";

/** @param now epoch ms */
export function statusReport(
  { gateway, conversations }: StatusAnswer,
  now: number,
  width = terminalWidth(),
): string {
  const head = gatewayLines(gateway, now);
  if (conversations.length === 0) {
    return [...head, "", "No conversation is open: point an agent at the gateway.", hint(gateway)].join("\n");
  }
  return [...head, "", ...conversationLines(conversations, now, width)].join("\n");
}

function gatewayLines(gateway: GatewayInfo, now: number): string[] {
  const { version, pid, startedAt, gatewayUrl, upstream, runs, warmsInFlight } = gateway;
  const facts = [
    `${gateway.enableNew ? "new conversations start on" : "new conversations start off"}`,
    `${megabytes(gateway.heldBytes)} of ${megabytes(gateway.maxHeldBytes)} MB held`,
    ...(warmsInFlight > 0 ? [counted(warmsInFlight, "warm under way", "warms under way")] : []),
    ...(runs.length > 0 ? [`running ${runs.map(({ command }) => printable(command)).join(", ")}`] : []),
  ];
  return [
    `${bold(`keepwarm ${printable(version)}`)}, process ${pid}, up ${span(now - startedAt)}`,
    `${printable(gatewayUrl)} → ${printable(upstream)}`,
    dim(facts.join(" · ")),
    ...(gateway.tier === null ? [] : [dim(tierText(gateway.tier))]),
  ];
}

function hint({ gatewayUrl }: GatewayInfo): string {
  return dim(`${INDENT}keepwarm run -- claude, or ANTHROPIC_BASE_URL=${printable(gatewayUrl)}`);
}

function conversationLines(conversations: readonly ConversationView[], now: number, width: number): string[] {
  const groups = Map.groupBy(conversations, groupOf);
  const sorted = GROUPS.flatMap((group) => (groups.get(group) ?? []).toSorted(bySoonest));
  // One table for all, so that columns line up across the groups.
  const cells = sorted.map((view) => cellsOf(view, conversations, now));
  const [titles = "", ...rows] = table(COLUMNS, cells, width - INDENT.length).split("\n");
  const lines = [INDENT + titles];
  let last: Group | null = null;
  for (const [index, view] of sorted.entries()) {
    const group = groupOf(view);
    if (group !== last) lines.push(bold(`${group} (${groups.get(group)?.length})`));
    last = group;
    lines.push(INDENT + rows[index]);
    if (view.why !== null) lines.push(dim(`${INDENT}${INDENT}${printable(view.why)}`));
  }
  return lines;
}

function groupOf({ phase, nextWarmAt }: ConversationView): Group {
  switch (phase) {
    case "warming":
      return "Warming now";
    case "generating":
      return "Taking their turn";
    case "idle":
      return nextWarmAt === null ? "On, but not being warmed" : "Kept warm";
    case "lapsed":
      return "Lapsed";
    case "stopped":
      return "Stopped";
    case "off":
      return "Off";
  }
}

/** The next warm first; where there is none, the last turn. */
function bySoonest(a: ConversationView, b: ConversationView): number {
  const never = Number.MAX_SAFE_INTEGER;
  const byWarm = (a.nextWarmAt ?? never) - (b.nextWarmAt ?? never);
  return byWarm || (b.lastTurnAt ?? 0) - (a.lastTurnAt ?? 0) || (a.id < b.id ? -1 : 1);
}

function cellsOf(view: ConversationView, all: readonly ConversationView[], now: number): Cell[] {
  return [
    shownId(view.id, all),
    until(view.nextWarmAt, now),
    view.lastPct === null ? "—" : `${view.lastPct} %`,
    ago(view.lastTurnAt, now),
    view.modelName ?? "—",
  ];
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes > 0 && bytes < 10_000_000 ? 1 : 0);
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
