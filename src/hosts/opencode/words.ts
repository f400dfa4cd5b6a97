/**
 * What the two halves of the plugin say to each other. They run in two threads, or on two machines, and OpenCode carries
 * what a terminal may be told, as a command that nobody else knows, to the server's plugins and to every terminal of
 * the same project. Nothing of it is stored.
 */
import * as z from "zod/mini";
import type { Standing } from "../native/index.ts";
import type { CommandEvent } from "./opencode-api.ts";

/** From a terminal. */
export type Said =
  /** It shows this conversation: how does it stand? */
  | { readonly kind: "look"; readonly session: string }
  /** Its person wants this, in the words of `/warm`; the answer names `id`. */
  | { readonly kind: "do"; readonly session: string; readonly text: string; readonly id: string }
  | { readonly kind: "present"; readonly session: string; readonly present: boolean };

/** To the terminals. */
export type Told =
  | { readonly kind: "stands"; readonly session: string; readonly standing: Standing }
  | { readonly kind: "answer"; readonly session: string; readonly text: string; readonly id: string };

const session = z.string();

const standing = z.object({
  state: z.object({
    enabled: z.boolean(),
    nextWarmAt: z.nullable(z.number()),
    lastExpectedPct: z.nullable(z.number()),
    intervalMs: z.number(),
    intervalChosen: z.exactOptional(z.boolean()),
    keepWarm: z.exactOptional(z.string()),
  }),
  status: z.object({
    phase: z.enum(["off", "generating", "idle", "warming", "lapsed", "stopped"]),
    why: z.nullable(z.string()),
  }),
  figures: z.nullable(
    z.object({ warms: z.number(), warmsUnpriced: z.number(), spentUsd: z.number(), savedUsd: z.number() }),
  ),
  now: z.number(),
});

const said = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("look"), session }),
  z.object({ kind: z.literal("do"), session, text: z.string(), id: z.string() }),
  z.object({ kind: z.literal("present"), session, present: z.boolean() }),
]);

const told = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("stands"), session, standing }),
  z.object({ kind: z.literal("answer"), session, text: z.string(), id: z.string() }),
]);

const event = z.object({
  type: z.literal("tui.command.execute"),
  properties: z.object({ command: z.string() }),
});

const MARK = "keepwarm ";

export function eventOf(words: Said | Told): CommandEvent {
  return { type: "tui.command.execute", properties: { command: MARK + JSON.stringify(words) } };
}

/** Null for every other event, and for what another version said. */
export function saidIn(value: unknown): Said | null {
  return said.safeParse(wordsIn(value)).data ?? null;
}

/** Likewise. */
export function toldIn(value: unknown): Told | null {
  return told.safeParse(wordsIn(value)).data ?? null;
}

function wordsIn(value: unknown): unknown {
  const command = event.safeParse(value).data?.properties.command;
  if (!command?.startsWith(MARK)) return null;
  try {
    return JSON.parse(command.slice(MARK.length));
  } catch {
    return null;
  }
}
