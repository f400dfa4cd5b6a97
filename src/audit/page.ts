/** The audit as one page that asks nothing of the network, and needs no script. */
import type { Idling, Named } from "./idling.ts";
import { type Measure, measureOf } from "./measure.ts";
import { hoursPlot, pausesPlot, weeksPlot } from "./page-columns.ts";
import { optionsPlot, shape, TIER_TEXT } from "./page-options.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { largestOf, namedTable, optionsTable } from "./page-tables.ts";
import type { AuditReport } from "./report.ts";
import { element, escaped, onBoth } from "./svg.ts";
import type { Option } from "./what-if.ts";
import { countText, periodText, shareText, tokensText, UNTOLD, usdText } from "./wording.ts";

const MOST_ROWS = 12;

export function auditPage(report: AuditReport): string {
  const { idling } = report;
  const measure = measureOf(idling);
  const body =
    idling.total.calls === 0
      ? [
          "<h1>There are no model calls in these transcripts, or none within the time that was asked for.</h1>",
        ]
      : [
          ...opening(report, measure),
          // Of agents that count no writes there is nothing more to say.
          ...(idling.total.writtenTokens === 0 ? [] : sections(report, measure)),
        ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What idling cost – keepwarm audit</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
${[...body, footer(report, measure)].join("\n")}
</main>
</body>
</html>
`;
}

function sections(report: AuditReport, measure: Measure): string[] {
  const { idling, whatIf } = report;
  return [
    ...(whatIf.conversations === 0 ? [] : advice(report)),
    ...weeks(idling, measure),
    ...(idling.total.lapses === 0 ? [] : [...pauses(idling, measure), ...hours(idling, measure)]),
    ...(whatIf.conversations === 0 ? [] : whatElse(report)),
    ...named("By project", "project", idling.projects, measure),
    ...(idling.models.length > 1 ? named("By model", "model", idling.models, measure) : []),
    ...(idling.agents.length > 1 ? named("By agent", "agent", idling.agents, measure) : []),
  ];
}

function opening(report: AuditReport, measure: Measure): string[] {
  const { idling, reading, firstDay, lastDay } = report;
  const { total } = idling;
  const conversations = Object.values(reading.byAgent).reduce((sum, agent) => sum + agent.conversations, 0);
  const [idle, whole] = [measure.idle(total), measure.whole(total)];
  const share = whole === 0 ? 0 : idle / whole;
  const figures: readonly (readonly [string, string])[] = [
    measure.unit === "usd"
      ? ["of what prompts cost went into idling", shareText(idle, whole)]
      : ["of the tokens of prompts were written again", shareText(idle, whole)],
    ["of cache writes came after a pause", shareText(total.writtenAfterPauseTokens, total.writtenTokens)],
    ["pauses outlived the cache", countText(total.pauses)],
    ["tokens were written again", tokensText(total.rewrittenTokens)],
  ];
  const isTold = total.writtenTokens > 0;
  const lead = !isTold
    ? UNTOLD
    : measure.unit === "usd"
      ? `Idling cost <b>${usdText(idle)}</b> of the ${usdText(whole)} that prompts cost.`
      : `<b>${tokensText(idle)}</b> tokens were written again after a pause.`;
  return [
    `<p class="eyebrow">${periodText(firstDay ?? "", lastDay ?? "")} · ${many(conversations, "conversation")} · ${many(total.calls, "call")}</p>`,
    `<h1>${lead}</h1>`,
    ...(isTold
      ? [
          `<div class="share" aria-hidden="true"><i style="width:${(share * 100).toFixed(2)}%"></i></div>`,
          `<dl class="figures">${figures.map(([what, figure]) => `<div><dt>${what}</dt><dd>${figure}</dd></div>`).join("")}</dl>`,
        ]
      : []),
  ];
}

function advice({ advice: { sentences, command } }: AuditReport): string[] {
  const [first = "", ...others] = sentences;
  return [
    `<section class="advice" aria-label="Advice"><p><strong>${escaped(first)}</strong></p>${
      command === null ? "" : `<pre><code>${wordsOf(command)}</code></pre>`
    }${others.map((sentence) => `<p>${escaped(sentence)}</p>`).join("")}</section>`,
  ];
}

/** Broken at its spaces alone, where there is no room for all of it. */
function wordsOf(command: string): string {
  return command
    .split(" ")
    .map((word) => `<span>${escaped(word)}</span>`)
    .join(" ");
}

function weeks({ weeks: rows }: Idling, measure: Measure): string[] {
  const what = measure.unit === "usd" ? "What prompts cost" : "The tokens of all prompts";
  return [
    "<h2>Week by week</h2>",
    `<p class="said">${what}, and what of it went into writing again what a pause had let lapse.</p>`,
    key([
      [swatch("idle"), "idling"],
      [swatch("whole"), "all prompts"],
    ]),
    onBoth((paper) => weeksPlot(rows, measure, paper)),
    asTable(namedTable("week", rows.filter(({ calls }) => calls > 0).toReversed(), measure)),
  ];
}

function pauses({ pauses: rows }: Idling, measure: Measure): string[] {
  return [
    "<h2>How long the pauses were</h2>",
    '<p class="said">What idling came to, by the time from one request to the next, and how often. A few warms bridge what is on the left; what is on the right is cheaper to write again.</p>',
    onBoth((paper) => pausesPlot(rows, measure, paper)),
    asTable(namedTable("pause", rows, measure)),
  ];
}

function hours({ hours: rows }: Idling, measure: Measure): string[] {
  return [
    "<h2>When you came back</h2>",
    '<p class="said">What idling came to, by the hour of the return.</p>',
    onBoth((paper) => hoursPlot(rows, measure, paper)),
    asTable(
      namedTable(
        "hour",
        rows.filter(({ calls }) => calls > 0),
        measure,
      ),
    ),
  ];
}

function whatElse({ whatIf, advice: given, idling }: AuditReport): string[] {
  const tiers: readonly Option["tier"][] = ["5m", "1h", "chosen"];
  return [
    "<h2>What it would have cost</h2>",
    `<p class="said">The same conversations replayed under each policy: the change of what their main threads’ prompts cost, warms included, against ${usdText(whatIf.presentUsd)} as they were (by their transcripts it was ${usdText(idling.total.mainUsd)}). Nobody comes back from a last pause, so that warms in it are wasted.</p>`,
    key(tiers.map((tier) => [sample(tier), TIER_TEXT[tier]])),
    onBoth((paper) => optionsPlot(whatIf, given, paper)),
    asTable(optionsTable(whatIf)),
  ];
}

/** What cost something first; the rest only for those who ask. */
function named(title: string, what: string, rows: readonly Named[], measure: Measure): string[] {
  const shown = rows.filter((row, index) => index === 0 || measure.idle(row) > 0).slice(0, MOST_ROWS);
  const rest = rows.slice(shown.length);
  const largest = largestOf(rows, measure);
  const more =
    rest.length === 0
      ? []
      : [
          `<details><summary>and ${rest.length} more</summary>${namedTable(what, rest, measure, largest)}</details>`,
        ];
  return [`<h2>${title}</h2>`, namedTable(what, shown, measure, largest), ...more];
}

function asTable(content: string): string {
  return `<details><summary>As a table</summary>${content}</details>`;
}

function key(entries: readonly (readonly [picture: string, text: string])[]): string {
  return `<ul class="key">${entries.map(([picture, text]) => `<li>${picture}${text}</li>`).join("")}</ul>`;
}

function swatch(kind: "idle" | "whole"): string {
  return legend(element("rect", { class: kind, width: 12, height: 12, rx: 3 }));
}

function sample(tier: Option["tier"]): string {
  return legend(element("g", { class: `mark tier-${tier}` }, shape(tier, 6, 6)));
}

function legend(content: string): string {
  return element("svg", { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" }, content);
}

function footer({ idling, prices, reading }: AuditReport, measure: Measure): string {
  const { unpricedCalls, calls } = idling.total;
  const unknown = prices.unknownModels.slice(0, 5).join(", ");
  const more = prices.unknownModels.length > 5 ? `, and ${prices.unknownModels.length - 5} more` : "";
  const sentences = [
    measure.unit === "usd"
      ? `Dollars are list price of ${prices.asOf}; transcripts do not tell whether a subscription paid instead.`
      : "No price is known of these models, so that this page counts tokens, and replays nothing.",
    unpricedCalls > 0
      ? `Of ${many(unpricedCalls, "call")} no price is known (${unknown}${more})${unpricedCalls < calls ? ": not in the dollars, and not replayed" : ""}.`
      : "",
    ...prices.notices.slice(0, 5),
    reading.repeatedCalls > 0
      ? `${many(reading.repeatedCalls, "call")} that resumed and forked sessions repeat counted once.`
      : "",
    reading.brokenLines > 0 ? `${many(reading.brokenLines, "damaged or unfinished line")} left out.` : "",
    "A pause is one that is longer than the cache lives, from one request to the next. Idling is what was written after it that could have been read, at the price of writing less that of reading.",
    "Made by keepwarm audit from transcripts on this machine, which stay on it. This page asks nothing of the network.",
  ];
  return `<footer>${sentences
    .filter((sentence) => sentence !== "")
    .map((sentence) => `<p>${escaped(sentence)}</p>`)
    .join("")}</footer>`;
}

function many(count: number, what: string): string {
  return `${countText(count)} ${what}${count === 1 ? "" : "s"}`;
}
