/** What stands on a terminal after what was written to it: of a terminal's language, as much as keepwarm speaks. */
import type { SizedTerminal } from "../../src/cli/watch/on-screen.ts";

export interface TerminalScreen extends SizedTerminal {
  columns: number;
  rows: number;
  /** What stands there, without what is blank at the ends. */
  shown(): string[];
  /** Each piece that was written. */
  readonly written: string[];
  /** The screen of its own is shown, and not what stood there before. */
  isAlternate(): boolean;
  isCursorShown(): boolean;
  resize(columns: number, rows: number): void;
}

const ESC = "\u001b";
const PIECE = new RegExp(`${ESC}\\[(\\??)([\\d;]*)([A-Za-z])|([^${ESC}])`, "gsu");

export function terminalScreen(columns = 100, rows = 24): TerminalScreen {
  const listeners = new Set<() => void>();
  const written: string[] = [];
  let cells: string[][] = [];
  let row = 0;
  let column = 0;
  let alternate = false;
  let cursor = true;
  let wraps = true;

  function command(isPrivate: boolean, parameters: string, letter: string): void {
    if (isPrivate && parameters === "1049") alternate = letter === "h";
    else if (isPrivate && parameters === "25") cursor = letter === "h";
    else if (isPrivate && parameters === "7") wraps = letter === "h";
    else if (isPrivate && parameters === "2026") return;
    else if (letter === "H") [row = 0, column = 0] = parameters.split(";").map((at) => Number(at) - 1);
    else if (letter === "J") cells = [];
    else if (letter === "K") cells[row] = (cells[row] ?? []).slice(0, column);
    else if (letter !== "m") throw new Error(`a terminal may not know ${letter}`);
  }

  const screen: TerminalScreen = {
    columns,
    rows,
    written,
    write(text) {
      written.push(text);
      for (const [, isPrivate = "", parameters = "", letter, character = ""] of text.matchAll(PIECE)) {
        if (letter !== undefined) {
          command(isPrivate === "?", parameters, letter);
          continue;
        }
        if (row >= screen.rows) throw new Error(`under the edge: ${text}`);
        if (column >= screen.columns && wraps) throw new Error(`over the edge: ${text}`);
        column = Math.min(column, screen.columns - 1);
        cells[row] ??= [];
        const line = cells[row] ?? [];
        line[column] = character;
        column += 1;
      }
    },
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    shown: () =>
      Array.from(cells, (line) =>
        Array.from(line ?? [], (cell) => cell ?? " ")
          .join("")
          .trimEnd(),
      ),
    isAlternate: () => alternate,
    isCursorShown: () => cursor,
    resize(newColumns, newRows) {
      screen.columns = newColumns;
      screen.rows = newRows;
      // As terminals do, more or less: what stood there is anywhere.
      cells = [["garbage"]];
      for (const listener of listeners) listener();
    },
  };
  return screen;
}
