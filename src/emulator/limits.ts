import { ApiError } from "./errors.ts";

/** Rate limits of one model in one workspace. */
export interface RateLimits {
  readonly requestsPerMinute: number;
  /** Input tokens at base price and written to the cache; what is read from it does not count. */
  readonly inputTokensPerMinute: number;
  readonly outputTokensPerMinute: number;
}

/** The Start tier (docs/prompt-caching.md § 7). */
export const START_TIER: RateLimits = {
  requestsPerMinute: 1_000,
  inputTokensPerMinute: 2_000_000,
  outputTokensPerMinute: 400_000,
};

const MINUTE_MS = 60_000;
/** Remaining tokens are reported rounded to the thousand (docs/prompt-caching.md § 7). */
const REPORTED_TOKENS = 1_000;

type Meter = "requests" | "inputTokens" | "outputTokens";

interface Bucket {
  readonly left: Record<Meter, number>;
  filledAt: number;
}

/** Continuously refilling buckets, one set per key (workspace, model, speed). */
export class RateLimiter {
  readonly #capacity: Readonly<Record<Meter, number>>;
  readonly #enforced: boolean;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits, enforced: boolean) {
    this.#capacity = {
      requests: limits.requestsPerMinute,
      inputTokens: limits.inputTokensPerMinute,
      outputTokens: limits.outputTokensPerMinute,
    };
    this.#enforced = enforced;
  }

  /**
   * Counts a request that is about to be answered. A prompt larger than the whole bucket needs a full one.
   * @throws ApiError 429 with `retry-after` when the limits are enforced and used up.
   */
  admit(key: string, inputTokens: number, at: number): void {
    const bucket = this.#bucket(key, at);
    if (this.#enforced) {
      const wait = Math.max(
        this.#waitMs(bucket, "requests", 1),
        this.#waitMs(bucket, "inputTokens", inputTokens),
        this.#waitMs(bucket, "outputTokens", 1),
      );
      if (wait > 0) throw this.#refusal(wait);
    }
    bucket.left.requests = Math.max(0, bucket.left.requests - 1);
    bucket.left.inputTokens = Math.max(0, bucket.left.inputTokens - inputTokens);
  }

  /** Only output that was really generated counts; `max_tokens` does not. */
  spend(key: string, outputTokens: number, at: number): void {
    const bucket = this.#bucket(key, at);
    bucket.left.outputTokens = Math.max(0, bucket.left.outputTokens - outputTokens);
  }

  /** The `anthropic-ratelimit-*` headers; fast mode has limits and headers of its own (§ 7). */
  headers(key: string, speed: "fast" | "standard", at: number): Readonly<Record<string, string>> {
    const bucket = this.#bucket(key, at);
    if (speed === "fast") {
      return {
        ...this.#triple("anthropic-fast-input-tokens", bucket, ["inputTokens"], at),
        ...this.#triple("anthropic-fast-output-tokens", bucket, ["outputTokens"], at),
      };
    }
    return {
      ...this.#triple("anthropic-ratelimit-requests", bucket, ["requests"], at),
      ...this.#triple("anthropic-ratelimit-tokens", bucket, ["inputTokens", "outputTokens"], at),
      ...this.#triple("anthropic-ratelimit-input-tokens", bucket, ["inputTokens"], at),
      ...this.#triple("anthropic-ratelimit-output-tokens", bucket, ["outputTokens"], at),
    };
  }

  #triple(name: string, bucket: Bucket, meters: readonly Meter[], at: number): Record<string, string> {
    const limit = meters.reduce((sum, meter) => sum + this.#capacity[meter], 0);
    const left = meters.reduce((sum, meter) => sum + bucket.left[meter], 0);
    const step = meters.includes("requests") ? 1 : REPORTED_TOKENS;
    const fullInMs = Math.max(...meters.map((meter) => this.#waitMs(bucket, meter, this.#capacity[meter])));
    return {
      [`${name}-limit`]: String(limit),
      [`${name}-remaining`]: String(Math.round(left / step) * step),
      [`${name}-reset`]: new Date(at + fullInMs).toISOString().replace(/\.\d+Z$/, "Z"),
    };
  }

  #bucket(key: string, at: number): Bucket {
    const known = this.#buckets.get(key);
    if (known === undefined) {
      const fresh: Bucket = { left: { ...this.#capacity }, filledAt: at };
      this.#buckets.set(key, fresh);
      return fresh;
    }
    const elapsed = Math.max(0, at - known.filledAt);
    known.filledAt = Math.max(known.filledAt, at);
    for (const meter of ["requests", "inputTokens", "outputTokens"] as const) {
      const refilled = known.left[meter] + (elapsed / MINUTE_MS) * this.#capacity[meter];
      known.left[meter] = Math.min(this.#capacity[meter], refilled);
    }
    return known;
  }

  #waitMs(bucket: Bucket, meter: Meter, wanted: number): number {
    const missing = Math.min(wanted, this.#capacity[meter]) - bucket.left[meter];
    return missing <= 0 ? 0 : (missing / this.#capacity[meter]) * MINUTE_MS;
  }

  #refusal(waitMs: number): ApiError {
    return new ApiError(429, "This request would exceed your rate limit. Please try again later.", {
      headers: { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))) },
    });
  }
}
