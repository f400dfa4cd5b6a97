/** What the API's rate limits leave, as real traffic was told: warms keep out of its way. */
import type { RateLimit, RateLimitBucket } from "../anthropic/index.ts";
import { elapsedMs, type Instant } from "../pure.ts";

/** Below this share of a limit nothing is warmed. */
const LEAST_SHARE = 0.05;

/** How long a limit counts whose end was not told, in ms: the API's are per minute. */
const ASSUMED_WINDOW_MS = 60_000;

/** Most credentials remembered. */
const MOST_REALMS = 1_000;

export class Headroom {
  readonly #waits = new Map<string, Instant>();

  /** @param realm whose limits they are */
  note(realm: string, limits: RateLimit, { wallMs, monotonicMs }: Instant): void {
    const buckets = Object.values(limits).filter((bucket): bucket is RateLimitBucket => bucket !== undefined);
    const untilMs = Math.max(
      0,
      ...buckets.filter(isTight).map(({ resetAt }) => resetAt ?? wallMs + ASSUMED_WINDOW_MS),
    );
    this.#waits.delete(realm);
    if (untilMs <= wallMs) return;
    // On both clocks: the wall clock may be set meanwhile.
    this.#waits.set(realm, { wallMs: untilMs, monotonicMs: monotonicMs + untilMs - wallMs });
    const [oldest] = this.#waits.keys();
    if (this.#waits.size > MOST_REALMS && oldest !== undefined) this.#waits.delete(oldest);
  }

  /** Ms until there is room for a warm again; zero when there is. */
  waitMs(realm: string, now: Instant): number {
    const until = this.#waits.get(realm);
    return until === undefined ? 0 : Math.max(0, -elapsedMs(until, now));
  }
}

function isTight({ limit, remaining }: RateLimitBucket): boolean {
  return limit !== null && limit > 0 && remaining !== null && remaining < limit * LEAST_SHARE;
}
