import type { CapturedConversation } from "./captured-conversation.ts";

/** A conversation as far as it has passed by; what is being done with it the warmer tells. */
export interface ConversationSummary {
  readonly id: string;
  readonly named: boolean;
  readonly tag: string | null;
  readonly modelName: string;
  /** Epoch ms at which its last request went out. */
  readonly lastTurnAt: number;
  /** Of its shortest-lived cache entry, in ms; null when it has none, or is not held any more. */
  readonly ttlMs: number | null;
  /** Cached tokens of its last request; null when they are not known, or it is not held any more. */
  readonly prefixTokens: number | null;
  /** Memory that its last request takes, in bytes. */
  readonly heldBytes: number;
  /** Threads beside the main one that were seen lately: titles, sub-agents, forks. */
  readonly sideThreads: number;
}

export function summaryOf(conversation: CapturedConversation): ConversationSummary {
  const { id, named, tag, modelName, lastTurnAt, last, threads } = conversation;
  return {
    id,
    named,
    tag,
    modelName,
    lastTurnAt,
    ttlMs: last?.facts.ttlMs ?? null,
    prefixTokens: last?.usage ? last.usage.cacheReadTokens + last.usage.cacheWriteTokens : null,
    heldBytes: last?.request.bytes ?? 0,
    sideThreads: threads.sides,
  };
}
