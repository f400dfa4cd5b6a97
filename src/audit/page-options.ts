/** What each policy would have changed on each lifetime, as marks on one line each. */
import type { Advice } from "./advice.ts";
import { element, hint, label, type Paper, picture } from "./svg.ts";
import type { Option, PolicyName, WhatIf } from "./what-if.ts";
import { changeText, usdText } from "./wording.ts";

export const POLICY_TEXT: Readonly<Record<PolicyName, string>> = {
  never: "no warms",
  "2 pings": "2 pings",
  "30m": "for 30 minutes",
  always: "always",
  "break-even": "break-even",
  auto: "auto",
  "perfect foresight": "perfect foresight",
};

export const TIER_TEXT: Readonly<Record<Option["tier"], string>> = {
  "5m": "entries of 5 minutes",
  "1h": "entries of an hour",
  chosen: "chosen for each conversation",
};

const TOP = 14;
const NAMES_WIDTH = 150;
const RIGHT = 62;
/** Costlier than this is cut off, and says so. */
const COSTLIEST = 0.25;
/** Marks of one line lie so far apart that those of the same cost are all seen. */
const APART = 11;
/** Left of the marks, for what the advised one saves. */
const SAVING_WIDTH = 52;

interface Scale {
  readonly low: number;
  readonly high: number;
  xOf(change: number): number;
}

export function optionsPlot({ options }: WhatIf, advice: Advice, paper: Paper): string {
  const isNarrow = paper.width < NARROW;
  // Where there is no room beside the marks, names stand above them.
  const row = isNarrow ? 58 : 44;
  const marksAt = isNarrow ? 38 : 22;
  const from = isNarrow ? 12 : NAMES_WIDTH;
  const policies = [...new Set(options.map(({ policy }) => policy))];
  const floor = TOP + row * policies.length;
  const scale = scaleOf(options, from + SAVING_WIDTH, paper.width - RIGHT);
  const grid = ticksBetween(scale, isNarrow ? 4 : 7).flatMap((tick) => {
    const x = scale.xOf(tick);
    const name = tick === 0 ? "as it was" : changeText(tick).replace(".0", "");
    return [
      element("line", { class: tick === 0 ? "zero" : "grid", x1: x, x2: x, y1: TOP, y2: floor }),
      label(x, floor + 20, name, { class: "tick", "text-anchor": "middle" }),
    ];
  });
  const lines = policies.flatMap((policy, index) => {
    const top = TOP + row * index;
    const of = options.filter((option) => option.policy === policy);
    const kind = policy === "perfect foresight" ? "row nobodys" : "row";
    return [
      isNarrow
        ? label(0, top + 16, POLICY_TEXT[policy], { class: kind })
        : label(from - 18, top + marksAt + 4, POLICY_TEXT[policy], { class: kind, "text-anchor": "end" }),
      ...of.map((option, number) =>
        mark(
          option,
          scale,
          top + marksAt + APART * (number - (of.length - 1) / 2),
          isAdvised(option, advice),
        ),
      ),
    ];
  });
  return picture(paper.width, floor + 30, "Change of the cost of prompts under each policy", [
    ...grid,
    ...lines,
  ]);
}

const NARROW = 500;

function isAdvised({ policy, tier }: Option, advice: Advice): boolean {
  return policy === advice.policy && tier === advice.tier;
}

function scaleOf(options: readonly Option[], from: number, to: number): Scale {
  const changes = options.map(({ outcome }) => Math.min(COSTLIEST, outcome.open.change));
  const low = Math.min(-0.05, ...changes) - 0.01;
  const high = Math.max(0.05, ...changes) + 0.01;
  return { low, high, xOf: (change) => from + ((change - low) / (high - low)) * (to - from) };
}

function mark({ policy, tier, outcome }: Option, { xOf }: Scale, y: number, isAdvisedOne: boolean): string {
  const { change, billUsd } = outcome.open;
  const isCut = change > COSTLIEST;
  const x = xOf(Math.min(COSTLIEST, change));
  const said = `${POLICY_TEXT[policy]}, ${TIER_TEXT[tier]}: ${changeText(change)}, ${usdText(billUsd)}`;
  const beyond = change > 0 ? { x: x + 11, "text-anchor": "start" } : { x: x - 11, "text-anchor": "end" };
  const text = isCut || isAdvisedOne ? changeText(change).replace(isCut ? /\.\d/ : "", "") : "";
  return element(
    "g",
    { class: `mark tier-${tier}${isAdvisedOne ? " advised" : ""}` },
    [
      hint(said),
      element("line", { x1: xOf(0), x2: x, y1: y, y2: y }),
      isCut ? arrow(x, y) : shape(tier, x, y),
      text === ""
        ? ""
        : label(beyond.x, y + 4, text, {
            class: isAdvisedOne ? "advised" : "tick",
            "text-anchor": beyond["text-anchor"],
          }),
    ].join(""),
  );
}

/** Of its own for each lifetime, so that nobody needs to tell colours apart. */
export function shape(tier: Option["tier"], x: number, y: number): string {
  switch (tier) {
    case "5m":
      return element("circle", { cx: x, cy: y, r: 5 });
    case "1h":
      return element("rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, rx: 1 });
    case "chosen":
      return element("path", { d: `M${round(x)} ${round(y - 6)}l6 6l-6 6l-6 -6z` });
  }
}

function arrow(x: number, y: number): string {
  return element("path", { d: `M${round(x - 4)} ${round(y - 5)}l8 5l-8 5z` });
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

/** Every 5, 10 or 20 hundredths: about so many. */
function ticksBetween({ low, high }: Scale, most: number): number[] {
  const step = [0.05, 0.1, 0.2].find((size) => (high - low) / size <= most) ?? 0.2;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toFixed(2)));
}
