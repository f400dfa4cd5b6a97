/** What is expected of a person nobody has seen yet: fitted to many people's gaps, as aggregates. */
import type { StopKind } from "./facts.ts";
import { FEATURES } from "./features.ts";
import shipped from "./prior.json" with { type: "json" };
import type { TierCosts } from "./tier-costs.ts";

export interface Prior {
  /** A digest of the sums of the recordings that it was fitted to, so that the lab knows them again. */
  readonly fittedTo?: string;
  /** Returns by kind of stop and bin of the gap history: only their proportions count. */
  readonly returned: Readonly<Record<StopKind, readonly number[]>>;
  /** Gaps of a person that weigh as much as the prior does. */
  readonly strength: number;
  /** Log-odds that the conversation is over: a constant, and a weight for each of {@link FEATURES}. */
  readonly ended: { readonly constant: number; readonly weights: Readonly<Record<string, number>> };
  /** What each tier costs, relative to 5 minutes without warms, by read price in input tokens. */
  readonly tiers: readonly { readonly read: number; readonly costs: TierCosts }[];
}

export const SHIPPED_PRIOR: Prior = shipped;

/** The weights in the order of {@link FEATURES}; one that a prior does not name weighs nothing. */
export function weightsOf({ ended }: Prior): readonly number[] {
  return FEATURES.map((name) => ended.weights[name] ?? 0);
}
