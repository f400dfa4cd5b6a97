/** What the control API answers. */
import * as z from "zod/mini";
import { FIGURE_NAMES, type FigureName, type Report } from "../../ledger/index.ts";
import { type ConversationView, conversationView } from "./conversation.ts";
import { type GatewayInfo, gatewayInfo } from "./gateway.ts";

export interface StatusAnswer {
  readonly gateway: GatewayInfo;
  readonly conversations: readonly ConversationView[];
}

/** The answer to on, off, interval, keep-warm, action and close. */
export interface ChangeAnswer {
  /** Null: no such conversation is open; the setting is stored for when it comes. */
  readonly conversation: ConversationView | null;
  /** What else the person should know. */
  readonly note: string | null;
}

export type WarmAnswer =
  | { readonly sent: true; readonly conversation: ConversationView | null }
  | { readonly sent: false; readonly why: string; readonly conversation: ConversationView | null };

export type ReportAnswer = Report;

/** The first line of a held run. */
export interface RunAnswer {
  readonly runId: string;
  readonly gatewayUrl: string;
  /** What the command gets for its base URL; names the run, so that its conversations are known. */
  readonly baseUrl: string;
}

export interface ErrorAnswer {
  readonly error: string;
}

export const conversationAnswer = z.looseObject({ conversation: conversationView });

export const statusAnswer = z.looseObject({ gateway: gatewayInfo, conversations: z.array(conversationView) });

export const changeAnswer = z.looseObject({
  conversation: z.nullable(conversationView),
  note: z.nullable(z.string()),
});

export const warmAnswer = z.discriminatedUnion("sent", [
  z.looseObject({ sent: z.literal(true), conversation: z.nullable(conversationView) }),
  z.looseObject({ sent: z.literal(false), why: z.string(), conversation: z.nullable(conversationView) }),
]);

const count = z.number();
/** What a gateway of another version does not count is none. */
const figure = z._default(count, 0);
const amounts = {
  ...(Object.fromEntries(FIGURE_NAMES.map((name) => [name, figure])) as Record<FigureName, typeof figure>),
  coldReasons: z.record(z.string(), count),
  netUsd: count,
  netWeight: count,
};
const name = z.nullable(z.string());

export const reportAnswer = z.looseObject({
  since: name,
  until: z.string(),
  earliest: z._default(name, null),
  total: z.looseObject(amounts),
  days: z.array(z.looseObject({ ...amounts, day: z.string() })),
  conversationsSince: z.string(),
  conversations: z.array(z.looseObject({ ...amounts, conversationId: name })),
  models: z.array(z.looseObject({ ...amounts, model: name })),
  policies: z.array(z.looseObject({ ...amounts, policy: name })),
});

export const runAnswer = z.looseObject({
  runId: z.string(),
  gatewayUrl: z.string(),
  baseUrl: z.string(),
});

export const errorAnswer = z.looseObject({ error: z.string() });
