/** What `keepwarm audit` prints. */
import {
  type AuditReport,
  changeText,
  countText,
  type Idling,
  type Measure,
  measureOf,
  type Named,
  type Option,
  shareText,
  tokensText,
  UNTOLD,
  usdText,
} from "../audit/index.ts";
import { printable } from "./printable.ts";
import { bold, dim } from "./style.ts";
import { type Cell, type Column, table, terminalWidth } from "./table.ts";

/** More rows than this a person does not read; `--json` has them all. */
const MOST_WEEKS = 12;
const MOST_PROJECTS = 8;
const MOST_MODELS = 3;
const BAR_WIDTH = 24;
const INDENT = "  ";

export const NO_CALLS =
  "There are no model calls in these transcripts, or none within the time that was asked for.";

export function auditText(report: AuditReport, width: number = terminalWidth()): string {
  const { idling } = report;
  if (idling.total.calls === 0) return NO_CALLS;
  const measure = measureOf(idling);
  const told = idling.total.writtenTokens === 0 ? [] : tables(report, measure, width);
  return [
    ...headline(report, measure),
    "",
    ...facts(report),
    ...told,
    "",
    ...advice(report),
    "",
    ...small(report).map(dim),
  ].join("\n");
}

function tables(report: AuditReport, measure: Measure, width: number): string[] {
  const { weeks, projects, pauses, hours, total } = report.idling;
  const busy = weeks.filter(({ calls }) => calls > 0);
  const lived = pauses.filter((pause) => pause.pauses > 0);
  return [
    ...amounts("week", busy.slice(-MOST_WEEKS), busy.length, measure, width),
    ...amounts("project", projects.slice(0, MOST_PROJECTS), projects.length, measure, width),
    ...(total.lapses === 0 ? [] : amounts("pause", lived, lived.length, measure, width)),
    ...byHour(hours, measure),
    ...options(report, width),
  ];
}

function headline({ idling, firstDay, lastDay }: AuditReport, measure: Measure): string[] {
  const { total } = idling;
  const [idle, whole] = [measure.idle(total), measure.whole(total)];
  const days = firstDay === lastDay ? firstDay : `${firstDay} to ${lastDay}`;
  if (total.writtenTokens === 0) return [bold(`${days}: ${countText(total.calls)} calls.`), UNTOLD];
  const what =
    measure.unit === "usd"
      ? `idling cost ${usdText(idle)}, ${shareText(idle, whole)} of what your prompts cost.`
      : `${tokensText(idle)} tokens were written again after a pause. No price is known of these models.`;
  const late = shareText(total.writtenAfterPauseTokens, total.writtenTokens);
  return [
    bold(`${days}: ${what}`),
    `Of all that was written to the cache, ${late} was written after a pause longer than the cache lives.`,
  ];
}

function facts(report: AuditReport): string[] {
  const { idling, reading, prices } = report;
  const { total } = idling;
  const conversations = Object.values(reading.byAgent).reduce((sum, one) => sum + one.conversations, 0);
  const agents = Object.entries(reading.byAgent).map(([agent, one]) => `${agent} ${countText(one.calls)}`);
  const { unknownModels } = prices;
  const named = unknownModels.slice(0, MOST_MODELS).map((model) => printable(model.slice(0, 60)));
  const others =
    unknownModels.length > named.length ? ` and ${unknownModels.length - named.length} more` : "";
  return [
    line(
      "calls",
      `${countText(total.calls)} in ${countText(conversations)} ${conversations === 1 ? "conversation" : "conversations"} (${agents.join(", ")})`,
    ),
    ...(total.unpricedCalls === 0
      ? []
      : [
          line(
            "",
            `${countText(total.unpricedCalls)} of them have no known price (${named.join(", ")}${others})`,
          ),
        ]),
    line(
      "prompts",
      total.unpricedCalls === total.calls
        ? `${tokensText(total.promptTokens)} tokens`
        : `${tokensText(total.promptTokens)} tokens, ${usdText(total.inputUsd)}; answers ${usdText(total.outputUsd)}`,
    ),
    line("pauses", pausesText(report.idling)),
  ];
}

