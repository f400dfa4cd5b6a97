/** The Messages API: captured request → warm request, usage, cache markers and TTL, prices, sending. */
export type { CapturedRequest, WarmRequestOptions } from "./captured.ts";
export {
  type BillingTerms,
  billingTerms,
  coldCostUsd,
  costUsd,
  ratesFor,
  readCostUsd,
  rewriteCostUsd,
} from "./cost.ts";
export { DEFAULT_MAX_BODY_BYTES, type DecodedBody, decodeBody } from "./encoding.ts";
export { retryAfterOf, type SendFailure } from "./failure.ts";
export {
  type CapturedHeaders,
  type Credential,
  credentialOf,
  type HeaderPairs,
  type HeaderReader,
  headerPairs,
  headerValue,
  isSubscriptionLogin,
  type ResponseParts,
  warmHeaders,
} from "./headers.ts";
export { listPrices } from "./list-prices.ts";
export { type Outcome, outcomeOf } from "./outcome.ts";
export { PriceOverrideError, pricesWith } from "./price-overrides.ts";
export {
  type ModelPrice,
  minimumCacheableTokens,
  type PriceMatch,
  type PriceTable,
  priceOf,
  type Rates,
  SHIPPED_PRICES,
} from "./prices.ts";
export { type RateLimit, type RateLimitBucket, rateLimitOf } from "./rate-limit.ts";
export type { RefusalCode, WarmRefusal } from "./refusal.ts";
export {
  type CacheMarker,
  isProbe,
  type ReadableRequest,
  type RequestFacts,
  type RequestReading,
  readRequest,
  type Thinking,
  TTL_1H_MS,
  TTL_5M_MS,
  type Ttl,
  type TtlOptions,
} from "./request-facts.ts";
export { type Fetch, type SendOptions, sendWarm, type WarmAnswer, warmCaptured } from "./send.ts";
export { MessageStreamReader, type StreamError } from "./stream-reader.ts";
export {
  continues,
  namePrefix,
  OPENING_CHARS,
  type Printed,
  printOpening,
  printThread,
  sharedMessages,
  type ThreadPrint,
} from "./threads.ts";
export { mayChangeTier, type TieredRequest, withTier } from "./tier.ts";
export { type MessageUsage, type ResponseFacts, readMessage, type UsageIteration } from "./usage.ts";
export { refusalOf, toWarmRequest, type WarmRequest } from "./warm-request.ts";
