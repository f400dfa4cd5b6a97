/** What `keepwarm lab` shows people. */
import { changeText } from "../audit/index.ts";
import type { ArmFigures, PersonFigures } from "../lab/index.ts";
import { type Cell, table } from "./table.ts";

const RIGHT = { align: "right" } as const;

/**
 * Best bill first.
 *
 * @param people how many there are: an interval over people says nothing of one
 */
export function labReport(figures: readonly ArmFigures[], people: number): string {
  const between = (of: Interval) => (people < 2 ? "—" : interval(of));
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
      between(figure.shareOfClairvoyant.open),
      share(figure.shareOfClairvoyant.closed.value),
      between(figure.shareOfClairvoyant.closed),
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
clairvoyant on the same tier (auto: on 5m, and above 1 where an hour is cheaper), with its 95 % interval over
people. Open: a conversation's last call is never followed by another, and what is warmed after it is wasted.
Closed: the host reports the end, and nothing is warmed after it. Warms, rescues and dollars are those of open.`;

/** How adaptive and auto change each person's bill, a line a person. */
export function peopleReport(people: readonly PersonFigures[]): string {
  const titles = (people[0]?.arms ?? []).flatMap(({ name, tier }) => [
    `${name === tier ? name : `${name} ${tier}`} open`,
    "closed",
  ]);
  return table(
    [
      { title: "Person", whole: true },
      { title: "Conversations", ...RIGHT },
      { title: "Bill on 5m", ...RIGHT },
      ...titles.map((title) => ({ title, ...RIGHT })),
    ],
    people.map(({ person, conversations, neverUsd, arms }): Cell[] => [
      person,
      String(conversations),
      dollars(neverUsd),
      ...arms.flatMap(({ billChange }) => [change(billChange.open), change(billChange.closed)]),
    ]),
  );
}

function isOurs({ name }: ArmFigures): boolean {
  return name === "adaptive" || name === "auto";
}

function change(value: number): string {
  return changeText(value);
}

function share(value: number): string {
  return signed(value, 2);
}

type Interval = ArmFigures["shareOfClairvoyant"]["open"];

function interval({ low, high }: Interval): string {
  return `${signed(low, 2)}–${signed(high, 2)}`;
}

function dollars(value: number): string {
  return `${value < 0 ? "−" : ""}$${Math.abs(value).toFixed(2)}`;
}

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) !== 0 && value < 0 ? `−${text}` : text;
}
