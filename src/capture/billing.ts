/** What the ledger is told of requests and warms. */
import {
  billingTerms,
  type CapturedRequest,
  costUsd,
  headerPairs,
  isSubscriptionLogin,
  type PriceTable,
  TTL_1H_MS,
  type TtlOptions,
} from "../anthropic/index.ts";
import type { Payer, RequestAnswered, Usage, WarmAborted } from "../host.ts";
import { asksPerson } from "../pure.ts";
import type { LastRequest } from "./captured-conversation.ts";
import type { Answer } from "./turns.ts";

interface BillingOptions extends TtlOptions {
  readonly prices?: PriceTable;
}

export function answeredRequest(
  { turn, observed, role, replaced }: Answer,
  { ttl1hMs = TTL_1H_MS, prices }: BillingOptions,
): Omit<RequestAnswered, "conversationId"> {
  const { facts, startedAt } = turn;
  const { usage, stopReason, toolNames } = observed;
  return {
    startedAt: startedAt.wallMs,
    modelName: facts.model,
    replaced,
    aside: role === "side",
    ...(facts.ttlMs === null ? {} : { ttlMs: facts.ttlMs }),
    ...(facts.mixedTtl ? { longestTtlMs: ttl1hMs } : {}),
    ...(usage === null ? {} : { usage, costUsd: costUsd(usage, billingTerms(facts), prices) }),
    ...(stopReason === null ? {} : { stopReason }),
    ...(asksPerson(toolNames) ? { asksPerson: true } : {}),
    ...payerOf(turn.request?.unpacked ?? null),
  };
}

/** Who pays, as far as a request tells for certain. */
export function payerOf(request: Pick<CapturedRequest, "headers"> | null): { paidBy?: Payer } {
  return request !== null && isSubscriptionLogin(headerPairs(request.headers))
    ? { paidBy: "subscription" }
    : {};
}

/** The most that a warm of this request can have cost: all of its prefix written anew, and what it may answer. */
export function mostOf(
  { facts, usage }: LastRequest,
  { prices }: BillingOptions,
): Pick<WarmAborted, "usage" | "costUsd"> {
  if (usage === null) return {};
  const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const most: Usage = {
    inputTokens,
    // A warm asks for one token at most, unless a thinking budget makes it hang up instead.
    outputTokens: facts.thinking.kind === "enabled" ? (facts.maxTokens ?? 1) : 1,
    cacheReadTokens: 0,
    cacheWriteTokens: cacheReadTokens + cacheWriteTokens,
  };
  return { usage: most, costUsd: costUsd(most, billingTerms(facts), prices) };
}
