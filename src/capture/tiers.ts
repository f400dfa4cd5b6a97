/** Which lifetime a conversation's cache entries are asked for, where somebody told keepwarm to choose it. */
import {
  type CapturedRequest,
  headerPairs,
  type MessageUsage,
  mayChangeTier,
  type ReadableRequest,
  type RequestFacts,
  type TieredRequest,
  TTL_1H_MS,
  TTL_5M_MS,
  type Ttl,
  type TtlOptions,
  withTier,
} from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import { type CapturedConversation, isWrittenAnew, type OpenTurn } from "./captured-conversation.ts";

/** `auto`: what would have cost this person least so far. */
export type TierChoice = Ttl | "auto";

export interface TiersOptions extends TtlOptions {
  /** For a conversation whose prefix is about to be written; null: as its client asks. */
  readonly choose: (conversation: CapturedConversation, facts: RequestFacts) => Ttl | null;
  /** Asked at each use. */
  readonly allowSubscription: () => boolean;
  readonly logger: Logger;
}

/** A request that is sent otherwise than it came. */
export interface Edit extends TieredRequest {
  readonly conversation: CapturedConversation;
  /** As it came; null once it cannot be needed any more. */
  asCame: { readonly captured: CapturedRequest; readonly facts: RequestFacts } | null;
  /** Where it goes, and for which model: what is refused there is not tried again. */
  readonly target: string;
  /** It was refused, and sent as it came. */
  withdrawn: boolean;
}

/** A request that has not left yet. */
export interface Leaving extends Pick<OpenTurn, "print" | "startedAt"> {
  readonly captured: CapturedRequest;
  readonly reading: ReadableRequest;
}

export interface Tiers {
  /** What is to be sent of a request of the person's own thread, just placed; null: what came. */
  edit(conversation: CapturedConversation, leaving: Leaving): Edit | null;
  /** The same of one that repeats its conversation's last request. */
  editRepeated(conversation: CapturedConversation, leaving: Leaving): Edit | null;
  /** The API said 400. True: it is to be sent as it came instead. */
  withdraw(edit: Edit): boolean;
  /** The API took what was sent. */
  taken(edit: Edit): void;
  /** How long the entries live that a request was answered with, as far as its usage shows. */
  lived(edit: Edit, usage: MessageUsage | null): RequestFacts;
}

/** Most targets remembered. */
const MOST_TARGETS = 1_000;

export function createTiers({ choose, allowSubscription, logger, ...options }: TiersOptions): Tiers {
  const { ttl5mMs = TTL_5M_MS, ttl1hMs = TTL_1H_MS } = options;
  /** Whether another tier than the client's was taken there. */
  const targets = new Map<string, "takes" | "refuses">();

  function note(target: string, how: "takes" | "refuses"): void {
    targets.delete(target);
    targets.set(target, how);
    const [oldest] = targets.keys();
    if (targets.size > MOST_TARGETS && oldest !== undefined) targets.delete(oldest);
  }

  function isAllowed({ captured, reading, print }: Leaving): boolean {
    if (targets.get(targetOf(print, reading.facts)) === "refuses") return false;
    return mayChangeTier(headerPairs(captured.headers), reading.facts, {
      ...options,
      allowSubscription: allowSubscription(),
    });
  }

  function editRepeated(conversation: CapturedConversation, leaving: Leaving): Edit | null {
    const { tier } = conversation;
    if (tier === null || !isAllowed(leaving)) return null;
    const { captured, reading, print } = leaving;
    const tiered = withTier(captured.body, reading, tier, options);
    return (
      tiered && {
        ...tiered,
        conversation,
        asCame: { captured, facts: reading.facts },
        target: targetOf(print, reading.facts),
        withdrawn: false,
      }
    );
  }

  return {
    edit(conversation, leaving) {
      // At no other time, so that a change never makes a write of a read.
      if (isWrittenAnew(conversation, leaving))
        conversation.tier = isAllowed(leaving) ? choose(conversation, leaving.reading.facts) : null;
      return editRepeated(conversation, leaving);
    },
    editRepeated,
    withdraw(edit) {
      if (edit.withdrawn || edit.asCame === null || targets.get(edit.target) === "takes") return false;
      edit.withdrawn = true;
      return true;
    },
    taken(edit) {
      edit.asCame = null;
      note(edit.target, edit.withdrawn ? "refuses" : "takes");
      if (edit.withdrawn) {
        logger.warn(
          "keepwarm: the API does not take the cache lifetime of --tier here; requests are sent as they come",
          { model: edit.facts.model },
        );
      }
    },
    lived({ facts, conversation }, usage) {
      if (facts.ttlMs !== ttl1hMs) return facts;
      const split = usage?.cacheWriteSplit;
      if (usage === null || split === undefined || split.ttl1hTokens > 0) return facts;
      // Nothing was written for an hour: so what was read lives as long as it did, and no longer.
      const isKnown = split.ttl5mTokens === 0 && conversation.ttlMs >= ttl1hMs;
      return isKnown ? facts : { ...facts, ttlMs: ttl5mMs };
    },
  };
}

function targetOf({ realm }: OpenTurn["print"], { model }: RequestFacts): string {
  return `${realm} ${model}`;
}
