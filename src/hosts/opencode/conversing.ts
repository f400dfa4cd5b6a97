/** The terminal's side of what the two halves of the plugin say to each other. */
import type { Standing } from "../native/index.ts";
import type { TerminalApi } from "./opencode-api.ts";
import { eventOf, type Said, toldIn } from "./words.ts";

export interface Heard {
  stands(session: string, standing: Standing): void;
  /** An answer to what was asked here, for its person. */
  answer(text: string): void;
  isEnabled(session: string): boolean;
}

export interface Conversing {
  /** Asks how the session stands, unless that was asked lately. */
  look(session: string): void;
  /** Asks for what stands behind `/warm`. */
  ask(session: string, text: string): void;
  /** Its person is at the keyboard, or is not any more. */
  present(session: string, isPresent: boolean): void;
  dispose(): void;
}

/** How often it asks of a conversation that is shown, in ms: well within what it is told without. */
const LOOK_MS = 60_000;
/** How soon it asks again while it was told nothing, in ms. */
const AGAIN_MS = 5_000;
/** How long an answer may take of which nothing is heard, in ms. */
const ANSWER_MS = 3_000;
/** The same where something is heard of the conversation: a warm that is sent at once takes its time. */
const DONE_MS = 120_000;
/** Of a person who types, this is said once, in ms. */
const PRESENT_MS = 30_000;
const UNANSWERED =
  "keepwarm does not answer: its plugin is not running in OpenCode's server. keepwarm doctor, in a shell, says why.";

export function createConversing(
  { client, event }: Pick<TerminalApi, "client" | "event">,
  heard: Heard,
): Conversing {
  /** When it was asked for last, and whether anything came of it. */
  const looked = new Map<string, { at: number; isKnown: boolean }>();
  const waiting = new Map<string, { readonly session: string; impatient: ReturnType<typeof setTimeout> }>();
  let lastPresent: { session: string; isPresent: boolean; at: number } | null = null;

  function say(words: Said): void {
    void client.tui.publish({ body: eventOf(words) }).catch(() => {});
  }

  function giveUpIn(ms: number, id: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      waiting.delete(id);
      heard.answer(UNANSWERED);
    }, ms);
  }

  /** Its server is there. */
  function bePatient(session: string): void {
    for (const [id, one] of waiting) {
      if (one.session !== session) continue;
      clearTimeout(one.impatient);
      one.impatient = giveUpIn(DONE_MS, id);
    }
  }

  const end = event.on("tui.command.execute", (value) => {
    try {
      const words = toldIn(value);
      if (words?.kind === "stands") {
        looked.set(words.session, { at: Date.now(), isKnown: true });
        bePatient(words.session);
        heard.stands(words.session, words.standing);
      } else if (words?.kind === "answer" && waiting.has(words.id)) {
        clearTimeout(waiting.get(words.id)?.impatient);
        waiting.delete(words.id);
        heard.answer(words.text);
      }
    } catch {
      // The terminal hears of it by the next one.
    }
  });

  return {
    look(session) {
      const { at = 0, isKnown = false } = looked.get(session) ?? {};
      if (Date.now() - at < (isKnown ? LOOK_MS : AGAIN_MS)) return;
      looked.set(session, { at: Date.now(), isKnown: false });
      say({ kind: "look", session });
    },
    ask(session, text) {
      const id = crypto.randomUUID();
      waiting.set(id, { session, impatient: giveUpIn(ANSWER_MS, id) });
      say({ kind: "do", session, text, id });
    },
    present(session, isPresent) {
      if (!heard.isEnabled(session)) return;
      const now = Date.now();
      const isSame = lastPresent?.session === session && lastPresent.isPresent === isPresent;
      if (isSame && lastPresent !== null && now - lastPresent.at < PRESENT_MS) return;
      lastPresent = { session, isPresent, at: now };
      say({ kind: "present", session, present: isPresent });
    },
    dispose() {
      end();
      for (const { impatient } of waiting.values()) clearTimeout(impatient);
    },
  };
}
