/** The figures of the page's plots, for those who read them. */
import type { Named } from "./idling.ts";
import type { Measure } from "./measure.ts";
import { POLICY_TEXT } from "./page-options.ts";
import { element, escaped } from "./svg.ts";
import type { Option, WhatIf } from "./what-if.ts";
import { changeText, countText, shareText, usdText } from "./wording.ts";

/** @param what the rows are, such as `week` */
export function namedTable(
  what: string,
  rows: readonly Named[],
  measure: Measure,
  largest: number = largestOf(rows, measure),
): string {
  const lines = rows.map((row) => {
    const [idle, whole] = [measure.idle(row), measure.whole(row)];
    return `<tr><th scope="row">${escaped(row.name)}</th><td class="n">${measure.text(idle)}</td><td class="n">${shareText(idle, whole)}</td><td class="n">${countText(row.lapses)}</td><td class="bar">${bar(idle, largest)}</td></tr>`;
  });
  const heads = [what, measure.unit === "usd" ? "idling" : "written again", "of prompts", "lapses"];
  return table(heads, lines, '<td class="bar"></td>');
}

export function largestOf(rows: readonly Named[], measure: Measure): number {
  return Math.max(0, ...rows.map(measure.idle));
}

/** Both ways of counting a conversation's last pause. */
export function optionsTable({ options }: WhatIf): string {
  const policies = [...new Set(options.map(({ policy }) => policy))];
  const tiers: readonly Option["tier"][] = ["5m", "1h", "chosen"];
  const lines = policies.map((policy) => {
    const cells = tiers.map((tier) => {
      const found = options.find((one) => one.policy === policy && one.tier === tier);
      if (found === undefined) return '<td class="n"></td>';
      const { open, closed } = found.outcome;
      return `<td class="n">${usdText(open.billUsd)} <b>${changeText(open.change)}</b><small>closed ${changeText(closed.change)}</small></td>`;
    });
    return `<tr><th scope="row">${POLICY_TEXT[policy]}</th>${cells.join("")}</tr>`;
  });
  const content = table(["policy", "on 5 minutes", "on an hour", "chosen"], lines);
  return `${scrollable("What each policy would have cost", content)}<p class="said">“Closed”: where keepwarm is told that a conversation is over, and sends nothing after it.</p>`;
}

function table(heads: readonly string[], lines: readonly string[], lastHead = ""): string {
  const titles = heads.map((head, index) => `<th scope="col"${index === 0 ? "" : ' class="n"'}>${head}</th>`);
  return `<table><thead><tr>${titles.join("")}${lastHead}</tr></thead><tbody>${lines.join("")}</tbody></table>`;
}

/** On a phone it may be wider than the page: keys must reach it too. */
function scrollable(name: string, content: string): string {
  return `<div class="wide" role="region" aria-label="${name}" tabindex="0">${content}</div>`;
}

function bar(value: number, largest: number): string {
  const share = largest === 0 ? 0 : (value / largest) * 100;
  const filled = share === 0 ? "" : element("rect", { class: "idle", width: share, height: 6 });
  return element("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" }, filled);
}
