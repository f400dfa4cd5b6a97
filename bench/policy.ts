/**
 * The README's table of arms: what each policy does to the whole input bill, and what share of a clairvoyant's
 * saving it gets, at each read price. On a file of recordings, or on the synthetic ones that ship with it.
 *
 * node bench/policy.ts [file.jsonl[.gz]]
 */
import { basename } from "node:path";
import { figuresOf, peopleOf, readRecordings, runLab, syntheticRecordings } from "../src/lab/index.ts";

const READ_PRICES = [0.1, 0.05, 0.025] as const;
/** In the order of the table. */
const ROWS: readonly (readonly [arm: string, tier: string, shown: string])[] = [
  ["auto", "auto", "**keepwarm `auto`, tier chosen**"],
  ["adaptive", "5m", "**keepwarm `auto`, 5m**"],
  ["adaptive", "1h", "**keepwarm `auto`, 1h**"],
  ["1h alone", "1h", "1h, never warmed"],
  ["fixed-1", "1h", "1h, 1 ping"],
  ["fixed-2", "5m", "5m, 2 pings"],
  ["fixed-3", "5m", "5m, 3 pings"],
  ["fixed-10", "5m", "5m, 10 pings"],
  ["until-30m", "5m", "5m, for 30 minutes"],
  ["break-even", "5m", "5m, break-even"],
  ["aider", "5m", "aider's rule"],
  ["context-guru", "5m", "context-guru's"],
  ["oh-my-pi", "5m", "oh-my-pi's"],
  ["pi", "5m", "pi's"],
  ["membrane", "1h", "membrane's, 1h"],
  ["dispatch", "5m", "Dispatch's"],
  ["always-24h", "5m", "5m, for a day"],
  ["clairvoyant", "5m", "clairvoyant, 5m"],
  ["clairvoyant", "1h", "clairvoyant, 1h"],
];

const [file] = process.argv.slice(2);
const people = peopleOf(file === undefined ? syntheticRecordings() : await readRecordings(file));
const conversations = people.flatMap((person) => person.conversations);
const calls = conversations.reduce((sum, spans) => sum + spans.length, 0);
const startMs = performance.now();

const runs = READ_PRICES.map((read) => {
  const run = runLab(people, {
    read,
    inputUsd: 5e-6,
    tiers: ["5m", "1h"],
    arms: [...new Set(ROWS.map(([arm]) => arm))],
    prior: file === undefined ? "left-out" : "auto",
  });
  return { priors: run.priors, figures: figuresOf(run) };
});

const percent = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value * 100).toFixed(1)} %`;
const share = (value: number) => value.toFixed(2).replace("-", "−");

console.log(
  `${file === undefined ? "Synthetic recordings" : basename(file)}: ${conversations.length} conversations of ${people.length} people, ${calls} calls; prior ${runs[0]?.priors}; ${((performance.now() - startMs) / 1_000).toFixed(0)} s.`,
);
console.log(
  "Change of the whole input bill against 5m, never warmed: open / closed. In brackets: share of the",
);
console.log("clairvoyant's net saving on the same tier.\n");
console.log(`| | ${READ_PRICES.map((read) => `read ${read}`).join(" | ")} |`);
console.log(`|---|${READ_PRICES.map(() => "---:").join("|")}|`);
for (const [arm, tier, shown] of ROWS) {
  const cells = runs.map(({ figures }) => {
    const figure = figures.find((one) => one.name === arm && one.tier === tier);
    if (figure === undefined) return "";
    const { billChange, shareOfClairvoyant } = figure;
    const shares =
      tier === "auto" || arm === "1h alone"
        ? ""
        : ` (${share(shareOfClairvoyant.open.value)} / ${share(shareOfClairvoyant.closed.value)})`;
    return `${percent(billChange.open)} / ${percent(billChange.closed)}${shares}`;
  });
  console.log(`| ${shown} | ${cells.join(" | ")} |`);
}
