/** What `keepwarm report` prints. */
import type { TierView } from "../hub/index.ts";
import type { Amounts, Report } from "../ledger/index.ts";
import type { Known } from "./conversation-name.ts";
import { amountIn, type Measure, measureOf, shownIn } from "./measure.ts";
import { printable } from "./printable.ts";
import { tables } from "./report-tables.ts";
import { bold, dim } from "./style.ts";
import { terminalWidth } from "./table.ts";
import { tierText } from "./tier-text.ts";
import { wrapped } from "./wrapped.ts";

export interface ReportTextOptions {
  /** Left out: by itself, see {@link measureOf}. */
  readonly measure?: Measure;
  /** Which lifetime would be cheapest; null: not known. `set` left out: no gateway is running. */
  readonly tier?: (Omit<TierView, "set"> & Partial<Pick<TierView, "set">>) | null;
  /** Where the running gateway waits for agents; null: none is running. */
  readonly gatewayUrl?: string | null;
  /** Those that are open in it; null: none is running. */
  readonly open?: readonly OpenConversation[] | null;
  /** In columns. @default that of the terminal */
  readonly width?: number;
}

export type OpenConversation = Known & { readonly enabled: boolean };

const INDENT = "  ";

export function reportText(report: Report, options: ReportTextOptions = {}): string {
  const { tier = null, gatewayUrl = null, open = null, width = terminalWidth() } = options;
  const { total } = report;
  const measure = options.measure ?? measureOf(total);
  const note = (text: string) => wrapped(text, { width, first: INDENT }).map(dim);
  const head = [...wrapped(verdict(total, measure), { width }).map(bold), ...note(period(report))];
  if (total.requests === 0 && total.warms + total.preWarms === 0) {
    return [...head, ...note(whyNothing(report, gatewayUrl))].join("\n");
  }
  return [
    ...head,
    ...facts(total, measure, width),
    ...caveats(total, measure, options.measure === undefined).flatMap(note),
    ...(total.warms + total.preWarms === 0 ? note(whyNoWarm(open)) : []),
    ...(tier === null ? [] : note(tierText(tier))),
    ...tables(report, { measure, width, open: open ?? [] }),
  ].join("\n");
}

function period({ since, until }: Report): string {
  return since === null ? `until ${until}` : `${since} to ${until}`;
}

/** The whole of it in a sentence, where it was a loss as well. */
function verdict(total: Amounts, measure: Measure): string {
  if (total.warms + total.preWarms === 0) return "Nothing was spent on warming.";
  const { netAmount, ...shown } = shownIn(total, measure);
  const unit = measure === "tokens" ? " tokens" : "";
  const [spent, saved, net] = [shown.spent + unit, shown.saved + unit, shown.net.replace(/^[+−]/, "") + unit];
  if (total.rescued + total.preWarmReads === 0) return `Warming cost ${spent} and has saved nothing so far.`;
  if (netAmount === 0) return `Warming saved ${saved} and cost ${spent}: about even.`;
  return netAmount < 0
    ? `Warming cost ${spent} and saved ${saved}: ${net} more than without it.`
    : `Warming saved ${saved} and cost ${spent}: ${net} less than without it.`;
}

function whyNothing({ earliest, until }: Report, gatewayUrl: string | null): string {
  if (earliest !== null) {
    const days = Math.ceil((Date.parse(until) - Date.parse(earliest)) / 86_400_000);
    return `Nothing passed in this time. What came before began on ${earliest}: --since ${days}d`;
  }
  return gatewayUrl === null
    ? "No gateway has written anything down yet: keepwarm run -- claude, or keepwarm start."
    : `Nothing has passed the gateway yet: keepwarm run -- claude, or ANTHROPIC_BASE_URL=${printable(gatewayUrl)}`;
}

function facts(total: Amounts, measure: Measure, width: number): string[] {
  const { warms, hits, partials, colds, cutOff } = total;
  const line = (title: string, text: string) =>
    text === "" ? [] : titled(title, wrapped(text, { width: width - TITLE_WIDTH }));
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
        [hits, "hit"],
        [partials, "partial"],
        [colds, "cold"],
        [cutOff, "cut off"],
        [warms - hits - partials - colds - cutOff, "without usage"],
      ]),
    ),
    ...line("cold", counted(reasons(total))),
    ...line("pre-warms", preWarms(total, measure)),
    ...line("requests", requests(total, measure)),
  ];
}

