/** The audit as one page that asks nothing of the network, and needs no script. */
import type { Named } from "./idling.ts";
import { dayText, hoursPlot, optionsPlot, POLICY_TEXT, pausesPlot, weeksPlot } from "./page-plots.ts";
import { PAGE_STYLE } from "./page-style.ts";
import type { AuditReport } from "./report.ts";
import { element, escaped } from "./svg.ts";
import type { Option, WhatIf } from "./what-if.ts";
import { changeText, countText, shareText, tokensText, usdText } from "./wording.ts";

const MOST_ROWS = 12;

export function auditPage(report: AuditReport): string {
  const { idling, whatIf } = report;
  const body =
    idling.total.calls === 0
      ? ["<p>There are no model calls in these transcripts, or none so late.</p>"]
      : [
          ...opening(report),
          ...weeks(idling.weeks),
          ...(idling.total.lapses === 0 ? [] : [...pauses(idling.pauses), ...hours(idling.hours)]),
          ...(whatIf.conversations === 0 ? [] : whatElse(whatIf)),
          ...named("By project", "project", idling.projects),
          ...(idling.models.length > 1 ? named("By model", "model", idling.models) : []),
          ...(idling.agents.length > 1 ? named("By agent", "agent", idling.agents) : []),
        ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What idling cost – keepwarm audit</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
${[...body, footer(report)].join("\n")}
</main>
</body>
</html>
`;
}

function opening(report: AuditReport): string[] {
  const { idling, advice, reading } = report;
  const { total } = idling;
  const conversations = Object.values(reading.byAgent).reduce((sum, agent) => sum + agent.conversations, 0);
  const figures: readonly (readonly [string, string])[] = [
    ["of what prompts cost", shareText(total.idleUsd, total.inputUsd)],
    ["of cache writes came after a pause", shareText(total.writtenAfterPauseTokens, total.writtenTokens)],
    ["pauses that outlived the cache", countText(total.pauses)],
    ["tokens written again", tokensText(total.rewrittenTokens)],
  ];
  return [
    `<h1>${period(report)} · ${countText(conversations)} conversations, ${countText(total.calls)} calls</h1>`,
    `<p class="lead">Idling cost <b>${usdText(total.idleUsd)}</b> of the ${usdText(total.inputUsd)} that prompts cost.</p>`,
    `<dl class="figures">${figures.map(([what, figure]) => `<div><dt>${what}</dt><dd>${figure}</dd></div>`).join("")}</dl>`,
    `<div class="advice">${advice.sentences.map((sentence, index) => `<p>${index === 0 ? `<strong>${escaped(sentence)}</strong>` : escaped(sentence)}</p>`).join("")}</div>`,
  ];
}

function weeks(rows: readonly Named[]): string[] {
  return [
    "<h2>Week by week</h2>",
    '<p class="said">What prompts cost, and what of it went into writing again what a pause had let lapse.</p>',
    key([
      ["idle", "idling"],
      ["whole", "all prompts"],
    ]),
    weeksPlot(rows),
    `<details><summary>As a table</summary>${table("week", rows.toReversed())}</details>`,
  ];
}

function pauses(rows: readonly Named[]): string[] {
  return [
    "<h2>How long the pauses were</h2>",
    '<p class="said">What idling cost, by the time from one request to the next. A few warms bridge those on the left; those on the right are cheaper to write again.</p>',
    pausesPlot(rows),
  ];
}

function hours(rows: readonly Named[]): string[] {
  return [
    "<h2>When you came back</h2>",
    '<p class="said">What idling cost, by the hour of the return.</p>',
    hoursPlot(rows),
  ];
}

function whatElse(whatIf: WhatIf): string[] {
  return [
    "<h2>What it would have cost</h2>",
    `<p class="said">The same conversations replayed under each policy: change of what their main threads' prompts cost, warms included, against ${usdText(whatIf.presentUsd)} as it was. Nobody comes back from a last pause, so warms in it are wasted.</p>`,
    key([
      ["save-soft round", "entries of 5 minutes"],
      ["save round", "entries of an hour"],
      ["chosen round", "chosen for each conversation"],
    ]),
    optionsPlot(whatIf),
    `<details><summary>As a table</summary>${optionsTable(whatIf)}</details>`,
  ];
}

