/**
 * A terminal's whole screen, drawn line by line: only lines that differ are written, all in one piece, so that nothing
 * flickers. What stood there before comes back when it is left, however the process ends.
 */

/** What is needed of a terminal. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

export interface Screen {
  /** What is beyond the last row or column is left out. */
  draw(lines: readonly string[]): void;
  /** Something else has written there, or its size has changed: everything is drawn anew the next time. */
  spoil(): void;
  /** Gives the terminal back as it was. May be called more than once. */
  leave(): void;
  /** Takes it again. */
  enter(): void;
}

const ESC = "\u001b[";
/** A screen of its own (xterm's), no cursor, and lines that end at the edge, however wide a terminal thinks they are. */
const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l`;
const LEAVE = `${ESC}?7h${ESC}?25h${ESC}?1049l`;
/** Terminals that know it show what is between the two at once; the others ignore it. */
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;
const CLEAR = `${ESC}2J`;
const CLEAR_LINE = `${ESC}0m${ESC}K`;

const at = (row: number) => `${ESC}${row + 1};1H`;

export function createScreen(terminal: Terminal): Screen {
  let isThere = false;
  /** Null: nothing is known of what stands there. */
  let drawn: readonly string[] | null = null;

  return {
    draw(lines) {
      if (!isThere) return;
      const shown = lines.slice(0, terminal.rows);
      const height = Math.max(shown.length, drawn?.length ?? 0);
      const changes = Array.from({ length: height }, (_, row) => row)
        .filter((row) => shown[row] !== drawn?.[row])
        .map((row) => `${at(row)}${shown[row] ?? ""}${CLEAR_LINE}`);
      if (drawn === null) changes.unshift(CLEAR);
      drawn = shown;
      if (changes.length > 0) terminal.write(BEGIN + changes.join("") + END);
    },
    spoil() {
      drawn = null;
    },
    leave() {
      if (!isThere) return;
      isThere = false;
      terminal.write(LEAVE);
    },
    enter() {
      if (isThere) return;
      isThere = true;
      drawn = null;
      terminal.write(ENTER);
    },
  };
}
