/**
 * The tables of arms in the README and in docs/policy.md: what each policy does to the whole input bill, and
 * what share of a clairvoyant's saving it gets, at each read price. On a file of recordings, or on the synthetic
 * ones that ship with it. Says too how long all arms took: the limit is a minute for 60,000 calls.
 *
 * node bench/policy.ts [file.jsonl[.gz]]
 */
import { basename } from "node:path";
import {
  ARM_NAMES,
  type ArmFigures,
  figuresOf,
  peopleOf,
  readRecordings,
  runLab,
  syntheticRecordings,
} from "../src/lab/index.ts";

const READ_PRICES = [0.1, 0.05, 0.025] as const;
const LIMIT_CALLS = 60_000;
const LIMIT_S = 60;

interface Row {
  readonly arm: string;
  readonly tier: "5m" | "1h" | "auto";
  /** In docs/policy.md; in the README too where it has a name for it. */
  readonly shown: string;
  readonly readme?: string;
}

/** In the order of the tables. */
const ROWS: readonly Row[] = [
  {
    arm: "auto",
    tier: "auto",
    shown: "**keepwarm `auto`, tier chosen**",
    readme: "**`auto`, with the tier chosen too** (`--tier auto`)",
  },
  { arm: "adaptive", tier: "5m", shown: "**keepwarm `auto`, 5m**", readme: "**`auto`**" },
  { arm: "adaptive", tier: "1h", shown: "**keepwarm `auto`, 1h**" },
  { arm: "1h alone", tier: "1h", shown: "1h, never warmed", readme: "1-hour tier, never warmed" },
  { arm: "fixed-1", tier: "1h", shown: "1h, 1 ping" },
  { arm: "fixed-2", tier: "5m", shown: "5m, 2 pings", readme: "2 pings" },
  { arm: "fixed-3", tier: "5m", shown: "5m, 3 pings", readme: "3 pings" },
  { arm: "fixed-10", tier: "5m", shown: "5m, 10 pings", readme: "10 pings" },
  { arm: "until-30m", tier: "5m", shown: "5m, for 30 minutes", readme: "for 30 minutes" },
  { arm: "break-even", tier: "5m", shown: "5m, break-even", readme: "`break-even`" },
  { arm: "aider", tier: "5m", shown: "aider's rule", readme: "aider's rule" },
  { arm: "context-guru", tier: "5m", shown: "context-guru's", readme: "context-guru's" },
  { arm: "context-guru-gated", tier: "5m", shown: "context-guru's, after `end_turn` only" },
  { arm: "oh-my-pi", tier: "5m", shown: "oh-my-pi's", readme: "oh-my-pi's" },
  { arm: "pi", tier: "5m", shown: "pi's", readme: "pi's" },
  { arm: "membrane", tier: "1h", shown: "membrane's, 1h" },
  { arm: "dispatch", tier: "5m", shown: "Dispatch's", readme: "Dispatch's" },
  { arm: "always-24h", tier: "5m", shown: "5m, for a day", readme: "for a day" },
  { arm: "clairvoyant", tier: "5m", shown: "clairvoyant, 5m", readme: "a clairvoyant" },
  { arm: "clairvoyant", tier: "1h", shown: "clairvoyant, 1h" },
];

const [file] = process.argv.slice(2);
const people = peopleOf(file === undefined ? syntheticRecordings() : await readRecordings(file));
const conversations = people.flatMap((person) => person.conversations);
const calls = conversations.reduce((sum, spans) => sum + spans.length, 0);

const runs = READ_PRICES.map((read) => {
  const startMs = performance.now();
  const before = process.cpuUsage();
  const run = runLab(people, {
    read,
    inputUsd: 5e-6,
    tiers: ["5m", "1h"],
    arms: ARM_NAMES,
    prior: file === undefined ? "left-out" : "auto",
  });
  return {
    priors: run.priors,
    arms: run.arms.length,
    figures: figuresOf(run),
    tookS: (performance.now() - startMs) / 1_000,
    computedS: process.cpuUsage(before).user / 1e6,
  };
});

const percent = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value * 100).toFixed(1)} %`;
const share = (value: number) => value.toFixed(2).replace("-", "−");

function figureOf(figures: readonly ArmFigures[], { arm, tier }: Row): ArmFigures {
  const figure = figures.find((one) => one.name === arm && one.tier === tier);
  if (figure === undefined) throw new Error(`there is no arm ${arm} on ${tier}`);
  return figure;
}

const bill = ({ billChange }: ArmFigures) => `${percent(billChange.open)} / ${percent(billChange.closed)}`;
/** Nothing where there is no clairvoyant of the tier, or nothing to share. */
const shares = ({ arm, tier }: Row, { shareOfClairvoyant: { open, closed } }: ArmFigures) =>
  tier === "auto" || arm === "1h alone" ? "" : `${share(open.value)} / ${share(closed.value)}`;

const named = file === undefined ? "Synthetic recordings" : basename(file);
console.log(
  `${named}: ${conversations.length} conversations of ${people.filter((one) => one.conversations.length > 0).length} people, ${calls} calls; prior ${runs[0]?.priors}.`,
);
console.log(`
Change of the whole input bill against 5m, never warmed: open / closed.

README.md, at a read price of ${READ_PRICES[0]}:

| 5-minute tier, unless said otherwise | bill | of what a clairvoyant would save |
|---|---:|---:|`);
for (const row of ROWS) {
  if (row.readme === undefined) continue;
  const figure = figureOf(runs[0]?.figures ?? [], row);
  console.log(`| ${row.readme} | ${bill(figure)} | ${shares(row, figure)} |`);
}
console.log(`
docs/policy.md, in brackets the share of the clairvoyant's net saving on the same tier:

| | ${READ_PRICES.map((read) => `read ${read}`).join(" | ")} |
|---|${READ_PRICES.map(() => "---:").join("|")}|`);
for (const row of ROWS) {
  const cells = runs.map(({ figures }) => {
    const figure = figureOf(figures, row);
    const bracket = shares(row, figure);
    return bracket === "" ? bill(figure) : `${bill(figure)} (${bracket})`;
  });
  console.log(`| ${row.shown} | ${cells.join(" | ")} |`);
}
const most = (seconds: readonly number[]) => Math.max(...seconds) * (LIMIT_CALLS / calls);
const tookS = most(runs.map((run) => run.tookS));
const computedS = most(runs.map((run) => run.computedS));
console.log(
  `\nAll ${runs[0]?.arms} arms at one read price, ${LIMIT_CALLS} calls: ${tookS.toFixed(0)} s, of which ${computedS.toFixed(0)} s of computing (the rest is other work of the machine); ${((tookS / LIMIT_S) * 100).toFixed(0)} % of the limit of ${LIMIT_S} s.`,
);
