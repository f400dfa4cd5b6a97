/** What a person does on the page, done at the gateway, and what came of it. */
import { signal } from "@preact/signals";
import * as z from "zod/mini";
import { changeAnswer, type SettingValue, settingChanged, warmAnswer } from "../../../hub/views/index.ts";
import { announce } from "../shell/announcer.tsx";
import { ask, conversationPath } from "./ask.ts";
import { heldToken } from "./connection.ts";
import { forget as forgotten, settings, takeConversation } from "./known.ts";

export interface Notice {
  readonly text: string;
  readonly isError: boolean;
}

/** What is to be seen of the last thing done, until it goes by itself. */
export const notice = signal<Notice | null>(null);

const SHOWN_MS = 6_000;
let hiding: ReturnType<typeof setTimeout> | undefined;

export function tell(text: string, isError = false): void {
  notice.value = { text, isError };
  announce(text);
  clearTimeout(hiding);
  // Errors stay until somebody has seen them.
  if (!isError) hiding = setTimeout(hideNotice, SHOWN_MS);
}

export function hideNotice(): void {
  notice.value = null;
}

/** Conversations of which something is under way. */
export const busy = signal<ReadonlySet<string>>(new Set());

async function attempt(
  id: string,
  act: () => Promise<void>,
  worded: (message: string) => string = (message) => message,
): Promise<boolean> {
  busy.value = new Set(busy.value).add(id);
  try {
    await act();
    return true;
  } catch (error) {
    tell(worded(error instanceof Error ? error.message : String(error)), true);
    return false;
  } finally {
    const rest = new Set(busy.value);
    rest.delete(id);
    busy.value = rest;
  }
}

async function change(id: string, action: string, body: unknown, said: string): Promise<boolean> {
  return attempt(id, async () => {
    const { conversation, note } = await ask(
      heldToken(),
      { path: conversationPath(id, action), body },
      changeAnswer,
    );
    if (conversation !== null) takeConversation(conversation);
    if (note === null) announce(said);
    else tell(note);
  });
}

/** An action of a surface's field, as its host named it. */
export function invoke(id: string, actionId: string, payload: unknown, said: string): Promise<boolean> {
  return change(id, "action", { actionId, payload }, said);
}

/** Nobody's choice again: the cache entry's lifetime decides. */
export function takeBackInterval(id: string, said: string): Promise<boolean> {
  return change(id, "interval", { intervalMs: null }, said);
}

/** @param keepWarm in the policy's words; null: what holds where nobody chose */
export function setKeepWarm(id: string, keepWarm: string | null, said: string): Promise<boolean> {
  return change(id, "keep-warm", { keepWarm }, said);
}

export function warmNow(id: string, name: string): Promise<boolean> {
  return attempt(id, async () => {
    const answer = await ask(heldToken(), { path: conversationPath(id, "warm"), body: {} }, warmAnswer);
    if (answer.conversation !== null) takeConversation(answer.conversation);
    if (!answer.sent) return tell(answer.why, true);
    const read = answer.conversation?.lastPct;
    tell(`${name}: warmed${typeof read === "number" ? `, ${read} % read from the cache` : ""}.`);
  });
}

export function close(id: string, name: string): Promise<boolean> {
  return attempt(id, async () => {
    const { note } = await ask(heldToken(), { path: conversationPath(id, "close"), body: {} }, changeAnswer);
    forgotten([id]);
    tell(note ?? `${name} is closed.`);
  });
}

export function forget(id: string, name: string): Promise<boolean> {
  return attempt(id, async () => {
    await ask(heldToken(), { path: conversationPath(id, "forget"), body: {} }, z.unknown());
    forgotten([id]);
    tell(`${name} is forgotten.`);
  });
}

interface SettingWords {
  /** What the page calls it, where the gateway's answer says `maxUsdPerDay`. */
  readonly title: string;
  readonly said: string;
}

export function changeSetting(
  name: string,
  value: SettingValue | null,
  { title, said }: SettingWords,
): Promise<boolean> {
  const act = async () => {
    const { note, ...answer } = await ask(
      heldToken(),
      { path: "/v1/settings", body: { name, value } },
      settingChanged,
    );
    settings.value = answer;
    tell(note ?? said);
  };
  return attempt(`setting ${name}`, act, (message) => message.replace(name, title));
}
