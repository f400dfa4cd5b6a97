/** What a gateway allows its workers: the next warm, and those after it if nobody hears from the gateway. */
import * as z from "zod/mini";

/** Times are epoch ms by the database's clock. */
export interface WarmPlan {
  /** From the start of one warm to the next, in ms. */
  readonly everyMs: number;
  /** No warm goes out after it. */
  readonly until: number;
  /** Warms that are left, the next one included. */
  readonly warms: number;
  /** What they may cost together, in USD; left out: only their number counts. */
  readonly usd?: number;
  /** What all of its owner's warms may cost in 24 hours, in USD. */
  readonly usdPerDay?: number;
}

export const warmPlan = z.object({
  everyMs: z.number().check(z.positive()),
  until: z.number(),
  warms: z.int().check(z.nonnegative()),
  usd: z.optional(z.number()),
  usdPerDay: z.optional(z.number()),
});

/** How long before its lapse a prefix is warmed by a fleet, as a share of its life: 45 s of 300, two minutes of an hour. */
const MARGIN_SHARE = 0.15;
const MOST_MARGIN_MS = 120_000;

/**
 * Earlier than one process would: a worker that dies is noticed after ten seconds, and another has to get there.
 */
export function fleetMarginMs(ttlMs: number): number {
  return Math.min(ttlMs * MARGIN_SHARE, MOST_MARGIN_MS);
}

/** What is left of a plan after a warm. */
export function afterWarm(plan: WarmPlan, costUsd: number | null): WarmPlan {
  const { usd, ...rest } = plan;
  return {
    ...rest,
    warms: plan.warms - 1,
    ...(usd === undefined ? {} : { usd: usd - (costUsd ?? 0) }),
  };
}

/** When the next warm goes out after one that went out at `startedAt`; null: the plan is over. */
export function nextDueAt(
  plan: WarmPlan,
  startedAt: number,
  ttlMs: number,
  costUsd: number | null,
): number | null {
  const dueAt = startedAt + Math.min(plan.everyMs, ttlMs - fleetMarginMs(ttlMs));
  if (plan.warms < 1 || dueAt > plan.until) return null;
  if (plan.usd === undefined) return dueAt;
  // As much again as the last one: more than that is not known. Of one without a price nothing is.
  return costUsd === null || plan.usd < costUsd ? null : dueAt;
}
