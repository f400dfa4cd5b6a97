/** What `keepwarm status` prints. */
import type { ConversationView, GatewayInfo, StatusAnswer } from "../hub/index.ts";
import { conversationTable } from "./conversation-table.ts";
import { shownInDollars, sumOf } from "./measure.ts";
import { printable } from "./printable.ts";
import { span } from "./span.ts";
import { bold, dim } from "./style.ts";
import { terminalWidth } from "./table.ts";
import { tierText } from "./tier-text.ts";
import { wrapped } from "./wrapped.ts";

const INDENT = "  ";

/** @param now epoch ms */
export function statusReport(
  { gateway, conversations }: StatusAnswer,
  now: number,
  width = terminalWidth(),
): string {
  const head = gatewayLines(gateway, { now, width });
  if (conversations.length === 0) {
    return [...head, "", "No conversation is open: point an agent at the gateway.", hint(gateway)].join("\n");
  }
  const { keepWarm } = gateway;
  return [
    ...head,
    "",
    ...conversationTable(conversations, { now, width, keepWarm }),
    ...moneyLines(conversations),
  ].join("\n");
}

function gatewayLines(
  gateway: GatewayInfo,
  { now, width }: { readonly now: number; readonly width: number },
): string[] {
  const { version, pid, startedAt, gatewayUrl, upstream, warmsInFlight } = gateway;
  const facts = [
    `${gateway.enableNew ? "new conversations start on" : "new conversations start off"}`,
    `${megabytes(gateway.heldBytes)} of ${megabytes(gateway.maxHeldBytes)} MB held`,
    ...(warmsInFlight > 0 ? [counted(warmsInFlight, "warm under way", "warms under way")] : []),
    ...programs(gateway),
  ];
  return [
    `${bold(`keepwarm ${printable(version)}`)}, process ${pid}, up ${span(now - startedAt)}`,
    `${printable(gatewayUrl)} → ${printable(upstream)}`,
    ...wrapped(facts.join(" · "), { width }).map(dim),
    ...tierLines(gateway, width),
  ];
}

/** Where it says something of this person: a lifetime that they set, or what their own pauses advise. */
function tierLines({ tier }: GatewayInfo, width: number): string[] {
  if (tier === null || (tier.set === null && !tier.isOwn)) return [];
  return wrapped(tierText(tier), { width }).map(dim);
}

/** What it runs, and in what else a keepwarm is at work that tells it. */
export function programs({ runs, hosts }: GatewayInfo): string[] {
  const named = (names: readonly string[]) => [...new Set(names.map(printable))].join(", ");
  return [
    ...(runs.length > 0 ? [`running ${named(runs.map(({ command }) => command))}`] : []),
    ...(hosts.length > 0 ? [`inside ${named(hosts.map(({ host }) => host))}`] : []),
  ];
}

function hint({ gatewayUrl }: GatewayInfo): string {
  return dim(`${INDENT}keepwarm run -- claude, or ANTHROPIC_BASE_URL=${printable(gatewayUrl)}`);
}

/** What came of it so far, over those that are open. */
function moneyLines(conversations: readonly ConversationView[]): string[] {
  const known = conversations.flatMap(({ money }) => money ?? []);
  if (known.length === 0) return [];
  const { spent, saved, net } = shownInDollars(sumOf(known));
  return ["", dim(`spent ${spent} · saved ${saved} · net ${net}`)];
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes > 0 && bytes < 10_000_000 ? 1 : 0);
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
