import type { HeaderReader } from "./headers.ts";

/** One bucket of the API's rate limits. */
export interface RateLimitBucket {
  readonly limit: number | null;
  /** Rounded by the API: tokens to the thousand. */
  readonly remaining: number | null;
  /** Epoch ms at which the bucket is full again. */
  readonly resetAt: number | null;
}

/** What a response tells of the limits. Reads of the cache do not count against them (docs/prompt-caching.md § 7). */
export interface RateLimit {
  readonly requests?: RateLimitBucket;
  readonly tokens?: RateLimitBucket;
  readonly inputTokens?: RateLimitBucket;
  readonly outputTokens?: RateLimitBucket;
}

const buckets = {
  requests: "requests",
  tokens: "tokens",
  inputTokens: "input-tokens",
  outputTokens: "output-tokens",
} as const;

/** From the `anthropic-ratelimit-*` headers; null when there are none. */
export function rateLimitOf(headers: HeaderReader): RateLimit | null {
  const entries = Object.entries(buckets).flatMap(([name, header]) => {
    const bucket = bucketOf(headers, `anthropic-ratelimit-${header}`);
    return bucket === null ? [] : [[name, bucket]];
  });
  return entries.length === 0 ? null : (Object.fromEntries(entries) as RateLimit);
}

function bucketOf(headers: HeaderReader, prefix: string): RateLimitBucket | null {
  const limit = count(headers.get(`${prefix}-limit`));
  const remaining = count(headers.get(`${prefix}-remaining`));
  const reset = Date.parse(headers.get(`${prefix}-reset`) ?? "");
  if (limit === null && remaining === null) return null;
  return { limit, remaining, resetAt: Number.isNaN(reset) ? null : reset };
}

function count(value: string | null): number | null {
  return value !== null && /^\d+$/.test(value) ? Number(value) : null;
}
