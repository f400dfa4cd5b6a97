/** What the program that draws the status line tells of itself: Claude Code writes JSON to the command's input. */
import { fstatSync } from "node:fs";
import * as z from "zod/mini";

/** Much more than any host writes, in characters. */
const LONGEST = 1_000_000;

const told = z.looseObject({ session_id: z.string().check(z.minLength(1)) });

/** Whether anybody may have written something there: a terminal and /dev/null have not. */
export function isWrittenTo(descriptor: number): boolean {
  try {
    const there = fstatSync(descriptor);
    return there.isFIFO() || there.isSocket() || there.isFile();
  } catch {
    return false;
  }
}

/** The host's session; null where none is told in time. A writer may keep its end open: the JSON's own end counts. */
export function sessionFrom(input: NodeJS.ReadableStream, patienceMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    let text = "";
    const answer = (session: string | null) => {
      clearTimeout(timer);
      input.removeAllListeners("data").pause();
      resolve(session);
    };
    const timer = setTimeout(() => answer(null), patienceMs);
    input.setEncoding("utf8");
    input.on("data", (piece: string) => {
      text += piece;
      if (text.length > LONGEST) return answer(null);
      const session = sessionIn(text);
      if (session !== undefined) answer(session);
    });
    input.once("end", () => answer(sessionIn(text) ?? null));
    input.once("error", () => answer(null));
  });
}

/** Undefined while it is no JSON, which more of it may become. */
function sessionIn(text: string): string | null | undefined {
  if (!text.trimEnd().endsWith("}")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = told.safeParse(value);
  return parsed.success ? parsed.data.session_id : null;
}
