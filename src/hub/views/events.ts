/**
 * What `GET /v1/events` pushes: server-sent events, each with its type for a name and JSON for data.
 *
 * A listener first hears `snapshot`, then `conversations` until all are told, then `live`: what was known before
 * and has not been told by then is gone. With a `Last-Event-ID` that is still at hand it hears only what it has
 * missed, and no `snapshot`. From then on it hears what changes, the latest of each thing, a moment after it did.
 */
import * as z from "zod/mini";
import { type ConversationView, conversationView } from "./conversation.ts";
import { type GatewayInfo, gatewayInfo, type HealthView, healthView } from "./gateway.ts";
import { type HistoryEntry, historyEntry } from "./history.ts";
import { type TotalsView, totalsView } from "./money.ts";
import { type SettingsAnswer, settingsAnswer } from "./settings.ts";

export interface ConsoleEvents {
  /** Everything begins anew: what is kept of conversations is about to be told again. */
  readonly snapshot: {
    /** The gateway's clock, in epoch ms: countdowns are reckoned by it. */
    readonly now: number;
    readonly gateway: GatewayInfo;
    readonly totals: TotalsView;
    readonly settings: SettingsAnswer;
    readonly health: HealthView;
  };
  /** They are new, or something of them has changed. Some at a time, each whole. */
  readonly conversations: { readonly conversations: readonly ConversationView[] };
  /** The snapshot is complete. */
  readonly live: { readonly now: number };
  readonly gone: { readonly conversationIds: readonly string[] };
  readonly gateway: GatewayInfo;
  readonly totals: TotalsView;
  readonly settings: SettingsAnswer;
  readonly health: HealthView;
  /** New entries, the oldest first. */
  readonly history: {
    readonly entries: readonly { readonly conversationId: string; readonly entry: HistoryEntry }[];
  };
}

export type ConsoleEventName = keyof ConsoleEvents;

/** One event, as a client gets it. */
export type ConsoleEvent = {
  readonly [Name in ConsoleEventName]: {
    readonly type: Name;
    /** To resume from; null in the middle of a snapshot. */
    readonly id: string | null;
    readonly data: ConsoleEvents[Name];
  };
}[ConsoleEventName];

const schemas = {
  snapshot: z.looseObject({
    now: z.number(),
    gateway: gatewayInfo,
    totals: totalsView,
    settings: settingsAnswer,
    health: healthView,
  }),
  conversations: z.looseObject({ conversations: z.array(conversationView) }),
  live: z.looseObject({ now: z.number() }),
  gone: z.looseObject({ conversationIds: z.array(z.string()) }),
  gateway: gatewayInfo,
  totals: totalsView,
  settings: settingsAnswer,
  health: healthView,
  history: z.looseObject({
    entries: z.array(z.looseObject({ conversationId: z.string(), entry: historyEntry })),
  }),
} satisfies { readonly [Name in ConsoleEventName]: z.ZodMiniType<ConsoleEvents[Name]> };

/** An event as it was sent; null where a newer gateway tells of what this one knows nothing. @throws what zod does */
export function eventOf(type: string, id: string | null, data: unknown): ConsoleEvent | null {
  return Object.hasOwn(schemas, type) ? consoleEvent.parse({ type, id, data }) : null;
}

const event = <const Name extends ConsoleEventName>(name: Name) =>
  z.object({ type: z.literal(name), id: z.nullable(z.string()), data: schemas[name] });

const consoleEvent = z.discriminatedUnion("type", [
  event("snapshot"),
  event("conversations"),
  event("live"),
  event("gone"),
  event("gateway"),
  event("totals"),
  event("settings"),
  event("health"),
  event("history"),
]);
