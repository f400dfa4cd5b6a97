/** What happened in a conversation, entry by entry. Times are epoch ms, amounts US dollars at list price. */
import * as z from "zod/mini";
import { RETURNS, type Return } from "../../ledger/index.ts";

/** Token counts of one request, as billed. `inputTokens` is the whole prompt: read + written + uncached. */
export interface UsageView {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

interface Entry {
  /** Counted within the conversation, rising, and never given twice. */
  readonly seq: number;
  /** When it happened: of a turn and a warm, when its request went out. */
  readonly at: number;
}

/** A request of the person's own thread was answered. */
export interface TurnEntry extends Entry {
  readonly kind: "turn";
  readonly modelName: string | null;
  /** Of the entry it left behind, which lapses at `at + ttlMs` unless it is used before; null: not known. */
  readonly ttlMs: number | null;
  /** Null: not known. */
  readonly usage: UsageView | null;
  readonly costUsd: number | null;
  /** How it found the cache; `rescued` is a return that a warm paid off for (docs/ledger.md). */
  readonly found: Return;
  /** What warms before it saved it; 0 unless it was rescued. */
  readonly savedUsd: number;
  /** One that the API documents; null: not told, or another. */
  readonly stopReason: string | null;
}

export interface WarmEntry extends Entry {
  readonly kind: "warm";
  /** `cut-off`: its answer never came, and it is counted at the most that it can have cost. */
  readonly outcome: "hit" | "partial" | "cold" | "cut-off" | "unknown";
  readonly ttlMs: number | null;
  readonly usage: UsageView | null;
  readonly costUsd: number | null;
  /** Which policy decided; null: not told. */
  readonly policy: string | null;
  /** Another program's, which is not on keepwarm's bill. */
  readonly foreign: boolean;
}

/** The prefix lapsed or warming stopped, and why, as a sentence. */
export interface EndEntry extends Entry {
  readonly kind: "lapse" | "stop";
  readonly why: string;
}

/** A request of the person's own thread was not answered: what was cached before it is what it was. */
export interface FailureEntry extends Entry {
  readonly kind: "failure";
  /** As a phrase: `status 400`. */
  readonly why: string;
}

export interface SwitchEntry extends Entry {
  readonly kind: "switch";
  readonly enabled: boolean;
}

export type HistoryEntry = TurnEntry | WarmEntry | EndEntry | FailureEntry | SwitchEntry;

export interface HistoryAnswer {
  readonly conversationId: string;
  /** The oldest first. */
  readonly entries: readonly HistoryEntry[];
  /** There were older ones, which are not kept. */
  readonly truncated: boolean;
}

const usage = z.nullable(
  z.looseObject({
    inputTokens: z.number(),
    outputTokens: z.number(),
    cacheReadTokens: z.number(),
    cacheWriteTokens: z.number(),
  }),
);
const amount = z.nullable(z.number());
const entry = { seq: z.number(), at: z.number() };

export const historyEntry = z.discriminatedUnion("kind", [
  z.looseObject({
    ...entry,
    kind: z.literal("turn"),
    modelName: z.nullable(z.string()),
    ttlMs: amount,
    usage,
    costUsd: amount,
    found: z.enum(RETURNS),
    savedUsd: z.number(),
    stopReason: z.nullable(z.string()),
  }),
  z.looseObject({
    ...entry,
    kind: z.literal("warm"),
    outcome: z.enum(["hit", "partial", "cold", "cut-off", "unknown"]),
    ttlMs: amount,
    usage,
    costUsd: amount,
    policy: z.nullable(z.string()),
    foreign: z.boolean(),
  }),
  z.looseObject({ ...entry, kind: z.enum(["lapse", "stop", "failure"]), why: z.string() }),
  z.looseObject({ ...entry, kind: z.literal("switch"), enabled: z.boolean() }),
]);

export const historyAnswer = z.looseObject({
  conversationId: z.string(),
  entries: z.array(historyEntry),
  truncated: z.boolean(),
});
