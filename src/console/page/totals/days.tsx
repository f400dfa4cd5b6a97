/** Spent below the line, saved above it, and the net as a point on each day. */
import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import type { ReportAnswer } from "../../../hub/views/index.ts";
import { baseAxis, valueAxis } from "../plot/axes.ts";
import { Plot } from "../plot/plot.tsx";
import { counted, money } from "../words/money.ts";
import { dayAfter, shortDayName } from "../words/time.ts";
import { rangeOf } from "./range.ts";

type Day = Pick<ReportAnswer["days"][number], "day" | "savedUsd" | "spentUsd" | "netUsd">;

export function Days({ days }: { readonly days: readonly Day[] }) {
  // Those of long ago are months, which do not stand beside days.
  const shown = useMemo(() => everyDay(days), [days]);
  const data = useMemo(
    (): uPlot.AlignedData => [
      shown.map((_, index) => index),
      shown.map(({ savedUsd }) => savedUsd),
      shown.map(({ spentUsd }) => -spentUsd),
      shown.map(({ netUsd }) => netUsd),
    ],
    [shown],
  );
  if (shown.length === 0) return null;
  return (
    <>
      <Plot
        label={sentenceOf(shown)}
        height={220}
        data={data}
        shape={[shown]}
        options={(colours) => {
          const bars = uPlot.paths.bars?.({ size: [0.62, 26], radius: 0.12 });
          const drawn = bars === undefined ? {} : { paths: bars };
          return {
            legend: { show: false },
            cursor: { show: false },
            scales: {
              x: { time: false, range: rangeOf(shown.length) },
              y: {
                range: (_, low, high) => [Math.min(low * 1.15, -high * 0.08), Math.max(high * 1.15, 0.01)],
              },
            },
            axes: [
              baseAxis(colours, {
                splits: () => every(shown.length),
                values: (_, indexes) => indexes.map((index) => shortDayName(shown[index]?.day ?? "")),
              }),
              valueAxis(colours, { size: 64, values: (_, values) => values.map((usd) => money(usd)) }),
            ],
            series: [
              {},
              { ...drawn, fill: colours("gain-soft"), points: { show: false } },
              { ...drawn, fill: colours("warm-soft"), points: { show: false } },
              {
                stroke: colours("text"),
                width: 1.5,
                points: { show: true, size: 5, fill: colours("text") },
              },
            ],
          };
        }}
      />
      <ul class="legend" aria-label="Legend">
        <li>
          <span class="legend-box" data-tone="gain" aria-hidden="true" /> saved
        </li>
        <li>
          <span class="legend-box" data-tone="spent" aria-hidden="true" /> spent
        </li>
        <li>
          <span class="legend-point" aria-hidden="true" /> net
        </li>
      </ul>
    </>
  );
}

/** From the first to the last, those on which nothing passed as well. Of long ago are months: they are left out. */
function everyDay(days: readonly Day[]): Day[] {
  const known = new Map(days.filter(({ day }) => day.length === 10).map((day) => [day.day, day]));
  const [first, last] = [[...known.keys()].toSorted().at(0), [...known.keys()].toSorted().at(-1)];
  if (first === undefined || last === undefined) return [];
  const all: Day[] = [];
  for (let day = first; day <= last; day = dayAfter(day)) {
    all.push(known.get(day) ?? { day, savedUsd: 0, spentUsd: 0, netUsd: 0 });
  }
  return all;
}

/** Which of so many days get a name: about ten of them, the last always. */
function every(length: number): number[] {
  const step = Math.max(1, Math.ceil(length / 10));
  return Array.from({ length }, (_, index) => index).filter((index) => (length - 1 - index) % step === 0);
}

function sentenceOf(days: readonly Day[]): string {
  const net = days.reduce((sum, { netUsd }) => sum + netUsd, 0);
  const losses = days.filter(({ netUsd }) => netUsd < 0).length;
  return `Spent, saved and net on ${counted(days.length, "day")}: ${money(net, { sign: true })} in all, a loss on ${losses}. The table below has each day.`;
}