function optionsTable({ options }: WhatIf): string {
  const policies = [...new Set(options.map(({ policy }) => policy))];
  const tiers: readonly Option["tier"][] = ["5m", "1h", "chosen"];
  const rows = policies.map((policy) => {
    const cells = tiers.map((tier) => {
      const open = options.find((one) => one.policy === policy && one.tier === tier)?.outcome.open;
      return `<td class="n">${open === undefined ? "" : `${usdText(open.billUsd)} (${changeText(open.change)})`}</td>`;
    });
    return `<tr><td>${POLICY_TEXT[policy]}</td>${cells.join("")}</tr>`;
  });
  const heads = ["on 5 minutes", "on an hour", "chosen"].map((head) => `<th class="n">${head}</th>`);
  return `<div class="wide"><table><tr><th>policy</th>${heads.join("")}</tr>${rows.join("")}</table></div>`;
}

/** What cost something first; the rest only for those who ask. */
function named(title: string, what: string, rows: readonly Named[]): string[] {
  const shown = rows.filter(({ idleUsd }, index) => index === 0 || idleUsd > 0).slice(0, MOST_ROWS);
  const rest = rows.slice(shown.length);
  const largest = largestOf(rows);
  const more =
    rest.length === 0
      ? []
      : [`<details><summary>and ${rest.length} more</summary>${table(what, rest, largest)}</details>`];
  return [`<h2>${title}</h2>`, table(what, shown, largest), ...more];
}

function table(what: string, rows: readonly Named[], largest: number = largestOf(rows)): string {
  const lines = rows.map((row) => {
    const share = largest === 0 ? 0 : (row.idleUsd / largest) * 100;
    const bar = element(
      "svg",
      { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
      share === 0 ? "" : element("rect", { class: "idle", width: share, height: 6 }),
    );
    return `<tr><td class="name">${escaped(row.name)}</td><td class="n">${usdText(row.idleUsd)}</td><td class="n">${shareText(row.idleUsd, row.inputUsd)}</td><td class="n">${countText(row.lapses)}</td><td class="bar">${bar}</td></tr>`;
  });
  return `<div class="wide"><table><tr><th>${what}</th><th class="n">idling</th><th class="n">of prompts</th><th class="n">lapses</th><th></th></tr>${lines.join("")}</table></div>`;
}

function largestOf(rows: readonly Named[]): number {
  return Math.max(0, ...rows.map(({ idleUsd }) => idleUsd));
}

function key(entries: readonly (readonly [colour: string, text: string])[]): string {
  const items = entries.map(([colour, text]) => {
    const [name = "", shape = ""] = colour.split(" ");
    return `<li><i class="${shape}" style="background:var(--${name})"></i>${text}</li>`;
  });
  return `<ul class="key">${items.join("")}</ul>`;
}

function footer({ idling, pricesAsOf, reading }: AuditReport): string {
  const { unpricedCalls } = idling.total;
  const sentences = [
    `Dollars are list price of ${pricesAsOf}; transcripts do not tell whether a subscription paid instead.`,
    unpricedCalls > 0
      ? `Of ${countText(unpricedCalls)} calls no price is known: they are not in the dollars, and not replayed.`
      : "",
    reading.repeatedCalls > 0
      ? `${countText(reading.repeatedCalls)} calls that resumed and forked sessions repeat were counted once.`
      : "",
    reading.brokenLines > 0
      ? `${countText(reading.brokenLines)} damaged or unfinished lines were left out.`
      : "",
    "A pause is one that is longer than the cache lives, from one request to the next; idling is what was written after it that could have been read, at the price of writing less that of reading.",
    "Made by keepwarm audit from transcripts on this machine, which stay on it. This page asks nothing of the network.",
  ];
  return `<footer>${sentences
    .filter((sentence) => sentence !== "")
    .map((sentence) => `<p>${sentence}</p>`)
    .join("")}</footer>`;
}

function period({ from, to }: AuditReport): string {
  const year = (to ?? "").slice(0, 4);
  return `${dayText((from ?? "").slice(0, 10))} to ${dayText((to ?? "").slice(0, 10))} ${year}`;
}
