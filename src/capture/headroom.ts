/** What the API's rate limits leave, as real traffic was told: warms keep out of its way. */
import type { RateLimit, RateLimitBucket } from "../anthropic/index.ts";

/** Below this share of a limit nothing is warmed. */
const LEAST_SHARE = 0.05;

/** How long a limit counts whose end was not told, in ms: the API's are per minute. */
const ASSUMED_WINDOW_MS = 60_000;

/** Most credentials remembered. */
const MOST_REALMS = 1_000;

export class Headroom {
  readonly #waits = new Map<string, number>();

  /**
   * @param realm whose limits they are
   * @param nowMs epoch ms
   */
  note(realm: string, limits: RateLimit, nowMs: number): void {
    const buckets = Object.values(limits).filter((bucket): bucket is RateLimitBucket => bucket !== undefined);
    const until = Math.max(
      0,
      ...buckets.filter(isTight).map(({ resetAt }) => resetAt ?? nowMs + ASSUMED_WINDOW_MS),
    );
    this.#waits.delete(realm);
    if (until <= nowMs) return;
    this.#waits.set(realm, until);
    const [oldest] = this.#waits.keys();
    if (this.#waits.size > MOST_REALMS && oldest !== undefined) this.#waits.delete(oldest);
  }

  /** Ms until there is room for a warm again; zero when there is. */
  waitMs(realm: string, nowMs: number): number {
    return Math.max(0, (this.#waits.get(realm) ?? 0) - nowMs);
  }
}

function isTight({ limit, remaining }: RateLimitBucket): boolean {
  return limit !== null && limit > 0 && remaining !== null && remaining < limit * LEAST_SHARE;
}
