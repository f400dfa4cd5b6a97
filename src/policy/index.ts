/** Whether a warm is worth its price. */
export { adaptive } from "./adaptive.ts";
export { type Caps, capped } from "./caps.ts";
export { CONVERSATION_GAPS_KEY, type KeptGaps, MOST_CONVERSATIONS } from "./conversation-gaps.ts";
export { createDaySpend, type DaySpend } from "./day-spend.ts";
export { leastMarginMs } from "./due.ts";
export { premiumUsd, warmUsd } from "./economics.ts";
export type {
  Activity,
  CachePrice,
  CacheTier,
  Plan,
  Policy,
  PolicyFacts,
  StopKind,
  Verdict,
} from "./facts.ts";
export { STOP_KINDS } from "./facts.ts";
export { type Forecast, forecast } from "./forecast.ts";
export { GapHistory, type GapSummary } from "./gap-history.ts";
export { createHistory, GAPS_KEY, type History, POLICY_NAMESPACE, stopKindOf } from "./history.ts";
export { AUTO, formatKeepWarm, KEEP_WARM_FORMS, type KeepWarm, parseKeepWarm } from "./keep-warm.ts";
export { plan, policyOf } from "./plan.ts";
export {
  createPlanner,
  type IdleSpan,
  type Planner,
  type PlannerOptions,
  type SpanForecast,
} from "./planner.ts";
export { Presence, type Settled } from "./presence.ts";
export { type Prior, SHIPPED_PRIOR } from "./prior.ts";
export { always, breakEven, fixed, until } from "./simple.ts";
export {
  createTierAdviser,
  readPriceOf,
  TIERS_KEY,
  type TierAdviser,
  type TierAdviserOptions,
} from "./tier-adviser.ts";
export {
  firstWriteCosts,
  type SeenSpan,
  spanCosts,
  TIER_OPTIONS,
  type TierCosts,
  type TierOption,
} from "./tier-costs.ts";
export { STRENGTH_TOKENS, type TierAdvice, TierHistory } from "./tier-history.ts";
export { returnUsd } from "./turn-price.ts";
export { howLong, usd } from "./wording.ts";
