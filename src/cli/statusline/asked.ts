/** What a status line is asked for, read without the tree of commands: it is drawn every second or two. */
import { unknownPlaceholder } from "./format.ts";

export interface StatusLineAsked {
  /** An id or a folder, or the beginning of either. */
  readonly conversation?: string;
  readonly format?: string;
}

/** Null: another command, or one that takes the tree of commands to say what is wrong with it, or its help. */
export function statusLineAsked([command, ...args]: readonly string[]): StatusLineAsked | null {
  if (command !== "statusline") return null;
  const asked: { conversation?: string; format?: string } = {};
  for (let index = 0; index < args.length; index += 1) {
    const [flag, joined] = (args[index] ?? "").split(/=(.*)/s);
    if (flag !== "--conversation" && flag !== "--format") return null;
    if (joined === undefined) index += 1;
    const value = joined ?? args[index];
    if (value === undefined) return null;
    asked[flag === "--format" ? "format" : "conversation"] = value;
  }
  return asked.format !== undefined && unknownPlaceholder(asked.format) !== null ? null : asked;
}
