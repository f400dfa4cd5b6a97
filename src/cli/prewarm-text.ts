/** What `keepwarm prewarm` prints. */
import type { PreWarmed } from "../prewarm/index.ts";
import { scheduleText } from "../prewarm/index.ts";
import { amountIn } from "./measure.ts";
import type { Checked } from "./prewarm.ts";
import { dim } from "./style.ts";
import { type Cell, type Column, table, terminalWidth } from "./table.ts";
import { wrapped } from "./wrapped.ts";

const INDENT = "  ";

/** @param capUsd the most that pre-warms may cost in 24 hours */
export function checkText(all: readonly Checked[], capUsd: number, width: number = terminalWidth()): string {
  const columns: Column[] = [
    { title: "prefix", least: 12 },
    { title: "model", spared: 1 },
    { title: "lives", spared: 3 },
    { title: "tokens", align: "right", whole: true },
    { title: "written", align: "right", whole: true },
    { title: "read", align: "right", whole: true },
    { title: "when", spared: 2 },
    { title: "a day", align: "right", spared: 2 },
  ];
  const rows = all.map(({ entry, facts, prefixTokens, isEstimated, writeUsd, readUsd, dailyUsd }): Cell[] => [
    entry.name,
    facts?.model ?? "",
    facts?.ttlMs == null ? "" : facts.ttlMs >= 3_600_000 ? "1h" : "5m",
    `${isEstimated ? "~" : ""}${prefixTokens.toLocaleString("en-US")}`,
    usdText(writeUsd),
    usdText(readUsd),
    [...(entry.schedule === null ? [] : [scheduleText(entry.schedule)]), ...entry.triggers].join(", "),
    dailyUsd === null ? "" : usdText(dailyUsd),
  ]);
  const said = all.flatMap(({ entry, problems, notes, traffic }) => [
    ...problems.map((sentence) => ({ name: entry.name, sentence, isTrouble: true })),
    ...(traffic?.difference == null
      ? []
      : [{ name: entry.name, sentence: traffic.difference.sentence, isTrouble: true }]),
    ...[...notes, ...(traffic?.notes ?? [])].map((sentence) => ({
      name: entry.name,
      sentence,
      isTrouble: false,
    })),
  ]);
  const seen = all.filter(({ traffic }) => traffic !== null && traffic.conversationId !== null);
  const agreeing = seen.filter(({ traffic }) => traffic?.difference === null).length;
  return [
    table(columns, rows, width),
    ...said.flatMap(({ name, sentence, isTrouble }) => {
      const lines = wrapped(`${name}: ${sentence}`, { width, first: INDENT });
      return isTrouble ? lines : lines.map(dim);
    }),
    ...capText(all, capUsd).flatMap((sentence) => wrapped(sentence, { width, first: INDENT })),
    ...wrapped(trafficText(all, seen.length, agreeing), { width, first: INDENT }).map(dim),
  ].join("\n");
}

function capText(all: readonly Checked[], capUsd: number): readonly string[] {
  const usd = all.reduce((sum, { dailyUsd }) => sum + (dailyUsd ?? 0), 0);
  if (usd <= capUsd) return [];
  return [
    `Intervals alone would cost ${usdText(usd)} a day, and pre-warms may cost ${usdText(capUsd)} in 24 hours (prewarmMaxUsdPerDay): what exceeds it is not sent.`,
  ];
}

function trafficText(all: readonly Checked[], seen: number, agreeing: number): string {
  if (all.some(({ traffic }) => traffic === null))
    return "No gateway is running, so this was not compared with what passes.";
  if (seen === 0) return "Nothing has passed the gateway lately that these could be compared with.";
  return `${agreeing} of ${all.length} would be read by what passed the gateway lately.`;
}

export function checkJson({ entry, facts, traffic, ...judgement }: Checked) {
  return {
    name: entry.name,
    model: facts?.model ?? null,
    ttlMs: facts?.ttlMs ?? null,
    schedule: entry.schedule === null ? null : scheduleText(entry.schedule),
    triggers: entry.triggers,
    ...judgement,
    traffic,
  };
}

const OUTCOMES: Readonly<Record<PreWarmed["outcome"], string>> = {
  wrote: "written",
  read: "was warm, lives on",
  part: "written in part",
  warm: "is warm, nothing sent",
  nothing: "not cached",
  refused: "not sent",
  failed: "failed",
};

export function sentText(all: readonly PreWarmed[], width: number = terminalWidth()): string {
  const columns: Column[] = [
    { title: "prefix", least: 12 },
    { title: "", whole: true },
    { title: "written", align: "right", whole: true },
    { title: "read", align: "right", whole: true },
    { title: "cost", align: "right", whole: true },
  ];
  const rows = all.map(({ name, outcome, usage, costUsd }): Cell[] => [
    name,
    OUTCOMES[outcome],
    usage === null ? "" : usage.cacheWriteTokens.toLocaleString("en-US"),
    usage === null ? "" : usage.cacheReadTokens.toLocaleString("en-US"),
    costUsd === null ? "" : usdText(costUsd),
  ]);
  const troubles = all.flatMap(({ name, why }) => (why === null ? [] : [`${name}: ${why}`]));
  const usd = all.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
  return [
    table(columns, rows, width),
    ...troubles.flatMap((sentence) => wrapped(sentence, { width, first: INDENT })),
    dim(`${INDENT}${usdText(usd)} in all`),
  ].join("\n");
}

function usdText(usd: number | null): string {
  return usd === null ? "?" : amountIn(usd, "dollars");
}