function pausesText({ total: { pauses, lapses, writtenTokens, rewrittenTokens } }: Idling): string {
  if (writtenTokens === 0) return `${countText(pauses)} longer than 5 minutes`;
  const after = lapses === 0 ? "none of them" : `after ${countText(lapses)} of them`;
  const what =
    lapses === 0
      ? "made anything be written again"
      : `${tokensText(rewrittenTokens)} tokens were written again`;
  return `${countText(pauses)} longer than the cache lives; ${after} ${what}`;
}

function line(title: string, text: string): string {
  return `${INDENT}${dim(title.padEnd(8))} ${text}`;
}

function amounts(
  title: string,
  rows: readonly Named[],
  inAll: number,
  measure: Measure,
  width: number,
): string[] {
  if (rows.length === 0) return [];
  const columns: Column[] = [
    { title },
    { title: measure.unit === "usd" ? "idling" : "again", align: "right", whole: true },
    { title: "of prompts", align: "right", whole: true },
    { title: "lapses", align: "right", whole: true },
    { title: "" },
  ];
  const largest = Math.max(...rows.map(measure.idle));
  const cells = rows.map((row): Cell[] => {
    const idle = measure.idle(row);
    const bar = "█".repeat(largest === 0 ? 0 : Math.round((idle / largest) * BAR_WIDTH));
    return [
      printable(row.name),
      measure.text(idle),
      shareText(idle, measure.whole(row)),
      countText(row.lapses),
      { text: bar, style: "yellow" },
    ];
  });
  const more =
    inAll > rows.length ? [dim(`${INDENT}and ${inAll - rows.length} more: --html and --json have them`)] : [];
  return ["", ...indented(table(columns, cells, width - INDENT.length)), ...more];
}

const LEVELS = " ▁▂▃▄▅▆▇█";

/** What idling cost by the hour of the return, as a line of bars. */
function byHour(rows: readonly Named[], measure: Measure): string[] {
  const largest = Math.max(...rows.map(measure.idle));
  if (largest === 0) return [];
  const bars = rows.map((row) =>
    LEVELS[Math.ceil((measure.idle(row) / largest) * (LEVELS.length - 1))]?.repeat(2),
  );
  return ["", line("hour", bars.join("")), line("", dim("0     3     6     9     12    15    18    21"))];
}

function options({ whatIf, idling }: AuditReport, width: number): string[] {
  if (whatIf.conversations === 0) return [];
  const policies = [...new Set(whatIf.options.map(({ policy }) => policy))];
  const figures: Column = { title: "", align: "right", whole: true };
  const columns: Column[] = [
    { title: "policy" },
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
    // As much of a name as there is room for in 80 columns.
    const name = policy.replace("perfect ", "");
    return [name, ...outcome(of("5m")), ...outcome(of("1h")), ...outcome(of("chosen"))];
  });
  return [
    "",
    ...indented(table(columns, rows, width - INDENT.length)),
    ...[
      `What it would have cost, and the change from ${usdText(whatIf.presentUsd)}: main threads replayed`,
      `as they were, without warms (${usdText(idling.total.mainUsd)} by their transcripts). Nobody comes back from`,
      "a conversation's last pause. Foresight knows every return and is nobody's to have.",
    ].map((text) => dim(INDENT + text)),
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

function advice({ advice: { sentences, command } }: AuditReport): string[] {
  const [first = "", ...others] = sentences;
  return [bold(first), ...(command === null ? [] : [`${INDENT}${command}`]), ...others];
}

function small({ idling, prices }: AuditReport): string[] {
  const { unpricedCalls, calls } = idling.total;
  return [
    ...prices.notices.slice(0, MOST_MODELS).map(printable),
    ...(unpricedCalls === calls
      ? []
      : [`At list price of ${prices.asOf}, subscription or not: transcripts do not tell.`]),
    "Nothing has left this machine.",
  ];
}

function indented(block: string): string[] {
  return block.split("\n").map((one) => INDENT + one);
}
