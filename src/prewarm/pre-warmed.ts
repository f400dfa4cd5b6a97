/** What became of a pre-warm, as its answer tells. */
import type { SendFailure, WarmAnswer, WarmRefusal } from "../anthropic/index.ts";
import type { Usage } from "../host.ts";
import type { Trigger } from "./entry.ts";
import type { Judgement } from "./judge.ts";

/** What made a pre-warm go out. */
export type Cause = Trigger | "schedule" | "hours" | "asked";

/** What came of an entry. */
export interface PreWarmed {
  readonly name: string;
  readonly cause: Cause;
  /** Epoch ms. */
  readonly at: number;
  /**
   * - `wrote`: it was cold, and is warm now; `read`: it was warm, and lives on; `part`: only its beginning was there
   * - `warm`: it is known to be warm, and nothing was sent
   * - `nothing`: the API cached nothing of it
   * - `refused`: nothing was sent, `why` says why; `failed`: the API or the way there would not
   */
  readonly outcome: "wrote" | "read" | "part" | "warm" | "nothing" | "refused" | "failed";
  /** For people. */
  readonly why: string | null;
  readonly model: string | null;
  readonly usage: Usage | null;
  /** Null: nothing was sent, or no price is known. */
  readonly costUsd: number | null;
  /** Only the most that it can have cost: its answer was not read. */
  readonly isBound: boolean;
  /** Epoch ms at which it lapses; null: not known to be warm. */
  readonly lapsesAt: number | null;
}

/** @param base what is known before it is sent */
export function doneOf(
  base: PreWarmed,
  answer: WarmAnswer | SendFailure | WarmRefusal,
  { facts, mostUsd }: Judgement,
): PreWarmed {
  if (answer.kind === "refused") return { ...base, why: answer.reason };
  if (answer.kind === "failed") {
    const bound = answer.mayBeBilled === true ? { costUsd: mostUsd, isBound: true } : {};
    return { ...base, outcome: "failed", why: answer.error, ...bound };
  }
  const { usage, costUsd, startedAt } = answer;
  const { cacheReadTokens: read, cacheWriteTokens: wrote } = usage;
  const told = { ...base, at: startedAt, usage, costUsd };
  if (read + wrote === 0) {
    const why =
      "The API cached nothing of it: its prefix is shorter than its model caches, or its marker is not where it should be.";
    return { ...told, outcome: "nothing", why };
  }
  const lapsesAt = facts?.ttlMs == null ? null : startedAt + facts.ttlMs;
  return { ...told, outcome: wrote === 0 ? "read" : read === 0 ? "wrote" : "part", lapsesAt };
}

/** Whether another try cannot help. */
export function isFinal(answer: WarmAnswer | SendFailure | WarmRefusal): boolean {
  return answer.kind !== "failed" || answer.permanent || answer.aborted === true;
}
