/** What `keepwarm report` prints. */
import type { Amounts, Report } from "../ledger/index.ts";
import { amountIn, type Measure, spentIn } from "./measure.ts";
import { printable } from "./printable.ts";
import { bold, dim } from "./style.ts";
import { type Cell, type Column, table, terminalWidth } from "./table.ts";

export interface ReportTextOptions {
  /** In weighed tokens instead of dollars. */
  readonly tokens: boolean;
  readonly width?: number;
}

/** More rows than this a person does not read; `--json` has them all. */
const MOST_ROWS = 14;
const BAR_WIDTH = 24;
const INDENT = "  ";

export function reportText(report: Report, { tokens, width = terminalWidth() }: ReportTextOptions): string {
  const measure: Measure = tokens ? "tokens" : "dollars";
  const { total, days, conversations, models, policies } = report;
  const head = [bold(`${dayRange(report)}: ${verdict(total, measure)}`), ...facts(total, measure)];
  if (total.requests === 0 && total.warms === 0) return [...head, dim(NOTHING_YET)].join("\n");
  const named = conversations.filter(({ conversationId }) => conversationId !== null);
  const warmed = policies.filter(({ policy }) => policy !== null);
  return [
    ...head,
    ...daily(days, measure, width),
    ...section(
      `conversation, since ${report.conversationsSince}`,
      named,
      measure,
      width,
      ({ conversationId }) => printable(conversationId ?? ""),
    ),
    ...section("model", models, measure, width, ({ model }) =>
      model === null ? "not known" : printable(model),
    ),
    ...(warmed.length > 1
      ? section("policy", warmed, measure, width, ({ policy }) => printable(policy ?? ""))
      : []),
  ].join("\n");
}

const NOTHING_YET = `${INDENT}A running gateway writes down what passes it: keepwarm start, then keepwarm on.`;

function dayRange({ since, until }: Report): string {
  return since === null ? `until ${until}` : `${since} to ${until}`;
}

/** The whole of it in a sentence, where it was a loss as well. */
function verdict(total: Amounts, measure: Measure): string {
  if (total.warms === 0) return "nothing was spent on warming.";
  const { spent, saved, net } = spentIn(total, measure);
  const unit = measure === "tokens" ? " tokens" : "";
  const said = (amount: number) => amountIn(amount, measure) + unit;
  if (total.rescued === 0) return `warming cost ${said(spent)} and has saved nothing so far.`;
  return net < 0
    ? `warming cost ${said(spent)} and saved ${said(saved)}: ${said(-net)} more than without it.`
    : `warming saved ${said(saved)} and cost ${said(spent)}: ${said(net)} less than without it.`;
}

function facts(total: Amounts, measure: Measure): string[] {
  const { requests, requestsUsd, warms, boundUsd, cutOff } = total;
  const unpriced = total.warmsUnpriced + total.rescuesUnpriced;
  return [
    ...line(
      "returns",
      counted([
        [total.rescued, "rescued"],
        [total.lapsed, "lapsed"],
        [total.within, "within the TTL"],
        [total.drifted, "drifted"],
        [total.replaced, "replaced"],
        [total.survived, "survived by luck"],
        [total.unseen, "not seen"],
      ]),
    ),
    ...line(
      "warms",
      counted([
        [total.hits, "hit"],
        [total.partials, "partial"],
        [total.colds, "cold"],
        [cutOff, "cut off"],
        [warms - total.hits - total.partials - total.colds - cutOff, "without usage"],
      ]),
    ),
    ...line("cold", counted(reasons(total))),
    ...line(
      "requests",
      requests === 0 ? "" : `${requests}, ${amountIn(requestsUsd, "dollars")} at list price`,
    ),
    ...(cutOff > 0 && measure === "dollars"
      ? [
          dim(
            `${INDENT}What was cut off is counted at the most it can have cost, ${amountIn(boundUsd, measure)}.`,
          ),
        ]
      : []),
    ...(unpriced > 0
      ? [dim(`${INDENT}Of ${unpriced} warms and rescues no price is known: they are not in these amounts.`)]
      : []),
    ...(measure === "tokens" ? [dim(INDENT + WEIGHED)] : []),
  ];
}

