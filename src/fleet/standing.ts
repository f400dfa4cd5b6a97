/**
 * What workers will do of themselves, as far as a gateway knows: each warm arms the next one, and its gateway comes to the
 * same plan again. That is not written once more where it says the same.
 */
import type { WarmPlan } from "./plan.ts";
import type { Told } from "./results.ts";

/** Times are epoch ms by the database's clock. */
export interface Standing {
  readonly dueAt: number;
  readonly plan: WarmPlan;
  readonly policy: string | undefined;
}

/** What the database has of a conversation. */
export interface Stored {
  readonly version: object;
  readonly revision: string;
  /** What its last warm has planned; null: nothing that is sure. */
  readonly standing: Standing | null;
  /** When its gateway last wrote a plan of it, in epoch ms by the database. */
  readonly writtenAt: number;
}

/** So much of what is planned must be left: a gateway that dies now leaves that behind. */
const LEAST_SHARE = 0.75;

/**
 * Apart by so much of a prefix's life, two moments are the same one: a gateway puts each up to a sixtieth earlier, at
 * random.
 */
const SAME_SHARE = 0.02;

/** So long before it sends a warm, and a little longer, a worker may have claimed it, in ms. */
const CLAIMED_MS = 5_000;

/**
 * What a warm has left to do; null: nothing, or nothing that is sure.
 * @param writtenAt when its gateway last wrote a plan: what was claimed before knows nothing of that
 */
export function standingAfter(told: Told, writtenAt: number): Standing | null {
  if (told.kind !== "warmed" || told.nextAt === null || told.left === undefined) return null;
  if (told.startedAt < writtenAt + CLAIMED_MS) return null;
  // A day's limit may have kept the worker from arming it: the database knows what others have spent.
  if (told.left.usdPerDay !== undefined) return null;
  return { dueAt: told.nextAt, plan: told.left, policy: told.policy };
}

/** Whether it is as good as what is wanted now, and allows nothing that is not wanted. */
export function isAsWanted(standing: Standing, wanted: Standing, ttlMs: number): boolean {
  const sameMs = ttlMs * SAME_SHARE;
  const { plan: has, dueAt } = standing;
  const { plan: wants } = wanted;
  return (
    standing.policy === wanted.policy &&
    Math.abs(dueAt - wanted.dueAt) <= sameMs &&
    has.everyMs === wants.everyMs &&
    has.usdPerDay === wants.usdPerDay &&
    isWithin(has.warms, wants.warms) &&
    isWithin(has.until - dueAt, wants.until - dueAt, sameMs) &&
    (has.usd === undefined || wants.usd === undefined
      ? has.usd === wants.usd
      : isWithin(has.usd, wants.usd, wants.usd * 1e-9))
  );
}

function isWithin(has: number, wants: number, more = 0): boolean {
  return has <= wants + more && has >= wants * LEAST_SHARE;
}
