/** What the control API tells of a gateway and its conversations. Times are epoch ms. */
import * as z from "zod/mini";
import type { SurfaceSpec } from "../host.ts";
import { FIGURE_NAMES, type FigureName, type Report } from "../ledger/index.ts";

/** A command that `keepwarm run` started and that is still alive. */
export interface RunView {
  readonly runId: string;
  readonly pid: number;
  /** The program's name. Its arguments may hold secrets, and stay where they are. */
  readonly command: string;
  readonly startedAt: number;
}

/** Which lifetime of cache entries would suit the gateway's person. */
export interface TierView {
  /** What `--tier` says; null: requests go as they come. */
  readonly set: string | null;
  /** Of the conversation used last, for which this holds. */
  readonly modelName: string;
  /** `5m alone`, `5m + warms`, `1h alone` or `1h + warms`. */
  readonly cheapest: string;
  /** What each would cost by the person's past, relative to `5m alone`. */
  readonly relativeCost: Readonly<Record<string, number>>;
  /** It rests on the person's own past more than on what suits most people. */
  readonly isOwn: boolean;
}

export interface GatewayInfo {
  readonly version: string;
  readonly pid: number;
  readonly startedAt: number;
  /** Where agents send their requests. */
  readonly gatewayUrl: string;
  /** Where they are passed on to, without credentials. */
  readonly upstream: string;
  /** A conversation of which nothing is stored is switched on by its first turn. */
  readonly enableNew: boolean;
  /** Its settings that are not the defaults, as flags of `keepwarm start`. */
  readonly flags: readonly string[];
  readonly runs: readonly RunView[];
  /** Captured requests held in memory, in bytes, and how many may be. */
  readonly heldBytes: number;
  readonly maxHeldBytes: number;
  readonly warmsInFlight: number;
  /** Turns that have begun, and warms that were sent, since it started. */
  readonly turns: number;
  readonly warms: number;
  /** Null: nothing has passed yet. */
  readonly tier: TierView | null;
}

export interface ConversationView {
  readonly id: string;
  /** Its client named it; otherwise the id is keepwarm's own, and gone with the process. */
  readonly named: boolean;
  readonly modelName: string | null;
  readonly phase: "off" | "generating" | "idle" | "warming" | "lapsed" | "stopped";
  /** Why nothing is being warmed, or what else is to be said of it, as a sentence. */
  readonly why: string | null;
  readonly enabled: boolean;
  readonly intervalMs: number;
  /** The interval is the person's choice; otherwise a known TTL decides. */
  readonly intervalChosen: boolean;
  /** For how long it is kept warm, in the policy's words; null: what holds where nobody chose. */
  readonly keepWarm: string | null;
  /** Share of the last warm's prompt that was read from the cache, 0–100. */
  readonly lastPct: number | null;
  /** Share of the last warm's cached tokens that were read rather than written, 0–100. */
  readonly lastExpectedPct: number | null;
  readonly lastWarmAt: number | null;
  readonly nextWarmAt: number | null;
  readonly lastTurnAt: number | null;
  readonly ttlMs: number | null;
  readonly prefixTokens: number | null;
  readonly surface: SurfaceSpec;
}

export interface StatusAnswer {
  readonly gateway: GatewayInfo;
  readonly conversations: readonly ConversationView[];
}

/** The answer to on, off and interval. */
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

// Loose throughout: a newer gateway may tell more than this client knows.
const when = z.nullable(z.number());

const conversation = z.looseObject({
  id: z.string(),
  named: z.boolean(),
  modelName: z.nullable(z.string()),
  phase: z.enum(["off", "generating", "idle", "warming", "lapsed", "stopped"]),
  why: z.nullable(z.string()),
  enabled: z.boolean(),
  intervalMs: z.number(),
  intervalChosen: z.boolean(),
  keepWarm: z.nullable(z.string()),
  lastPct: z.nullable(z.number()),
  lastExpectedPct: z.nullable(z.number()),
  lastWarmAt: when,
  nextWarmAt: when,
  lastTurnAt: when,
  ttlMs: z.nullable(z.number()),
  prefixTokens: z.nullable(z.number()),
  // Passed on to what renders it, which reads as much of it as it knows.
  surface: z.custom<SurfaceSpec>((value) => typeof value === "object" && value !== null),
});

const run = z.looseObject({
  runId: z.string(),
  pid: z.number(),
  command: z.string(),
  startedAt: z.number(),
});

export const statusAnswer = z.looseObject({
  gateway: z.looseObject({
    version: z.string(),
    pid: z.number(),
    startedAt: z.number(),
    gatewayUrl: z.string(),
    upstream: z.string(),
    enableNew: z.boolean(),
    flags: z.array(z.string()),
    runs: z.array(run),
    heldBytes: z.number(),
    maxHeldBytes: z.number(),
    warmsInFlight: z.number(),
    turns: z.number(),
    warms: z.number(),
    tier: z.nullable(
      z.looseObject({
        set: z.nullable(z.string()),
        modelName: z.string(),
        cheapest: z.string(),
        relativeCost: z.record(z.string(), z.number()),
        isOwn: z.boolean(),
      }),
    ),
  }),
  conversations: z.array(conversation),
});

export const changeAnswer = z.looseObject({
  conversation: z.nullable(conversation),
  note: z.nullable(z.string()),
});

export const warmAnswer = z.discriminatedUnion("sent", [
  z.looseObject({ sent: z.literal(true), conversation: z.nullable(conversation) }),
  z.looseObject({ sent: z.literal(false), why: z.string(), conversation: z.nullable(conversation) }),
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
