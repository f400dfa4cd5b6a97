/** A program on a terminal: keys in, and what stands on its screen out. */
import { type Started, type StartOptions, start } from "./process.ts";

const ROWS = 45;
const COLUMNS = 170;

export interface OnScreen extends Pick<Started, "ended" | "end"> {
  /** Presses keys one after the other, as a person does. */
  type(keys: string): Promise<void>;
  /** Resolves once it stands there. @throws after a while, with what stands there instead */
  shows(pattern: RegExp, patienceMs?: number): Promise<void>;
}

export const ENTER = "\r";
export const BACKSPACE = "\u007f";
export const CTRL_C = "\u0003";
export const CTRL_X = "\u0018";

const KEY_MS = 60;
const PATIENCE_MS = 90_000;

/** By `script`, which gives it a terminal of its own. */
export function onScreen(command: string, options: Omit<StartOptions, "input">): OnScreen {
  const shell = `stty rows ${ROWS} cols ${COLUMNS}; exec ${command}`;
  const { write, said, ended, end } = start("script", ["-qfec", shell, "/dev/null"], {
    ...options,
    input: true,
  });
  return {
    ended,
    end,
    async type(keys) {
      for (const key of keys) {
        write(key);
        await new Promise((resolve) => setTimeout(resolve, KEY_MS));
      }
    },
    async shows(pattern, patienceMs = PATIENCE_MS) {
      for (let waited = 0; !pattern.test(screenOf(said())); waited += 100) {
        if (waited > patienceMs) throw new Error(`${pattern} is not on the screen:\n${screenOf(said())}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

const ESC = "\u001b";
/** A control sequence; a string that is for the terminal itself; another escape; a character. */
const PIECE = new RegExp(
  [
    `${ESC}\\[([?>=]?)([\\d;:]*)[ -/]*([@-~])`,
    `${ESC}[P\\]_^][^\u0007${ESC}]*(?:\u0007|${ESC}\\\\)`,
    `${ESC}[()].|${ESC}.`,
    "([^])",
  ].join("|"),
  "gu",
);

/** What stands there after all that was written, as far as programs that place each character need. */
function screenOf(written: string): string {
  const rows = Array.from({ length: ROWS }, () => Array.from({ length: COLUMNS }, () => " "));
  let row = 0;
  let column = 0;
  for (const [, isPrivate, parameters = "", letter, character] of written.matchAll(PIECE)) {
    if (character !== undefined) {
      if (character === "\n") row += 1;
      else if (character === "\r") column = 0;
      else if (character >= " ") {
        const cells = rows[row];
        if (cells !== undefined) cells[column] = character;
        column += 1;
      }
    } else if (letter !== undefined && isPrivate === "") {
      const [first = 0, second = 0] = parameters.split(";").map(Number);
      if (letter === "H") [row, column] = [(first || 1) - 1, (second || 1) - 1];
      else if (letter === "C") column += first || 1;
      else if (letter === "K") rows[row]?.fill(" ", column);
      else if (letter === "X") rows[row]?.fill(" ", column, column + (first || 1));
      else if (letter === "J" && first === 2) for (const cells of rows) cells.fill(" ");
    }
  }
  return rows.map((cells) => cells.join("").trimEnd()).join("\n");
}
