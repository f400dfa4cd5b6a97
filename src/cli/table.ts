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
  /** Not cut further than this, in columns of the terminal. @default 6 */
  readonly least?: number;
  /** Left out where there is no room, the lowest number first, with all of the same number. @default never */
  readonly spared?: number;
}

export type Cell = string | { readonly text: string; readonly style: Style };

const GAP = "  ";
const NARROWEST = 6;

/** The table's lines, without a newline after the last. `width` is in columns of the terminal. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  width: number = terminalWidth(),
): string {
  const titles = columns.map(({ title }): Cell => ({ text: title, style: "dim" }));
  const all = [titles, ...rows].map((row) => row.map(plain));
  const wanted = columns.map((_, index) =>
    all.reduce((widest, row) => Math.max(widest, stringWidth(row[index]?.text ?? "")), 0),
  );
  const shown = withRoom(columns, wanted, width);
  const cells = all.map((row) => row.filter((_, index) => shown.includes(index)));
  return aligned(
    shown.flatMap((index) => columns[index] ?? []),
    cells,
    shown.map((index) => wanted[index] ?? 0),
    width,
  );
}

interface PlainCell {
  readonly text: string;
  readonly style: Style | null;
}

function aligned(
  columns: readonly Column[],
  cells: readonly (readonly PlainCell[])[],
  wanted: readonly number[],
  width: number,
): string {
  const widths = fitting(columns, wanted, width);
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

/** The indices of those columns that there is room for, however far they are cut. */
function withRoom(columns: readonly Column[], wanted: readonly number[], width: number): number[] {
  let shown = columns.map((_, index) => index);
  const least = (index: number) => {
    const { whole = false, least: narrowest = NARROWEST } = columns[index] ?? {};
    return whole ? (wanted[index] ?? 0) : Math.min(wanted[index] ?? 0, narrowest);
  };
  const sparedOf = (index: number) => columns[index]?.spared ?? Number.POSITIVE_INFINITY;
  while (shown.reduce((sum, index) => sum + least(index), GAP.length * (shown.length - 1)) > width) {
    const first = Math.min(...shown.map(sparedOf));
    if (first === Number.POSITIVE_INFINITY) break;
    shown = shown.filter((index) => sparedOf(index) !== first);
  }
  return shown;
}

function plain(cell: Cell): PlainCell {
  const { text, style } = typeof cell === "string" ? { text: cell, style: null } : cell;
  return { text: printable(text), style };
}

/** The widest column gives first. */
function fitting(columns: readonly Column[], wanted: readonly number[], width: number): number[] {
  const widths = [...wanted];
  const total = () =>
    widths.reduce((sum, columnWidth) => sum + columnWidth, GAP.length * (widths.length - 1));
  while (total() > width) {
    const cuttable = widths.map((columnWidth, index) => {
      const { whole = false, least = NARROWEST } = columns[index] ?? {};
      return whole || columnWidth <= least ? 0 : columnWidth;
    });
    const widest = Math.max(...cuttable);
    if (widest === 0) break;
    widths[cuttable.indexOf(widest)] = widest - 1;
  }
  return widths;
}

const graphemes = new Intl.Segmenter();

/** Plain text, as far as `width` columns show it. */
export function cutTo(text: string, width: number): string {
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
