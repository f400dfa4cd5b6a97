/** A log for people: one line an event, on stderr. */
import type { LogAttributes, Logger } from "../host.ts";
import { printable } from "./printable.ts";
import { type Style, styled } from "./style.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

export type LogLevel = (typeof LEVELS)[number] | "silent";

export function createLog(level: LogLevel, write: (line: string) => void = console.error): Logger {
  const least = level === "silent" ? LEVELS.length : LEVELS.indexOf(level);
  const log = (of: (typeof LEVELS)[number]) => (message: string, attributes?: LogAttributes) => {
    if (LEVELS.indexOf(of) >= least) write(line(of, message, attributes));
  };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

const paint = (style: Style, text: string) => styled(style, text, process.stderr);

const marks = {
  debug: paint("dim", "debug"),
  info: "info ",
  warn: paint("yellow", "warn "),
  error: paint("red", "error"),
} as const;

function line(level: (typeof LEVELS)[number], message: string, attributes: LogAttributes = {}): string {
  const details = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const text = [message.replace(/^keepwarm: /, ""), ...details].join("  ");
  return `${paint("dim", new Date().toISOString())} ${marks[level]} ${printable(text)}`;
}