const WEIGHED =
  "Tokens are weighed by their list price: an uncached token of input is 1, one read from the cache a tenth or less.";

function line(title: string, text: string): string[] {
  return text === "" ? [] : [`${INDENT}${dim(title.padEnd(9))} ${text}`];
}

function counted(counts: readonly (readonly [number, string])[]): string {
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join(" · ");
}

const COLD_REASONS: Readonly<Record<string, string>> = {
  expired: "sent after the entry had expired",
  gone_early: "gone before the entry expired",
  found_in_part: "only its beginning was there",
  not_cached: "nothing of it is cached",
  not_told: "for an unknown reason",
  model_changed: "its model had changed",
  system_changed: "its system prompt had changed",
  tools_changed: "its tools had changed",
  messages_changed: "its messages had changed",
  previous_message_not_found: "the API did not know the message before it",
  unavailable: "the API could not tell why",
};

/** Why warms found the cache cold, the most frequent first. */
function reasons({ coldReasons }: Amounts): [number, string][] {
  return Object.entries(coldReasons)
    .map(([reason, count]): [number, string] => [count, COLD_REASONS[reason] ?? printable(reason)])
    .toSorted(([a], [b]) => b - a);
}

const AMOUNTS: readonly Column[] = [
  { title: "spent", align: "right", whole: true },
  { title: "saved", align: "right", whole: true },
  { title: "net", align: "right", whole: true },
  { title: "rescues", align: "right", whole: true },
];

function daily(days: Report["days"], measure: Measure, width: number): string[] {
  const columns: Column[] = [{ title: "day", whole: true }, ...AMOUNTS, { title: "" }];
  const shown = days.slice(0, MOST_ROWS);
  const largest = Math.max(...shown.map((day) => Math.abs(spentIn(day, measure).net)));
  const rows = shown.map((day) => [
    day.day,
    ...amountCells(day, measure),
    bar(spentIn(day, measure).net, largest),
  ]);
  return ["", ...lines(table(columns, rows, width - INDENT.length)), ...more(days.length)];
}

function section<Entry extends Amounts>(
  title: string,
  entries: readonly Entry[],
  measure: Measure,
  width: number,
  nameOf: (entry: Entry) => string,
): string[] {
  if (entries.length === 0) return [];
  const rows = entries.slice(0, MOST_ROWS).map((entry) => [nameOf(entry), ...amountCells(entry, measure)]);
  return ["", ...lines(table([{ title }, ...AMOUNTS], rows, width - INDENT.length)), ...more(entries.length)];
}

function amountCells(amounts: Amounts, measure: Measure): Cell[] {
  const { spent, saved, net } = spentIn(amounts, measure);
  const shown = `${net > 0 ? "+" : ""}${amountIn(net, measure)}`;
  return [
    amountIn(spent, measure),
    amountIn(saved, measure),
    net === 0 ? shown : { text: shown, style: net > 0 ? "green" : "red" },
    String(amounts.rescued),
  ];
}

/** Filled where it was a gain, hatched where it was a loss: colour alone would not tell. */
function bar(net: number, largest: number): Cell {
  const length = largest === 0 ? 0 : Math.round((Math.abs(net) / largest) * BAR_WIDTH);
  return net < 0 ? { text: "▒".repeat(length), style: "red" } : { text: "█".repeat(length), style: "green" };
}

function lines(block: string): string[] {
  return block.split("\n").map((one) => INDENT + one);
}

function more(count: number): string[] {
  return count > MOST_ROWS ? [dim(`${INDENT}and ${count - MOST_ROWS} more: --json has them`)] : [];
}
