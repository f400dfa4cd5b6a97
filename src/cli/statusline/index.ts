/** `keepwarm statusline`: one line for a prompt, a bar or an agent's status line, soon or not at all. */
import { type ConversationView, type Glance, glanceAt } from "../../hub/index.ts";
import { stateDirectory } from "../../storage/index.ts";
import { calledSo } from "../conversation-name.ts";
import type { StatusLineAsked } from "./asked.ts";
import { isWrittenTo, sessionFrom } from "./host.ts";
import { lineOf } from "./line.ts";

/** Whoever draws the line waits for it no longer, in ms. */
const DEADLINE_MS = 1_000;
/** How long a host that keeps its end open may take to tell its session, in ms. */
const PATIENCE_MS = 200;

/** Shown, and with what the command ends. */
const NOTHING = 1;

export async function printStatusLine({ conversation, format }: StatusLineAsked): Promise<void> {
  const late = setTimeout(() => end("the gateway did not answer in time"), DEADLINE_MS);
  try {
    const line = await lineFor(conversation, format);
    clearTimeout(late);
    if (line === null) return end("there is no such conversation");
    process.stdout.write(`${line}\n`, () => process.exit());
  } catch (error) {
    end(error instanceof Error ? error.message : String(error));
  }
}

async function lineFor(word: string | undefined, format: string | undefined): Promise<string | null> {
  const session =
    word === undefined && isWrittenTo(0) ? sessionFrom(process.stdin, PATIENCE_MS) : Promise.resolve(null);
  const gateway = await glanceAt(stateDirectory(), DEADLINE_MS);
  if (gateway === null) throw new Error("no gateway is running");
  const { meant, all } = await meantBy(gateway, await session, word);
  return lineOf(meant, { all, now: Date.now(), format });
}

interface Meant {
  readonly meant: readonly ConversationView[];
  readonly all: readonly ConversationView[];
}

/** One by its id alone, which is all that a host tells, is soon asked; a word takes all that are open. */
async function meantBy(gateway: Glance, id: string | null, word: string | undefined): Promise<Meant> {
  if (id !== null) {
    const one = await gateway.conversation(id);
    const meant = one === null ? [] : [one];
    return { meant, all: meant };
  }
  const all = await gateway.conversations();
  return { meant: word === undefined ? all : calledSo(all, word), all };
}

/** A prompt or a bar shows nothing then. Whoever looks at the output itself is told why. */
function end(why: string): void {
  if (process.stdout.isTTY) console.error(`keepwarm: nothing to show: ${why}`);
  process.exit(NOTHING);
}
