/** How a cache is warmed: when, how many keys at once, and what becomes of a key that fails. */
import * as z from "zod/mini";

/**
 * When a cache is warmed:
 *
 * - `eager`: all keys once, at `start()`
 * - `lazy`: each key when it is first asked for
 * - `scheduled`: all keys every `refreshIntervalMs`, or as `cron` says
 * - `adaptive`: every `refreshIntervalMs`, those keys that are asked for often
 */
export const WarmingStrategy = {
  eager: "eager",
  lazy: "lazy",
  scheduled: "scheduled",
  adaptive: "adaptive",
} as const;

export type WarmingStrategy = (typeof WarmingStrategy)[keyof typeof WarmingStrategy];

const atLeastOne = z.int().check(z.minimum(1));
/** What timers can keep: they are 32 bits wide. */
const milliseconds = z.int().check(z.minimum(1), z.maximum(2 ** 31 - 1));

/**
 * The schema of a warmer's configuration, with its defaults.
 *
 * @example WarmingConfig.parse({ strategy: "scheduled", refreshIntervalMs: 60_000 })
 */
export const WarmingConfig = z.strictObject({
  /** @default "lazy" */
  strategy: z._default(z.enum(WarmingStrategy), "lazy"),
  /** Keys that are loaded together, where the loader can. @default 100 */
  batchSize: z._default(atLeastOne, 100),
  /** Loads under way at once, at most. @default 4 */
  maxWorkers: z._default(atLeastOne, 4),
  /** Between two runs of `scheduled` and `adaptive`, in ms. @default 300_000 */
  refreshIntervalMs: z._default(milliseconds, 300_000),
  /** A cron expression, which takes the place of `refreshIntervalMs`. */
  cron: z.optional(z.string().check(z.minLength(1))),
  /** Of the cron expression, such as `Europe/Berlin`. @default the machine's */
  timeZone: z.optional(z.string()),
  /** How long one load may take, in ms. @default 60_000 */
  timeoutMs: z._default(milliseconds, 60_000),
  /** @default true */
  retryOnFailure: z._default(z.boolean(), true),
  /** Tries after the first. @default 3 */
  maxRetries: z._default(z.int().check(z.minimum(0)), 3),
  /** Before the first retry, in ms; twice that before the second, and so on, each up to a half less. @default 1_000 */
  backoffMs: z._default(z.int().check(z.minimum(0)), 1_000),
  /** The longest wait before a retry, unless the other side asked for more, in ms. @default 30_000 */
  maxBackoffMs: z._default(z.int().check(z.minimum(0)), 30_000),
});

/** A whole configuration, as {@link WarmingConfig} makes it. */
export type WarmingConfig = z.output<typeof WarmingConfig>;

/** What a person writes: all of it may be left out. */
export type WarmingOptions = z.input<typeof WarmingConfig>;
