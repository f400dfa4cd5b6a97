/** What one event adds to the figures. */
import type { Prices, RequestAnswered, Usage, WarmCompleted } from "../host.ts";
import { isCold, isPartial } from "../pure.ts";
import { type Figures, figures } from "./figures.ts";
import { costOf, savingOf } from "./prices.ts";
import type { Classified } from "./span.ts";

/** @param found null: of a side thread */
export function requestBooking(
  event: Omit<RequestAnswered, "conversationId">,
  found: Classified | null,
  prices: Prices | undefined,
): Figures {
  const { usage } = event;
  const cost = costOf(event, prices);
  return figures({
    requests: 1,
    requestsUsd: cost?.usd ?? 0,
    requestsUnpriced: cost === null ? 1 : 0,
    requestsBySubscription: event.paidBy === "subscription" ? 1 : 0,
    requestsReadTokens: usage?.cacheReadTokens ?? 0,
    requestsWrittenTokens: usage?.cacheWriteTokens ?? 0,
    requestsUncachedTokens: uncachedOf(usage),
    requestsOutputTokens: usage?.outputTokens ?? 0,
    ...(found === null ? {} : { [found.kind]: 1, ...rescueOf(found, event, prices) }),
  });
}

function rescueOf(
  { rescued }: Classified,
  event: Omit<RequestAnswered, "conversationId">,
  prices: Prices | undefined,
): Partial<Figures> {
  const rescuedTokens = rescued.ttl5mTokens + rescued.ttl1hTokens;
  if (rescuedTokens === 0) return {};
  const saved = savingOf(rescued, event, prices);
  return {
    rescuedTokens,
    savedUsd: saved?.usd ?? 0,
    savedWeight: saved?.weight ?? 0,
    rescuesUnpriced: saved === null ? 1 : 0,
  };
}

/** @param isAborted its usage is the most that it can have been; otherwise `missReason` tells why it was cold */
export function warmBooking(
  event: Omit<WarmCompleted, "conversationId" | "usage"> & { readonly usage?: Usage },
  isAborted: boolean,
  prices: Prices | undefined,
): Figures {
  const { usage } = event;
  const cost = costOf(event, prices);
  return figures({
    warms: 1,
    ...(isAborted ? { cutOff: 1, boundUsd: cost?.usd ?? 0 } : outcomeOf(event)),
    spentUsd: cost?.usd ?? 0,
    spentWeight: cost?.weight ?? 0,
    warmsUnpriced: cost === null ? 1 : 0,
    warmsBySubscription: event.paidBy === "subscription" ? 1 : 0,
    warmsReadTokens: usage?.cacheReadTokens ?? 0,
    warmsWrittenTokens: usage?.cacheWriteTokens ?? 0,
    warmsUncachedTokens: uncachedOf(usage),
    warmsOutputTokens: usage?.outputTokens ?? 0,
  });
}

function outcomeOf({
  usage,
  missReason = "not_told",
}: {
  usage?: Usage;
  missReason?: string;
}): Partial<Figures> {
  if (usage === undefined) return {};
  if (isCold(usage)) return { colds: 1, coldReasons: { [missReason.slice(0, 100)]: 1 } };
  return isPartial(usage) ? { partials: 1 } : { hits: 1 };
}

function uncachedOf(usage: Usage | undefined): number {
  if (usage === undefined) return 0;
  return Math.max(0, usage.inputTokens - usage.cacheReadTokens - usage.cacheWriteTokens);
}
