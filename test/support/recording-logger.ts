/** A logger that keeps what it is told. */
import type { LogAttributes, Logger } from "../../src/host.ts";

export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly attributes: LogAttributes;
}

export interface RecordingLogger extends Logger {
  readonly lines: LogLine[];
  at(level: keyof Logger): readonly LogLine[];
}

export function createRecordingLogger(): RecordingLogger {
  const lines: LogLine[] = [];
  const record =
    (level: keyof Logger) =>
    (message: string, attributes: LogAttributes = {}): void => {
      lines.push({ level, message, attributes });
    };
  return {
    lines,
    at: (level) => lines.filter((line) => line.level === level),
    debug: record("debug"),
    info: record("info"),
    warn: record("warn"),
    error: record("error"),
  };
}
