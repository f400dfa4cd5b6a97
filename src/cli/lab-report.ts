/** What `keepwarm lab` shows people. */
import type { ArmFigures, LabRun } from "../lab/index.ts";
import { type Cell, table } from "./table.ts";

const RIGHT = { align: "right" } as const;

/** Best bill first. */
export function labReport(figures: readonly ArmFigures[]): string {
  const sorted = figures.toSorted((a, b) => a.billChange.open - b.billChange.open);
  return table(
    [
      { title: "Arm", whole: true },
      { title: "Tier", whole: true },
      { title: "Bill open", ...RIGHT },
      { title: "closed", ...RIGHT },
      { title: "Share open", ...RIGHT },
      { title: "95 %", ...RIGHT },
      { title: "closed", ...RIGHT },
      { title: "95 %", ...RIGHT },
      { title: "Warms", ...RIGHT },
      { title: "Rescues", ...RIGHT },
      { title: "Late", ...RIGHT },
      { title: "Spent", ...RIGHT },
      { title: "Saved", ...RIGHT },
      { title: "Net", ...RIGHT },
    ],
    sorted.map((figure): Cell[] => [
      isOurs(figure) ? { text: figure.name, style: "bold" } : figure.name,
      figure.tier,
      change(figure.billChange.open),
      change(figure.billChange.closed),
      share(figure.shareOfClairvoyant.open.value),
      interval(figure.shareOfClairvoyant.open),
      share(figure.shareOfClairvoyant.closed.value),
      interval(figure.shareOfClairvoyant.closed),
      String(figure.warms),
      String(figure.rescues),
      String(figure.late),
      dollars(figure.spentUsd),
      dollars(figure.savedUsd),
      dollars(figure.netUsd),
    ]),
  );
}

export const LEGEND = `Bill: change of the whole input bill against 5 minutes, never warmed. Share: of the net saving of a
clairvoyant on the same tier (auto: on 5m), with its 95 % interval over people. Open: a conversation's last
call is never followed by another, and what is warmed after it is wasted. Closed: the host reports the end,
and nothing is warmed after it. Warms, rescues and dollars are those of open.`;

/** Adaptive and auto, a line a person, the largest bill first. */
export function peopleReport({ people, arms, clairvoyants, neverUsd }: LabRun): string {
  const ours = arms.filter(({ name }) => name === "adaptive" || name === "auto");
  const rows = people
    .filter(({ conversations }) => conversations.length > 0)
    .toSorted((a, b) => (neverUsd.get(b.id) ?? 0) - (neverUsd.get(a.id) ?? 0))
    .map(({ id, conversations }): Cell[] => {
      const never = neverUsd.get(id) ?? 0;
      const cells = ours.flatMap(({ tier, tallies }) => {
        const best = clairvoyants.get(tier === "auto" ? "5m" : tier)?.open.get(id);
        const bestNet = best === undefined ? 0 : best.savedUsd - best.spentUsd;
        return (["open", "closed"] as const).map((count) => {
          const tally = tallies[count].get(id);
          if (tally === undefined) return "—";
          if (tier === "auto") return change(never === 0 ? 0 : tally.billUsd / never - 1);
          return bestNet > 0 ? share((tally.savedUsd - tally.spentUsd) / bestNet) : "—";
        });
      });
      return [id, String(conversations.length), dollars(never), ...cells];
    });
  const titles = ours.flatMap(({ name, tier }) => [
    `${name} ${tier === "auto" ? "bill" : tier} open`,
    "closed",
  ]);
  return table(
    [
      { title: "Person", whole: true },
      { title: "Conversations", ...RIGHT },
      { title: "Bill on 5m", ...RIGHT },
      ...titles.map((title) => ({ title, ...RIGHT })),
    ],
    rows,
  );
}

function isOurs({ name }: ArmFigures): boolean {
  return name === "adaptive" || name === "auto";
}

function change(value: number): string {
  return `${signed(value * 100, 1)} %`;
}

function share(value: number): string {
  return signed(value, 2);
}

function interval({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${signed(low, 2)}–${signed(high, 2)}`;
}

function dollars(value: number): string {
  return `${value < 0 ? "−" : ""}$${Math.abs(value).toFixed(2)}`;
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) !== 0 && value < 0 ? `−${text}` : text;
}
