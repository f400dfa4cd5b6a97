/** What pre-warms add to the figures: each a cost, until a first turn has read what one had written or kept. */
import type { CacheWriteSplit, Prices, Usage } from "../host.ts";
import { type Figures, figures } from "./figures.ts";
import type { Booked } from "./ledger.ts";
import { costOf, savingOf } from "./prices.ts";

/**
 * - `sent`: it went out. With `isBound` its answer was not read, and its cost is the most that it can have been.
 * - `read`: a first turn came when nothing but a pre-warm had kept the prefix, and read these tokens of it
 */
export type PreWarmEvent = {
  /** Of its catalogue's entry. */
  readonly name: string;
  readonly modelName: string;
} & (
  | {
      readonly kind: "sent";
      readonly usage?: Usage;
      readonly costUsd: number | null;
      readonly isBound?: boolean;
    }
  | { readonly kind: "read"; readonly usage: Usage; readonly tokens: CacheWriteSplit }
);

/** The policy of what was warmed before anyone asked. */
export const PRE_WARM = "pre-warm";

/** How the catalogue's entries are called among conversations. */
export const PRE_WARM_PREFIX = "keepwarm-pre-warm-";

/** How the ledger books it. */
export function bookPreWarm(
  event: PreWarmEvent,
  prices: Prices | undefined,
  book: (of: Pick<Booked, "conversationId" | "kind" | "model" | "policy">, figures: Figures) => void,
): void {
  const { name, modelName: model } = event;
  const of = { conversationId: PRE_WARM_PREFIX + name, kind: "warm", model, policy: PRE_WARM } as const;
  book(of, preWarmBooking(event, prices));
}

function preWarmBooking(event: PreWarmEvent, prices: Prices | undefined): Figures {
  return event.kind === "sent" ? sentBooking(event, prices) : readBooking(event, prices);
}

function sentBooking(
  { isBound = false, ...event }: Extract<PreWarmEvent, { kind: "sent" }>,
  prices: Prices | undefined,
): Figures {
  const cost = costOf(event, prices);
  const usd = cost?.usd ?? 0;
  return figures({
    preWarms: 1,
    preWarmsUsd: usd,
    spentUsd: usd,
    spentWeight: cost?.weight ?? 0,
    boundUsd: isBound ? usd : 0,
    warmsUnpriced: cost === null ? 1 : 0,
  });
}

function readBooking(
  { tokens, ...event }: Extract<PreWarmEvent, { kind: "read" }>,
  prices: Prices | undefined,
): Figures {
  const saved = savingOf(tokens, event, prices);
  return figures({
    preWarmReads: 1,
    preWarmedTokens: tokens.ttl5mTokens + tokens.ttl1hTokens,
    preWarmsSavedUsd: saved?.usd ?? 0,
    savedUsd: saved?.usd ?? 0,
    savedWeight: saved?.weight ?? 0,
    rescuesUnpriced: saved === null ? 1 : 0,
  });
}
