/** What is counted, and how counts are added. Every figure is a sum, so that rows can be merged in any order. */
import * as z from "zod/mini";

/**
 * How a request found the cache:
 *
 * - `first`: nothing is known of an earlier request that cached anything
 * - `within`: it came within the TTL and read the prefix
 * - `rescued`: it came after the TTL and read the prefix, because a warm had refreshed it
 * - `lapsed`: it came after the TTL and wrote the prefix again
 * - `replaced`: it goes another way than the request before it (compaction, rewind, another model)
 * - `drifted`: the prefix should have been there, and yet most of it was written: something in it had changed
 * - `survived`: it came after the TTL, no warm covered it, and yet it read the prefix: luck, or another's doing
 * - `unseen`: its usage is not known
 */
export type Return =
  | "first"
  | "within"
  | "rescued"
  | "lapsed"
  | "replaced"
  | "drifted"
  | "survived"
  | "unseen";

/** In the order in which reports tell them. */
export const RETURNS: readonly Return[] = [
  "first",
  "within",
  "rescued",
  "lapsed",
  "replaced",
  "drifted",
  "survived",
  "unseen",
];

export const FIGURE_NAMES = [
  ...RETURNS,
  // Requests of the conversation itself, those of its side threads included.
  "requests",
  "requestsUsd",
  "requestsUnpriced",
  /** How many a subscription paid. */
  "requestsBySubscription",
  "requestsReadTokens",
  "requestsWrittenTokens",
  "requestsUncachedTokens",
  "requestsOutputTokens",
  // Warms.
  "warms",
  "hits",
  "partials",
  "colds",
  "cutOff",
  "spentUsd",
  /** Of `spentUsd`, what was only estimated: the most that warms can have cost whose answer never came. */
  "boundUsd",
  "warmsUnpriced",
  "warmsBySubscription",
  "warmsReadTokens",
  "warmsWrittenTokens",
  "warmsUncachedTokens",
  "warmsOutputTokens",
  // Rescues.
  "savedUsd",
  "rescuesUnpriced",
  "rescuedTokens",
  /** Spent and saved in tokens, each weighed by its price: an uncached token of input weighs 1. */
  "spentWeight",
  "savedWeight",
  // Pre-warms: what they cost and saved is in the sums above.
  "preWarms",
  "preWarmsUsd",
  /** First turns that read what only a pre-warm had kept. */
  "preWarmReads",
  "preWarmsSavedUsd",
  "preWarmedTokens",
] as const;

export type FigureName = (typeof FIGURE_NAMES)[number];

export type Figures = Readonly<Record<FigureName, number>> & {
  /** How many warms found the cache cold, by what the API said why. */
  readonly coldReasons: Readonly<Record<string, number>>;
};

/** More than the API has reasons; whatever is beyond counts as {@link OTHER_REASON}. */
const MOST_REASONS = 16;
const OTHER_REASON = "other";

export const NOTHING: Figures = Object.freeze({
  ...(Object.fromEntries(FIGURE_NAMES.map((name) => [name, 0])) as Record<FigureName, number>),
  coldReasons: Object.freeze({}),
});

export function figures(some: Partial<Figures>): Figures {
  return { ...NOTHING, ...some };
}

export function sum(...all: readonly Figures[]): Figures {
  const total: Record<FigureName, number> & { coldReasons: Record<string, number> } = {
    ...NOTHING,
    coldReasons: {},
  };
  for (const one of all) {
    for (const name of FIGURE_NAMES) total[name] += one[name];
    for (const [reason, count] of Object.entries(one.coldReasons)) {
      const isFull = Object.keys(total.coldReasons).length >= MOST_REASONS;
      const to = Object.hasOwn(total.coldReasons, reason) || !isFull ? reason : OTHER_REASON;
      total.coldReasons[to] =
        (Object.hasOwn(total.coldReasons, to) ? (total.coldReasons[to] ?? 0) : 0) + count;
    }
  }
  return total;
}

/** Figures, and what they come to. */
export interface Amounts extends Figures {
  /** Saved − spent. */
  readonly netUsd: number;
  readonly netWeight: number;
}

export function amountsOf(...all: readonly Figures[]): Amounts {
  const [only = NOTHING] = all;
  const total = all.length === 1 ? only : sum(...all);
  return { ...total, netUsd: netUsd(total), netWeight: total.savedWeight - total.spentWeight };
}

/** Saved − spent, in USD. */
export function netUsd({ savedUsd, spentUsd }: Pick<Figures, "savedUsd" | "spentUsd">): number {
  return savedUsd - spentUsd;
}

/** Without zeros: a row is written with every booking. */
export function packed(some: Figures): Readonly<Record<string, unknown>> {
  const { coldReasons, ...counts } = some;
  const nonZero = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  return Object.keys(coldReasons).length === 0 ? nonZero : { ...nonZero, coldReasons };
}

const storedFigures = z.looseObject({
  coldReasons: z.catch(z.record(z.string(), z.number()), {}),
});

/** Reads tolerantly: what is not a number counts as none. */
export function unpacked(value: unknown): Figures {
  const stored = storedFigures.safeParse(value);
  if (!stored.success) return NOTHING;
  const { coldReasons, ...counts } = stored.data;
  const known = FIGURE_NAMES.map((name): [string, number] => {
    const count = counts[name];
    return [name, typeof count === "number" && Number.isFinite(count) ? count : 0];
  });
  return { ...NOTHING, ...Object.fromEntries(known), coldReasons };
}
