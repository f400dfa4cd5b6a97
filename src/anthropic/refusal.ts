import type { RequestFacts } from "./request-facts.ts";

/** Why a request cannot be warmed, for code. */
export type RefusalCode =
  | "not-messages"
  | "batches"
  | "unreadable"
  | "malformed"
  | "subscription"
  | "signed"
  | "thread"
  | "compaction"
  | "one-time-credit"
  | "no-marker"
  | "not-cached"
  | "too-short"
  | "budget-thinking"
  | "zero-rejected";

export interface WarmRefusal {
  readonly kind: "refused";
  readonly code: RefusalCode;
  /** For people: what, why, and what they can do. */
  readonly reason: string;
  /** What the request says, when it could be read. */
  readonly facts: RequestFacts | null;
}

export function refuse(code: RefusalCode, reason: string, facts: RequestFacts | null = null): WarmRefusal {
  return { kind: "refused", code, reason, facts };
}
