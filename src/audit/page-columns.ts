/** Columns over time, hours and lengths of pauses: what idling came to, and of how much. */
import type { Named } from "./idling.ts";
import type { Measure } from "./measure.ts";
import { element, hint, label, type Paper, picture, ticksTo } from "./svg.ts";
import { countText, dayText, monthText, shareText } from "./wording.ts";

const TOP = 22;

interface ColumnPlot {
  readonly label: string;
  readonly height: number;
  /** The whole column; idling is what stands out at its foot. */
  readonly whole: (row: Named) => number;
  readonly idle: (row: Named) => number;
  readonly tick: (value: number) => string;
  /** Text below a column; none for most where there are many. */
  readonly names: readonly (string | null)[];
  /** Above a column. */
  readonly above?: (row: Named) => string;
  readonly hint: (row: Named) => string;
  /** Share of a column's room that stays empty. */
  readonly gap: number;
}

function columns(rows: readonly Named[], { width, left, right }: Paper, plot: ColumnPlot): string {
  const floor = TOP + plot.height;
  const ticks = ticksTo(Math.max(...rows.map(plot.whole)));
  const most = ticks.at(-1) || 1;
  const heightOf = (value: number) => (value / most) * plot.height;
  const step = (width - left - right) / rows.length;
  const thick = Math.max(1, Math.min(46, step * (1 - plot.gap)));
  const grid = ticks.flatMap((tick) => {
    const y = floor - heightOf(tick);
    const line = element("line", { class: "grid", x1: left, x2: width - right, y1: y, y2: y });
    return [line, label(left - 8, y + 4, plot.tick(tick), { class: "tick", "text-anchor": "end" })];
  });
  const bar = (kind: string, x: number, height: number) =>
    height <= 0
      ? ""
      : element("rect", {
          class: kind,
          x,
          y: floor - Math.max(1, height),
          width: thick,
          height: Math.max(1, height),
          rx: Math.min(3, thick / 3, height / 2),
        });
  const bars = rows.map((row, index) => {
    const room = left + step * index;
    const middle = room + step / 2;
    const [whole, idle] = [heightOf(plot.whole(row)), heightOf(plot.idle(row))];
    const name = plot.names[index] ?? null;
    const above = plot.above?.(row) ?? "";
    return element(
      "g",
      { class: "column" },
      [
        hint(plot.hint(row)),
        element("rect", { class: "hit", x: room, y: TOP, width: step, height: plot.height }),
        whole > idle ? bar("whole", middle - thick / 2, whole) : "",
        bar("idle", middle - thick / 2, idle),
        above === ""
          ? ""
          : label(middle, floor - whole - 6, above, { class: "tick", "text-anchor": "middle" }),
        name === null ? "" : label(middle, floor + 20, name, { class: "tick", "text-anchor": "middle" }),
      ].join(""),
    );
  });
  return picture(width, floor + 30, plot.label, [...grid, ...bars]);
}

/** Week by week, and what of it was idling. */
export function weeksPlot(weeks: readonly Named[], measure: Measure, paper: Paper): string {
  return columns(weeks, paper, {
    label: "Prompts by week, and the part of them that was idling",
    height: 190,
    gap: weeks.length > 60 ? 0.15 : 0.3,
    whole: measure.whole,
    idle: measure.idle,
    tick: measure.tick,
    names: weekNames(weeks, paper),
    hint: (week) => `Week of ${dayText(week.name)}: ${told(week, measure)}`,
  });
}

/** A label that fits under as many columns as it is wide. */
function weekNames(weeks: readonly Named[], { width, left, right }: Paper): (string | null)[] {
  const room = Math.floor((width - left - right) / LABEL_WIDTH);
  if (weeks.length <= MOST_DAYS_NAMED) {
    const every = Math.max(1, Math.ceil(weeks.length / room));
    return weeks.map(({ name }, index) => (index % every === 0 ? dayText(name) : null));
  }
  const isNew = weeks.map(({ name }, index) => name.slice(0, 7) !== weeks[index - 1]?.name.slice(0, 7));
  const every = Math.max(1, Math.ceil(isNew.filter(Boolean).length / room));
  let month = -1;
  return weeks.map(({ name }, index) => {
    if (isNew[index]) month += 1;
    return isNew[index] && month % every === 0 ? monthText(name) : null;
  });
}

const LABEL_WIDTH = 52;
/** Of more weeks, months are named. */
const MOST_DAYS_NAMED = 30;

/** By how long the pause was. */
export function pausesPlot(pauses: readonly Named[], measure: Measure, paper: Paper): string {
  const isNarrow = paper.width < NARROW;
  return columns(pauses, paper, {
    label: "Idling by the length of the pause",
    height: 150,
    gap: 0.35,
    whole: measure.idle,
    idle: measure.idle,
    tick: measure.tick,
    names: pauses.map(({ name }) => (isNarrow ? (SHORT[name] ?? name) : name)),
    above: ({ lapses }) => (lapses === 0 ? "" : `${countText(lapses)}×`),
    hint: (pause) => `${pause.name}: ${told(pause, measure)} after ${countText(pause.lapses)} pauses`,
  });
}

const NARROW = 500;
/** Where there is no room for more than the upper edge. */
const SHORT: Readonly<Record<string, string>> = {
  "5–10 min": "10m",
  "10–20 min": "20m",
  "20–40 min": "40m",
  "40–60 min": "1h",
  "1–2 h": "2h",
  "2–4 h": "4h",
  "4–8 h": "8h",
  "8–24 h": "1d",
  "over a day": ">1d",
};

/** By the hour at which somebody came back. */
export function hoursPlot(hours: readonly Named[], measure: Measure, paper: Paper): string {
  return columns(hours, paper, {
    label: "Idling by the hour of the return",
    height: 120,
    gap: 0.25,
    whole: measure.idle,
    idle: measure.idle,
    tick: measure.tick,
    names: hours.map(({ name }, index) => (index % 3 === 0 ? name : null)),
    hint: (hour) => `${hour.name}:00: ${told(hour, measure)} after ${countText(hour.lapses)} pauses`,
  });
}

function told(row: Named, measure: Measure): string {
  const [idle, whole] = [measure.idle(row), measure.whole(row)];
  const what = measure.unit === "usd" ? "idling" : "tokens written again";
  return `${measure.text(idle)} ${what} of ${measure.text(whole)} (${shareText(idle, whole)})`;
}
