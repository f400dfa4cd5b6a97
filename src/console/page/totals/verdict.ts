/** What warming came to, in a sentence: where it was a loss, that it was. */
import type { ReportAnswer } from "../../../hub/views/index.ts";
import { count, counted, money } from "../words/money.ts";
import { dayName } from "../words/time.ts";

/** Less is no amount that anybody sees. */
const NOTHING_USD = 0.00005;

export function verdict({ total }: ReportAnswer): string {
  const { warms, rescued, spentUsd, savedUsd, netUsd } = total;
  if (warms === 0) return "Nothing was spent on warming.";
  if (rescued === 0) return `Warming cost ${money(spentUsd)} and has saved nothing so far.`;
  return netUsd < 0
    ? `Warming cost ${money(spentUsd)} and saved ${money(savedUsd)}: ${money(-netUsd)} more than without it.`
    : `Warming saved ${money(savedUsd)} and cost ${money(spentUsd)}: ${money(netUsd)} less than without it.`;
}

/** The days on which it was a loss, and what cannot be known. */
export function caveats({ total, days }: ReportAnswer): string[] {
  const losses = days.filter(({ netUsd }) => netUsd < -NOTHING_USD);
  const worst = losses.reduce<(typeof losses)[number] | null>(
    (one, day) => (one === null || day.netUsd < one.netUsd ? day : one),
    null,
  );
  const unpriced = total.warmsUnpriced + total.rescuesUnpriced;
  return [
    ...(worst === null
      ? []
      : [
          `On ${counted(losses.length, "day")} of ${count(days.length)} it was a loss, at most ${money(-worst.netUsd)} (${nameOf(worst.day)}): warms that nobody came back for.`,
        ]),
    ...(total.cutOff > 0
      ? [
          `${counted(total.cutOff, "warm was", "warms were")} cut off and ${total.cutOff === 1 ? "is" : "are"} counted at the most ${total.cutOff === 1 ? "it" : "they"} can have cost, ${money(total.boundUsd)}.`,
        ]
      : []),
    ...(unpriced > 0
      ? [
          `Of ${counted(unpriced, "warm or rescue", "warms and rescues")} no price is known: they are left out.`,
        ]
      : []),
    "All at list price. Saved is claimed only where a warm came before the return, the pause outlived the cache entry, and the API's usage shows the read.",
  ];
}

/** A `day` of long ago is a month. */
export function nameOf(day: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(day) ? dayName(day) : day;
}
