/** What a library user imports: the SDK host, the plugin, and the parts to build a host from. */
export type {
  CacheMarker,
  CapturedRequest,
  Outcome,
  SendFailure,
  SendOptions,
  WarmRefusal,
  WarmRequest,
  WarmRequestOptions,
} from "./anthropic/index.ts";
export {
  costUsd,
  listPrices,
  type MessageUsage,
  type ModelPrice,
  outcomeOf,
  PriceOverrideError,
  type PriceTable,
  priceOf,
  pricesWith,
  type Rates,
  SHIPPED_PRICES,
  toWarmRequest,
  type WarmAnswer,
  warmCaptured,
} from "./anthropic/index.ts";
export type * from "./host.ts";
export {
  CONVERSATION_HEADER,
  createKeepwarm,
  type Keepwarm,
  type KeepwarmOptions,
} from "./hosts/sdk/index.ts";
export type { Amounts, Booked, Figures, Ledger, Report, Totals } from "./ledger/index.ts";
export { type ActivePlugin, activate, manifest } from "./plugin.ts";
export * from "./pure.ts";
export { createMemoryStorage } from "./storage/index.ts";
export { systemTimers } from "./timers.ts";
export {
  type CacheWarmer,
  type CacheWarmerDeps,
  type ConversationStatus,
  createCacheWarmer,
  type Phase,
  type TimerDeps,
  type WarmNowAnswer,
} from "./warmer.ts";
