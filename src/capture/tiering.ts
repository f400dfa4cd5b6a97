/** Lets requests leave with other lifetimes than they came with. Apart from the keeper: only who passes them on can. */
import type { EventEmitter } from "eventemitter3";
import type { HostEvents } from "../host.ts";
import { createTierAdviser, type TierAdviser, type TierAdviserOptions } from "../policy/index.ts";
import { createTiers, type Tiers, type TiersOptions } from "./tiers.ts";

export interface TieringContext extends TierAdviserOptions, TiersOptions {
  /** What happens in the conversations that the adviser is to learn from. */
  readonly events: EventEmitter<HostEvents>;
}

export interface Tiering {
  readonly adviser: TierAdviser;
  readonly tiers: Tiers;
}

export function createTiering({ events, storage, prices, now, gaps, ...options }: TieringContext): Tiering {
  const adviser = createTierAdviser({
    now,
    ...(storage === undefined ? {} : { storage }),
    ...(prices === undefined ? {} : { prices }),
    ...(gaps === undefined ? {} : { gaps }),
  });
  const over = ({ conversationId }: { readonly conversationId: string }) => adviser.closed(conversationId);
  events.on("requestAnswered", adviser.requestAnswered);
  events.on("conversationClosed", over);
  events.on("conversationDetached", over);
  return { adviser, tiers: createTiers(options) };
}