/** What is in the sums of those that were sent before anyone asked. */
function preWarms({ preWarms, ...total }: Amounts, measure: Measure): string {
  if (preWarms === 0) return "";
  const read = `${total.preWarmReads} read by a first turn`;
  if (measure === "tokens") return `${preWarms} sent · ${read}`;
  const [spent, saved] = [total.preWarmsUsd, total.preWarmsSavedUsd].map((usd) => amountIn(usd, measure));
  return `${preWarms} sent for ${spent} · ${read}, which saved ${saved}`;
}

const TITLE_WIDTH = 12;

function titled(title: string, lines: readonly string[]): string[] {
  return lines.map((one, index) =>
    index === 0 ? `${INDENT}${dim(title.padEnd(TITLE_WIDTH - 3))} ${one}` : " ".repeat(TITLE_WIDTH) + one,
  );
}

function requests(total: Amounts, measure: Measure): string {
  if (total.requests === 0) return "";
  if (measure === "dollars")
    return `${total.requests}, ${amountIn(total.requestsUsd, "dollars")} at list price`;
  const tokens = counted([
    [total.requestsReadTokens, "read"],
    [total.requestsWrittenTokens, "written"],
    [total.requestsUncachedTokens, "uncached"],
    [total.requestsOutputTokens, "answered"],
  ]);
  return tokens === "" ? String(total.requests) : `${total.requests}; tokens: ${tokens}`;
}

/** What is to be known of these amounts. @param isByItself nobody asked for this measure */
function caveats(total: Amounts, measure: Measure, isByItself: boolean): string[] {
  const { warms, warmsBySubscription, warmsUnpriced, rescuesUnpriced, cutOff, boundUsd } = total;
  const unpriced = warmsUnpriced + rescuesUnpriced;
  const bound = measure === "dollars" ? `, ${amountIn(boundUsd, measure)}` : "";
  return [
    ...(cutOff > 0 ? [`What was cut off is counted at the most it can have cost${bound}.`] : []),
    ...(unpriced > 0
      ? [
          `Of ${unpriced} ${unpriced === 1 ? "warm or rescue" : "warms and rescues"} no price is known: not in these amounts.`,
        ]
      : []),
    ...(measure === "tokens" && isByItself
      ? ["A subscription paid for these warms, so they are told in tokens; --dollars tells list prices."]
      : []),
    ...(measure === "dollars" && warmsBySubscription > 0
      ? [
          `A subscription paid for ${warmsBySubscription === warms ? "these" : `${warmsBySubscription} of the`} warms: at list price here, --tokens tells all in tokens.`,
        ]
      : []),
    ...(measure === "tokens" ? [WEIGHED] : []),
  ];
}

const WEIGHED =
  "Tokens are weighed by their list price: an uncached token of input is 1, one read from the cache a tenth or less.";

/** What was on and not worth it is no matter of switches. */
function whyNoWarm(open: readonly OpenConversation[] | null): string {
  if (open === null)
    return "No warm was sent: nothing was switched on (keepwarm on does), or none was due and worth its price.";
  const on = open.filter(({ enabled }) => enabled).length;
  if (on === 0) return "No conversation is switched on: keepwarm on switches the open one on.";
  return on === 1
    ? "One conversation is on, and no warm was due and worth its price so far: keepwarm status says why."
    : `${on} conversations are on, and no warm was due and worth its price so far: keepwarm status says why.`;
}

function counted(counts: readonly (readonly [number, string])[]): string {
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${shortly(count)} ${what}`)
    .join(" · ");
}

/** Large only where tokens are counted. */
function shortly(count: number): string {
  return count < 100_000 ? String(count) : amountIn(count, "tokens");
}

const COLD_REASONS: Readonly<Record<string, string>> = {
  expired: "sent after the entry had expired",
  gone_early: "whose entry was gone before its time",
  found_in_part: "of which only the beginning was there",
  not_cached: "of which nothing is cached",
  not_told: "for an unknown reason",
  model_changed: "because the model had changed",
  system_changed: "because the system prompt had changed",
  tools_changed: "because the tools had changed",
  messages_changed: "because the messages had changed",
  previous_message_not_found: "because the API did not know the message before",
  unavailable: "for a reason that the API could not tell",
};

/** Why warms found the cache cold, the most frequent first. */
function reasons({ coldReasons }: Amounts): [number, string][] {
  return Object.entries(coldReasons)
    .map(([reason, count]): [number, string] => [count, COLD_REASONS[reason] ?? printable(reason)])
    .toSorted(([a], [b]) => b - a);
}
