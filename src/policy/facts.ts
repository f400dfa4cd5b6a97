/** What a policy is told, and what it answers. No clock, no I/O: `now` is a fact like any other. */
import type { GapSummary } from "./gap-history.ts";

/** What the last answer ended with, as far as it says who is to act next. */
export type StopKind = (typeof STOP_KINDS)[number];
export const STOP_KINDS = ["end_turn", "tool_use", "question", "other"] as const;

export function perStop<Value>(make: (stop: StopKind) => Value): Record<StopKind, Value> {
  return {
    end_turn: make("end_turn"),
    tool_use: make("tool_use"),
    question: make("question"),
    other: make("other"),
  };
}

/** Which lifetime the entry was written with. */
export type CacheTier = "5m" | "1h";

/** List price of the prefix's model. */
export interface CachePrice {
  /** USD of one uncached input token. */
  readonly inputUsd: number;
  /** Price of a read token in input tokens: 0.1, 0.05 or 0.025. */
  readonly read: number;
  /** Price of a written token in input tokens: 1.25 for 5 minutes, 2 for an hour. */
  readonly write: number;
}

/** Everything known at one moment of one idle conversation. Whatever is unknown is left out. */
export interface PolicyFacts {
  /** Epoch ms at which the question is asked. */
  readonly now: number;
  /** Epoch ms at which the last real request went out, or its turn settled where the start is not known. */
  readonly turnStartedAt: number;
  /** Epoch ms at which the last turn settled. @default turnStartedAt */
  readonly settledAt?: number;
  /** Lifetime of the entry in ms, from the start of the last request that used it. */
  readonly ttlMs: number;
  /** Epoch ms at which the next warm has to go out for the prefix to live on. */
  readonly dueAt: number;
  /** From one warm to the one after it, in ms. */
  readonly everyMs: number;
  /**
   * Epoch ms up to which a warm may still be put off after `dueAt`: each second later is a chance that the
   * person comes back before it is paid for. @default dueAt
   */
  readonly latestAt?: number;
  /** Tokens that a warm reads, and that a return after a lapse writes again. */
  readonly prefixTokens: number;
  /** Tokens behind the prefix that every warm sends uncached. @default 0 */
  readonly tailTokens?: number;
  readonly price: CachePrice;
  /** Warms since the last real turn. */
  readonly warms: number;
  /** USD spent on them. */
  readonly spentUsd: number;
  /** USD spent on warms for this person in the last 24 hours, this conversation's included. @default spentUsd */
  readonly spentUsd24h?: number;
  /** @default "other" */
  readonly stop?: StopKind;
  /** What the conversation waits for while its turn is not over. */
  readonly waiting?: "tool" | "permission" | "background" | "none";
  /** Whether a client is known to have the conversation open; false is known to be closed. */
  readonly open?: boolean;
  /** Epoch ms at which the person was last seen at the keyboard, where a host can tell. */
  readonly seenAt?: number;
  /** What the conversation and its person did until now. */
  readonly activity?: Activity;
}

/** What the pause is taken for: while something is pending, it is that of a tool, whatever was said last. */
export function stopOf({
  stop = "other",
  waiting = "none",
}: Pick<PolicyFacts, "stop" | "waiting">): StopKind {
  return waiting === "none" ? stop : "tool_use";
}

/**
 * The last sign of life, in epoch ms: the last request, or the person seen at the keyboard since. A pause that is
 * judged by it is as young as that sign.
 */
export function aliveAt({ now, turnStartedAt, seenAt = turnStartedAt }: PolicyFacts): number {
  return Math.max(turnStartedAt, Math.min(now, seenAt));
}

/** What conversation and person did until now. Own warms are no activity. Whatever is unknown is left out. */
export interface Activity {
  /** The person's past gaps, in all conversations. */
  readonly person?: GapSummary;
  /** The past gaps of this conversation. */
  readonly conversation?: GapSummary;
  /** Tokens by which the prompt grew since the person last spoke. */
  readonly grownTokens?: number;
  /** Other conversations of the person that did anything since the last turn of this one. */
  readonly othersActive?: number;
  /** Those of them that began since. */
  readonly othersBegun?: number;
}

/** Why, for people, and what it is worth. */
export interface Verdict {
  /** A sentence that a surface can show. */
  readonly reason: string;
  /** USD that the plan is expected to save, less what its warms cost; 0 where nothing more is sent. */
  readonly expectedNetUsd: number;
  /** Chance, 0–1, that the person is back before the prefix would lapse after the next warm. */
  readonly pReturn: number;
}

/**
 * What to do: send a warm at `warmAt`, ask again at `askAgainAt` (nothing is sent until then), or stop.
 * Times are epoch ms. A stop is not final: when a fact changes, ask again.
 */
export type Plan = Verdict &
  (
    | { readonly warmAt: number; readonly askAgainAt?: never; readonly stop?: never }
    | { readonly askAgainAt: number; readonly warmAt?: never; readonly stop?: never }
    | { readonly stop: true; readonly warmAt?: never; readonly askAgainAt?: never }
  );

/** Decides by the facts alone: the same facts give the same plan. */
export type Policy = (facts: PolicyFacts) => Plan;
