/** A program on a terminal: keys in, and what stands on its screen out. */
import { setTimeout as wait } from "node:timers/promises";
import xterm from "@xterm/headless";
import { type Started, type StartOptions, start } from "./process.ts";

const ROWS = 45;
const COLUMNS = 170;

export interface OnScreen extends Pick<Started, "end"> {
  /** Presses keys one after the other, as a person does. */
  type(keys: string): Promise<void>;
  /** Presses them until they stand where they belong: a busy program may not take them yet. */
  fill(words: string, stand: () => boolean): Promise<void>;
  /** What stands there, and above it what has scrolled away. */
  text(): string;
  /** Its window's. */
  title(): string;
  /** Resolves once it stands there. @throws after a while, and at its end, with what stands there instead */
  shows(pattern: RegExp, patienceMs?: number): Promise<void>;
  /** The same, of whatever can be seen. */
  until(what: string, isSo: () => boolean, patienceMs?: number): Promise<void>;
  /** Resolves once it has ended. @throws after a while */
  ends(): Promise<void>;
}

export const ENTER = "\r";
export const BACKSPACE = "\u007f";
export const CTRL_C = "\u0003";
export const CTRL_X = "\u0018";

const KEY_MS = 60;
const PATIENCE_MS = 90_000;
const TRIES = 6;

/** By `script`, which gives it a terminal of its own. */
export function onScreen(command: string, options: Omit<StartOptions, "input">): OnScreen {
  const terminal = new xterm.Terminal({ rows: ROWS, cols: COLUMNS, allowProposedApi: true });
  const shell = `stty rows ${ROWS} cols ${COLUMNS}; exec ${command}`;
  const { write, heard, ended, end } = start("script", ["-qfec", shell, "/dev/null"], {
    ...options,
    input: true,
  });
  heard((text) => terminal.write(text));
  // Programs ask a terminal what it can do, and where its cursor is.
  terminal.onData(write);
  let title = "";
  terminal.onTitleChange((now) => {
    title = now;
  });
  const text = () => textOf(terminal);
  let hasEnded = false;
  // What it wrote last is still on its way to the screen then.
  const lastSeen = ended.then((code) => {
    hasEnded = true;
    return new Promise<number | null>((seen) => terminal.write("", () => seen(code)));
  });

  function until(what: string, isSo: () => boolean, patienceMs = PATIENCE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const looking = terminal.onWriteParsed(look);
      const impatient = setTimeout(() => giveUp(`after ${patienceMs} ms`), patienceMs);
      function over(): void {
        looking.dispose();
        clearTimeout(impatient);
      }
      function giveUp(when: string): void {
        over();
        reject(new Error(`${what} was not there ${when}, but, under “${title}”:\n${text()}`));
      }
      function look(): void {
        if (!isSo()) return;
        over();
        resolve();
      }
      void lastSeen.then((code) => {
        look();
        giveUp(`when it ended with ${code}`);
      });
      look();
    });
  }

  async function type(keys: string): Promise<void> {
    for (const key of keys) {
      write(key);
      await wait(KEY_MS);
    }
  }

  return {
    end,
    text,
    title: () => title,
    type,
    async fill(words, stand) {
      for (let tried = 1; ; tried += 1) {
        await type(words);
        try {
          return await until(`“${words}”`, stand, PATIENCE_MS / TRIES);
        } catch (error) {
          if (tried === TRIES) throw error;
        }
        await type(BACKSPACE.repeat(words.length));
      }
    },
    until,
    ends: () => until("its end", () => hasEnded),
    shows: (pattern, patienceMs) => until(`${pattern}`, () => pattern.test(text()), patienceMs),
  };
}

function textOf({ buffer }: xterm.Terminal): string {
  const { active } = buffer;
  return Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? "")
    .join("\n")
    .trimEnd();
}
