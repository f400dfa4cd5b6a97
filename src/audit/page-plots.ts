/** The plots of the page. */
import type { Named } from "./idling.ts";
import { element, hint, label, picture, ticksTo } from "./svg.ts";
import type { Option, PolicyName, WhatIf } from "./what-if.ts";
import { changeText, countText, shareText, usdText } from "./wording.ts";

const WIDTH = 760;
const LEFT = 56;
const RIGHT = 22;
const TOP = 12;
const INNER = WIDTH - LEFT - RIGHT;

interface ColumnPlot {
  readonly label: string;
  readonly height: number;
  /** The whole column; the idling is what stands out at its foot. */
  readonly whole: (row: Named) => number;
  readonly name: (row: Named, index: number) => string | null;
  readonly hint: (row: Named) => string;
  readonly gap: number;
}

function columns(rows: readonly Named[], plot: ColumnPlot): string {
  const floor = TOP + plot.height;
  const ticks = ticksTo(Math.max(...rows.map(plot.whole)));
  const most = ticks.at(-1) || 1;
  const heightOf = (usd: number) => (usd / most) * plot.height;
  const step = INNER / rows.length;
  const width = Math.max(1, Math.min(46, step * (1 - plot.gap)));
  const grid = ticks.flatMap((tick) => {
    const y = floor - heightOf(tick);
    const line = element("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y });
    return [line, label(LEFT - 8, y + 4, tickText(tick), { class: "tick", "text-anchor": "end" })];
  });
  const bars = rows.map((row, index) => {
    const x = LEFT + step * index + (step - width) / 2;
    const whole = heightOf(plot.whole(row));
    const idle = heightOf(row.idleUsd);
    const name = plot.name(row, index);
    const round = Math.min(3, width / 3);
    return element(
      "g",
      { class: "column" },
      [
        hint(plot.hint(row)),
        element("rect", { class: "hit", x: LEFT + step * index, y: TOP, width: step, height: plot.height }),
        whole > idle
          ? element("rect", { class: "whole", x, y: floor - whole, width, height: whole, rx: round })
          : "",
        idle > 0
          ? element("rect", {
              class: "idle",
              x,
              y: floor - Math.max(1, idle),
              width,
              height: Math.max(1, idle),
              rx: Math.min(round, idle / 2),
            })
          : "",
        name === null
          ? ""
          : label(LEFT + step * (index + 0.5), floor + 20, name, { class: "tick", "text-anchor": "middle" }),
      ].join(""),
    );
  });
  return picture(WIDTH, floor + 30, plot.label, [...grid, ...bars]);
}

/** What prompts cost, week by week, and what of it was idling. */
export function weeksPlot(weeks: readonly Named[]): string {
  const every = Math.max(1, Math.ceil(weeks.length / 9));
  return columns(weeks, {
    label: "Cost of prompts by week, and the part of it that was idling",
    height: 190,
    gap: weeks.length > 60 ? 0.15 : 0.3,
    whole: ({ inputUsd }) => inputUsd,
    name: ({ name }, index) => (index % every === 0 ? dayText(name) : null),
    hint: (week) => `Week of ${dayText(week.name)}: ${idleText(week)} of ${usdText(week.inputUsd)}`,
  });
}

/** What idling cost, by how long the pause was. */
export function pausesPlot(pauses: readonly Named[]): string {
  return columns(pauses, {
    label: "Cost of idling by the length of the pause",
    height: 150,
    gap: 0.35,
    whole: ({ idleUsd }) => idleUsd,
    name: ({ name }) => name,
    hint: (pause) => `${pause.name}: ${idleText(pause)} after ${countText(pause.lapses)} pauses`,
  });
}

/** What idling cost, by the hour at which somebody came back. */
export function hoursPlot(hours: readonly Named[]): string {
  return columns(hours, {
    label: "Cost of idling by the hour of the return",
    height: 120,
    gap: 0.25,
    whole: ({ idleUsd }) => idleUsd,
    name: ({ name }, index) => (index % 3 === 0 ? name : null),
    hint: (hour) => `${hour.name}:00: ${idleText(hour)} after ${countText(hour.lapses)} pauses`,
  });
}

const ROW = 40;
const NAMES_WIDTH = 150;
/** Costlier than this is cut off, and says so. */
const COSTLIEST = 0.25;

export const POLICY_TEXT: Readonly<Record<PolicyName, string>> = {
  never: "no warms",
  "2 pings": "2 pings",
  "30m": "for 30 minutes",
  always: "always",
  "break-even": "break-even",
  auto: "auto",
  "perfect foresight": "perfect foresight",
};

const TIER_TEXT: Readonly<Record<Option["tier"], string>> = {
  "5m": "entries of 5 minutes",
  "1h": "entries of an hour",
  chosen: "the lifetime chosen for each conversation",
};

/** What each policy would have changed, a line each, a mark for each lifetime. */
export function optionsPlot({ options }: WhatIf): string {
  const policies = [...new Set(options.map(({ policy }) => policy))];
  const changes = options.map(({ outcome }) => Math.min(COSTLIEST, outcome.open.change));
  const low = Math.min(-0.05, ...changes) - 0.01;
  const high = Math.max(0.05, ...changes) + 0.01;
  const from = NAMES_WIDTH;
  const xOf = (change: number) => from + ((change - low) / (high - low)) * (WIDTH - from - 58);
  const floor = TOP + ROW * policies.length;
  const grid = ticksBetween(low, high).flatMap((tick) => [
    element("line", {
      class: tick === 0 ? "zero" : "grid",
      x1: xOf(tick),
      x2: xOf(tick),
      y1: TOP,
      y2: floor,
    }),
    label(xOf(tick), floor + 20, tick === 0 ? "as it was" : changeText(tick).replace(".0", ""), {
      class: "tick",
      "text-anchor": "middle",
    }),
  ]);
  const lines = policies.flatMap((policy, index) => {
    const y = TOP + ROW * (index + 0.5);
    const marks = options.filter((option) => option.policy === policy).map((option) => mark(option, xOf, y));
    return [
      label(from - 16, y + 4, POLICY_TEXT[policy], {
        class: policy === "auto" ? "row ours" : "row",
        "text-anchor": "end",
      }),
      ...marks,
    ];
  });
  return picture(WIDTH, floor + 30, "Change of the cost of prompts under each policy", [...grid, ...lines]);
}

function mark({ policy, tier, outcome }: Option, xOf: (change: number) => number, y: number): string {
  const { change, billUsd } = outcome.open;
  const isCut = change > COSTLIEST;
  const x = xOf(Math.min(COSTLIEST, change));
  // Marks of one line lie apart, so that those of the same cost are all seen.
  const at = y + { "5m": -9, "1h": 0, chosen: 9 }[tier];
  const shown = isCut ? label(x + 9, at + 4, changeText(change).replace(/\.\d/, ""), { class: "tick" }) : "";
  return element(
    "g",
    { class: `mark tier-${tier}` },
    [
      hint(`${POLICY_TEXT[policy]}, ${TIER_TEXT[tier]}: ${changeText(change)}, ${usdText(billUsd)}`),
      element("line", { x1: xOf(0), x2: x, y1: at, y2: at }),
      isCut
        ? element("path", { d: `M${x.toFixed(1)} ${at - 4}l6 4l-6 4z` })
        : element("circle", { cx: x, cy: at, r: 4.5 }),
      shown,
    ].join(""),
  );
}

function ticksBetween(low: number, high: number): number[] {
  const step = high - low > 0.3 ? 0.1 : 0.05;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toFixed(4)) + 0);
}

function idleText(row: Named): string {
  return `${usdText(row.idleUsd)} (${shareText(row.idleUsd, row.inputUsd)})`;
}

function tickText(usd: number): string {
  if (usd === 0) return "$0";
  return usd >= 10 ? `$${Math.round(usd).toLocaleString("en")}` : `$${Number(usd.toPrecision(3))}`;
}

const days = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });

/** `5 Jan`, of an ISO date. */
export function dayText(isoDate: string): string {
  return days.format(new Date(`${isoDate}T00:00:00Z`));
}
