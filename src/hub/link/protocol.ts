/**
 * What a program with keepwarm inside it and the hub say to each other: one JSON object a line, both ways, over the
 * connection that the program has opened and the hub has proven itself on. docs/control.md has it for others.
 */
import * as z from "zod/mini";
import type { ConversationView, OutlookView } from "../views/conversation.ts";
import type { HistoryEntry } from "../views/history.ts";

/** Of the `Upgrade` header. */
export const LINK_PROTOCOL = "keepwarm-link";
export const LINK_PATH = "/v1/link";

/** No line is longer, in bytes. */
export const MAX_LINE_BYTES = 1_048_576;

export interface Hello {
  readonly type: "hello";
  /** What the program is called: `pi`. */
  readonly host: string;
  readonly pid: number;
  /** Of the keepwarm inside it. */
  readonly version: string;
}

export type FromProgram =
  | Hello
  /** They are new, or something of them has changed; each whole. */
  | { readonly type: "conversations"; readonly conversations: readonly ConversationView[] }
  | { readonly type: "gone"; readonly conversationIds: readonly string[] }
  /** What happened in conversations, the oldest first. */
  | { readonly type: "history"; readonly entries: readonly Happened[] }
  | Answer;

export interface Happened {
  readonly conversationId: string;
  readonly entry: HistoryEntry;
}

export interface Answer {
  readonly type: "answer";
  /** Of what was asked. */
  readonly id: number;
  /** What is the case now; left out where the program does not have the conversation (any more). */
  readonly conversation?: ConversationView | undefined;
  readonly outlook?: OutlookView | undefined;
  /** Of `warm`: why none was sent, as a sentence. */
  readonly notSent?: string | undefined;
  /** It could not be done: why, as a sentence. */
  readonly failed?: string | undefined;
}

/** What a person wants done, in a program that has the conversation. */
export type Wish =
  | { readonly what: "enabled"; readonly enabled: boolean }
  | { readonly what: "interval"; readonly intervalMs: number | null }
  | { readonly what: "keep-warm"; readonly keepWarm: string | null }
  | { readonly what: "action"; readonly actionId: string; readonly payload?: unknown }
  | { readonly what: "warm" | "close" | "forget" | "outlook" }
  /** Of no conversation in particular. */
  | { readonly what: "forget-pauses" };

export type Ask = Wish & {
  readonly type: "ask";
  readonly id: number;
  readonly conversationId: string;
};

// One shape for all that can be asked: what an ask lacks is found out where it is carried out.
const asked = z.object({
  type: z.literal("ask"),
  id: z.int(),
  conversationId: z.string(),
  what: z.enum([
    "enabled",
    "interval",
    "keep-warm",
    "action",
    "warm",
    "close",
    "forget",
    "outlook",
    "forget-pauses",
  ]),
  enabled: z.optional(z.boolean()),
  intervalMs: z.optional(z.nullable(z.number())),
  keepWarm: z.optional(z.nullable(z.string())),
  actionId: z.optional(z.string()),
  payload: z.optional(z.unknown()),
});

/** Null for what is no ask: a newer hub may say more. */
export function askIn(line: string): Ask | null {
  const ask = parsedAs(asked, line);
  if (ask === undefined) return null;
  const { type, id, conversationId, what, enabled, intervalMs, keepWarm, actionId, payload } = ask;
  const head = { type, id, conversationId };
  switch (what) {
    case "enabled":
      return enabled === undefined ? null : { ...head, what, enabled };
    case "interval":
      return intervalMs === undefined ? null : { ...head, what, intervalMs };
    case "keep-warm":
      return keepWarm === undefined ? null : { ...head, what, keepWarm };
    case "action":
      return actionId === undefined ? null : { ...head, what, actionId, payload };
    default:
      return { ...head, what };
  }
}

export function lineOf(message: FromProgram | Ask): string {
  return `${JSON.stringify(message)}\n`;
}

/** Splits what arrives into lines. Null once one is too long: whoever sends that is not who it should be. */
export function createLineReader(): (chunk: Uint8Array) => string[] | null {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const bytes = Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    rest = Buffer.from(bytes.subarray(end));
    if (rest.length > MAX_LINE_BYTES) return null;
    return bytes
      .subarray(0, end)
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "");
  };
}

/** Undefined for what is no such message: a newer side may say more. */
export function parsedAs<T>(schema: z.ZodMiniType<T>, line: string): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
