/** Text no wider than the terminal, broken between words. */
import stringWidth from "string-width";
import { terminalWidth } from "./table.ts";

export interface Wrapping {
  /** In columns. @default that of the terminal */
  readonly width?: number;
  /** Before the first line. @default "" */
  readonly first?: string;
  /** Before each other line. @default as many spaces as `first` is wide */
  readonly next?: string;
}

/** Its lines. What is longer than a line stays whole. */
export function wrapped(text: string, options: Wrapping = {}): string[] {
  const { width = terminalWidth(), first = "" } = options;
  const { next = " ".repeat(stringWidth(first)) } = options;
  const lines: string[] = [];
  let line = first;
  let isBegun = false;
  for (const word of text.split(" ")) {
    if (isBegun && stringWidth(`${line} ${word}`) > width) {
      lines.push(line);
      line = next;
      isBegun = false;
    }
    line += isBegun ? ` ${word}` : word;
    isBegun = true;
  }
  return [...lines, line];
}
