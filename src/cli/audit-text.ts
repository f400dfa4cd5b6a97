/** What `keepwarm audit` prints. */
import {
  type AuditReport,
  changeText,
  countText,
  type Named,
  type Option,
  shareText,
  tokensText,
  usdText,
} from "../audit/index.ts";
import { printable } from "./printable.ts";
import { bold, dim } from "./style.ts";
import { type Cell, type Column, table, terminalWidth } from "./table.ts";

/** More rows than this a person does not read; `--json` has them all. */
const MOST_WEEKS = 12;
const MOST_PROJECTS = 8;
const BAR_WIDTH = 24;
const INDENT = "  ";

export function auditText(report: AuditReport, width: number = terminalWidth()): string {
  const { idling, advice, pricesAsOf } = report;
  if (idling.total.calls === 0) return "There are no model calls in these transcripts, or none so late.";
  return [
    ...headline(report),
    "",
    ...facts(report),
    ...amounts("week", idling.weeks.slice(-MOST_WEEKS), idling.weeks.length, width),
    ...amounts("project", idling.projects.slice(0, MOST_PROJECTS), idling.projects.length, width),
    ...(idling.total.lapses === 0 ? [] : amounts("pause", idling.pauses, idling.pauses.length, width)),
    ...hours(idling.hours),
    ...options(report, width),
    "",
    ...advice.sentences.map((sentence, index) => (index === 0 ? bold(sentence) : sentence)),
    "",
    dim(
      `At list price of ${pricesAsOf}, subscription or not: transcripts do not tell. Nothing has left this machine.`,
    ),
  ].join("\n");
}

function headline({ idling, from, to }: AuditReport): string[] {
  const { idleUsd, inputUsd, writtenTokens, writtenAfterPauseTokens } = idling.total;
  const days = `${(from ?? "").slice(0, 10)} to ${(to ?? "").slice(0, 10)}`;
  return [
    bold(
      `${days}: idling cost ${usdText(idleUsd)}, ${shareText(idleUsd, inputUsd)} of what your prompts cost.`,
    ),
    `Of all that was written to the cache, ${shareText(writtenAfterPauseTokens, writtenTokens)} was written after a pause longer than the cache lives.`,
  ];
}

function facts({ idling, reading }: AuditReport): string[] {
  const { total } = idling;
  const conversations = Object.values(reading.byAgent).reduce((sum, one) => sum + one.conversations, 0);
  const agents = Object.entries(reading.byAgent).map(([agent, one]) => `${agent} ${countText(one.calls)}`);
  const unpriced =
    total.unpricedCalls > 0 ? `; ${countText(total.unpricedCalls)} on models without a known price` : "";
  return [
    line(
      "calls",
      `${countText(total.calls)} in ${countText(conversations)} conversations (${agents.join(", ")})${unpriced}`,
    ),
    line(
      "prompts",
      `${tokensText(total.promptTokens)} tokens, ${usdText(total.inputUsd)}; answers ${usdText(total.outputUsd)}`,
    ),
    line(
      "pauses",
      `${countText(total.pauses)} longer than the cache lives; after ${countText(total.lapses)} of them ${tokensText(total.rewrittenTokens)} tokens were written again`,
    ),
  ];
}

function line(title: string, text: string): string {
  return `${INDENT}${dim(title.padEnd(8))} ${text}`;
}

function amounts(title: string, rows: readonly Named[], inAll: number, width: number): string[] {
  if (rows.length === 0) return [];
  const columns: Column[] = [
    { title },
    { title: "idling", align: "right", whole: true },
    { title: "of prompts", align: "right", whole: true },
    { title: "lapses", align: "right", whole: true },
    { title: "" },
  ];
  const largest = Math.max(...rows.map(({ idleUsd }) => idleUsd));
  const cells = rows.map((row): Cell[] => [
    printable(row.name),
    usdText(row.idleUsd),
    shareText(row.idleUsd, row.inputUsd),
    countText(row.lapses),
    {
      text: "█".repeat(largest === 0 ? 0 : Math.round((row.idleUsd / largest) * BAR_WIDTH)),
      style: "yellow",
    },
  ]);
  const more =
    inAll > rows.length ? [dim(`${INDENT}and ${inAll - rows.length} more: --html and --json have them`)] : [];
  return ["", ...indented(table(columns, cells, width - INDENT.length)), ...more];
}

const LEVELS = " ▁▂▃▄▅▆▇█";

/** What idling cost by the hour of the return, as a line of bars. */
function hours(rows: readonly Named[]): string[] {
  const largest = Math.max(...rows.map(({ idleUsd }) => idleUsd));
  if (largest === 0) return [];
  const bars = rows.map(({ idleUsd }) =>
    LEVELS[Math.ceil((idleUsd / largest) * (LEVELS.length - 1))]?.repeat(2),
  );
  return ["", line("hour", bars.join("")), line("", dim("0     3     6     9     12    15    18    21"))];
}

function options({ whatIf }: AuditReport, width: number): string[] {
  if (whatIf.conversations === 0) return [];
  const policies = [...new Set(whatIf.options.map(({ policy }) => policy))];
  const figures: Column = { title: "", align: "right", whole: true };
  const columns: Column[] = [
    { title: "it would have cost" },
    { ...figures, title: "on 5 minutes" },
    figures,
    { ...figures, title: "on an hour" },
    figures,
    { ...figures, title: "on either" },
    figures,
  ];
  const rows = policies.map((policy): Cell[] => {
    const of = (tier: Option["tier"]) =>
      whatIf.options.find((one) => one.policy === policy && one.tier === tier);
    return [policy, ...outcome(of("5m")), ...outcome(of("1h")), ...outcome(of("chosen"))];
  });
  return [
    "",
    ...indented(table(columns, rows, width - INDENT.length)),
    dim(
      `${INDENT}Against ${usdText(whatIf.presentUsd)} as it was, without warms, on main threads; nobody comes back from a last pause.`,
    ),
  ];
}

function outcome(option: Option | undefined): Cell[] {
  if (option === undefined) return ["", ""];
  const { billUsd, change } = option.outcome.open;
  return [
    usdText(billUsd),
    { text: changeText(change), style: change < 0 ? "green" : change > 0.0005 ? "red" : "dim" },
  ];
}

function indented(block: string): string[] {
  return block.split("\n").map((one) => INDENT + one);
}
