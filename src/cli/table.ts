/** Aligned columns, by how wide text is shown, no wider than the terminal. */
import stringWidth from "string-width";
import { printable } from "./printable.ts";
import { type Style, styled } from "./style.ts";

export interface Column {
  readonly title: string;
  /** @default "left" */
  readonly align?: "left" | "right";
  /** Never cut, however narrow the terminal is. @default false */
  readonly whole?: boolean;
}

export type Cell = string | { readonly text: string; readonly style: Style };

const GAP = "  ";
/** A column is not cut further than this. */
const NARROWEST = 6;

/** The table's lines, without a newline after the last. `width` is in columns of the terminal. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number = terminalWidth(),
): string {
  const titles = columns.map(({ title }): Cell => ({ text: title, style: "dim" }));
  const cells = [titles, ...rows].map((row) => row.map(plain));
  const widths = fitting(
    columns,
    columns.map((_, index) => Math.max(...cells.map((row) => stringWidth(row[index]?.text ?? "")))),
    width,
  );
  return cells
    .map((row) =>
      row
        .map(({ text, style }, index) => {
          const columnWidth = widths[index] ?? 0;
          const cut = cutTo(text, columnWidth);
          const shown = style === null ? cut : styled(style, cut);
          const space = " ".repeat(columnWidth - stringWidth(cut));
          if (columns[index]?.align === "right") return space + shown;
          return index === row.length - 1 ? shown : shown + space;
        })
        .join(GAP)
        .trimEnd(),
    )
    .join("\n");
}

function plain(cell: Cell): { text: string; style: Style | null } {
  const { text, style } = typeof cell === "string" ? { text: cell, style: null } : cell;
  return { text: printable(text), style };
}

/** The widest column gives first. */
function fitting(columns: readonly Column[], wanted: readonly number[], width: number): number[] {
  const widths = [...wanted];
  const total = () =>
    widths.reduce((sum, columnWidth) => sum + columnWidth, GAP.length * (widths.length - 1));
  while (total() > width) {
    const cuttable = widths.map((columnWidth, index) => (columns[index]?.whole ? 0 : columnWidth));
    const widest = Math.max(...cuttable);
    if (widest <= NARROWEST) break;
    widths[cuttable.indexOf(widest)] = widest - 1;
  }
  return widths;
}

const graphemes = new Intl.Segmenter();

function cutTo(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let cut = "";
  for (const { segment } of graphemes.segment(text)) {
    if (stringWidth(`${cut}${segment}…`) > width) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** In columns; endless where nobody looks at lines. */
export function terminalWidth(): number {
  return process.stdout.isTTY && process.stdout.columns > 0
    ? process.stdout.columns
    : Number.POSITIVE_INFINITY;
}
