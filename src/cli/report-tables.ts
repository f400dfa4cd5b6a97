/** The tables of `keepwarm report`, and its chart. */
import type { Amounts, Report } from "../ledger/index.ts";
import { type Known, namesAmong } from "./conversation-name.ts";
import { type Measure, shownIn } from "./measure.ts";
import { printable } from "./printable.ts";
import { dim } from "./style.ts";
import { type Cell, type Column, table } from "./table.ts";
import { wrapped } from "./wrapped.ts";

/** More rows than this a person does not read; `--json` has them all. */
const MOST_ROWS = 14;
const LONGEST_BAR = 24;
/** What the other columns of the chart may take at most, in columns of the terminal. */
const BESIDE_BARS = 56;
const INDENT = "  ";

export interface TablesOptions {
  readonly measure: Measure;
  readonly width: number;
  /** Conversations whose folders are known. */
  readonly open: readonly Known[];
}

export function tables(report: Report, { measure, width, open }: TablesOptions): string[] {
  const { conversations, models, policies } = report;
  const named = conversations.filter(({ conversationId, warms }) => conversationId !== null || warms > 0);
  const warmed = policies.filter(({ policy }) => policy !== null);
  const section = <Entry extends Amounts>(
    title: string,
    entries: readonly Entry[],
    nameOf: (entry: Entry) => Cell,
  ) => tableOf(title, entries, { measure, width, nameOf });
  const nameOf = namesIn(named, open);
  const isCut = report.since === null || report.since < report.conversationsSince;
  return [
    ...daily(report, measure, width),
    ...section(`conversation, since ${report.conversationsSince}`, named, ({ conversationId }) =>
      conversationId === null ? { text: "others", style: "dim" } : nameOf(conversationId),
    ),
    ...(isCut && named.length > 0 ? wrapped(A_WEEK, { width, first: INDENT }).map(dim) : []),
    ...section("model", models, ({ model }) => (model === null ? "not known" : printable(model))),
    ...(warmed.length > 1 ? section("policy", warmed, ({ policy }) => printable(policy ?? "")) : []),
  ];
}

const A_WEEK = "Conversations are told apart for a week; the days, models and policies go back further.";

/** By their folders where they are open, and by their ids. */
function namesIn(
  told: readonly { readonly conversationId: string | null }[],
  open: readonly Known[],
): (id: string) => string {
  const known = new Map(open.map((conversation) => [conversation.id, conversation]));
  for (const { conversationId: id } of told) {
    if (id !== null && !known.has(id)) known.set(id, { id, folder: null });
  }
  const { nameOf } = namesAmong([...known.values()]);
  return (id) => nameOf(known.get(id) ?? { id, folder: null });
}

const AMOUNTS: readonly Column[] = [
  { title: "spent", align: "right", whole: true },
  { title: "saved", align: "right", whole: true },
  { title: "net", align: "right", whole: true },
  { title: "rescues", align: "right", whole: true },
];

/** A bar a day: what it came to. */
function daily({ days }: Report, measure: Measure, width: number): string[] {
  const shown = days.slice(0, MOST_ROWS);
  const nets = shown.map((day) => shownIn(day, measure).netAmount);
  const largest = Math.max(...nets.map(Math.abs));
  const longest = Math.max(0, Math.min(LONGEST_BAR, width - INDENT.length - BESIDE_BARS));
  const columns: Column[] = [{ title: "day", whole: true }, ...AMOUNTS, { title: "" }];
  const amounts = amountCells(shown, measure);
  const rows = shown.map(({ day }, index) => [
    day,
    ...(amounts[index] ?? []),
    bar(nets[index] ?? 0, largest, longest),
  ]);
  return ["", ...indented(table(columns, rows, width - INDENT.length)), ...more(days.length)];
}

function tableOf<Entry extends Amounts>(
  title: string,
  entries: readonly Entry[],
  {
    measure,
    width,
    nameOf,
  }: { readonly measure: Measure; readonly width: number; readonly nameOf: (entry: Entry) => Cell },
): string[] {
  if (entries.length === 0) return [];
  const shown = entries.slice(0, MOST_ROWS);
  const amounts = amountCells(shown, measure);
  const rows = shown.map((entry, index) => [nameOf(entry), ...(amounts[index] ?? [])]);
  return [
    "",
    ...indented(table([{ title }, ...AMOUNTS], rows, width - INDENT.length)),
    ...more(entries.length),
  ];
}

/** Spent, saved, net and rescues, a row each. */
function amountCells(all: readonly Amounts[], measure: Measure): Cell[][] {
  const amounts = all.map((one) => shownIn(one, measure));
  const spent = atThePoint(amounts.map((one) => one.spent));
  const saved = atThePoint(amounts.map((one) => one.saved));
  const net = atThePoint(amounts.map((one) => one.net));
  return all.map(({ rescued }, index) => [
    spent[index] ?? "",
    saved[index] ?? "",
    netCell(net[index] ?? "", amounts[index]?.netAmount ?? 0),
    String(rescued),
  ]);
}

function netCell(text: string, net: number): Cell {
  return net === 0 ? text : { text, style: net > 0 ? "green" : "red" };
}

/** Those with cents stand above those with less, by their points. */
function atThePoint(texts: readonly string[]): string[] {
  const decimals = (text: string) => /\.(\d+)$/.exec(text)?.[1]?.length ?? 0;
  const most = Math.max(0, ...texts.filter((text) => text.includes("$")).map(decimals));
  return texts.map((text) => (text.includes("$") ? text + " ".repeat(most - decimals(text)) : text));
}

/** Filled where it was a gain, hatched where it was a loss: colour alone would not tell. */
function bar(net: number, largest: number, longest: number): Cell {
  if (net === 0 || longest === 0) return "";
  const length = Math.max(1, Math.round((Math.abs(net) / largest) * longest));
  return net < 0 ? { text: "▒".repeat(length), style: "red" } : { text: "█".repeat(length), style: "green" };
}

function indented(block: string): string[] {
  return block.split("\n").map((one) => INDENT + one);
}

function more(count: number): string[] {
  return count > MOST_ROWS ? [dim(`${INDENT}and ${count - MOST_ROWS} more: --json has them`)] : [];
}
