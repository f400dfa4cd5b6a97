/** The demo's lines and its closing table. */
import { styleText } from "node:util";
import type { Entry, Sum, Tally } from "./tally.ts";

/** Widths in characters: both parts fit a terminal of 80. */
const COLUMN = 30;
const LABEL = 22;
const CELL = 9;

const count = new Intl.NumberFormat("en-US");

/** One event as it happens, in the column of its run. */
export function eventLine(elapsedMs: number, column: 0 | 1, { kind, turn, usage }: Entry): string {
  const { cacheReadTokens: read, cacheWriteTokens: written } = usage;
  const isCold = written > read;
  const what = kind === "warm" ? "  warm" : `turn ${turn}`;
  const tokens = isCold ? `wrote ${count.format(written)}` : `read ${count.format(read)}`;
  const colour = kind === "warm" ? "dim" : isCold ? "yellow" : "green";
  const indent = " ".repeat(column * COLUMN);
  return `${`${(elapsedMs / 1_000).toFixed(1)} s`.padStart(7)}   ${indent}${styleText(colour, `${what}  ${tokens}`)}`;
}

export function heading(): string {
  return `${"".padStart(7)}   ${"without keepwarm".padEnd(COLUMN)}with keepwarm`;
}

/** The same pauses without and with keepwarm: tokens read and written, dollars. */
export function table(without: Tally, withIt: Tally, turns: number): string {
  const rows: [label: string, without: Sum, withIt: Sum][] = [];
  const isTurn = (turn: number) => (entry: Entry) => entry.kind === "turn" && entry.turn === turn;
  const isWarm = ({ kind }: Entry) => kind === "warm";
  rows.push(["first turn", without.sum(isTurn(1)), withIt.sum(isTurn(1))]);
  for (let turn = 2; turn <= turns; turn++) {
    rows.push([`return after pause ${turn - 1}`, without.sum(isTurn(turn)), withIt.sum(isTurn(turn))]);
  }
  rows.push(["warms in the pauses", without.sum(isWarm), withIt.sum(isWarm)]);
  const total: [string, Sum, Sum] = ["total", without.sum(), withIt.sum()];
  const head = ["", "without keepwarm", "with keepwarm"].map((title, index) =>
    index === 0 ? title.padEnd(LABEL) : title.padStart(3 * CELL),
  );
  const units = ["read", "written", "cost"].map((unit) => unit.padStart(CELL)).join("");
  const line = "─".repeat(LABEL + 6 * CELL);
  return [
    head.join(""),
    `${"tokens, dollars".padEnd(LABEL)}${units}${units}`,
    line,
    ...rows.map(row),
    line,
    styleText("bold", row(total)),
  ].join("\n");
}

function row([label, without, withIt]: [string, Sum, Sum]): string {
  return `${label.padEnd(LABEL)}${cells(without)}${cells(withIt)}`;
}

function cells({ readTokens, writtenTokens, usd }: Sum): string {
  return [count.format(readTokens), count.format(writtenTokens), `$${usd.toFixed(4)}`]
    .map((cell) => cell.padStart(CELL))
    .join("");
}
