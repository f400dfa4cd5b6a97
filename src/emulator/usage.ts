import type { BetaMessageIterationUsage } from "@anthropic-ai/sdk/resources/beta/messages";
import type { MessageDeltaUsage, Usage } from "@anthropic-ai/sdk/resources/messages";
import type { InputBill } from "./billing.ts";

/** `usage` of a response. A documented example has `iterations` on a plain call (docs/prompt-caching.md § 5). */
export interface EmulatedUsage extends Usage {
  iterations: Omit<BetaMessageIterationUsage, "model">[];
}

export interface UsageFacts {
  readonly bill: InputBill;
  readonly outputTokens: number;
  /** Of the output tokens, those spent thinking. */
  readonly thinkingTokens: number;
  readonly speed: "fast" | "standard";
  readonly inferenceGeo: string;
}

export function usageOf(facts: UsageFacts): EmulatedUsage {
  const { bill, outputTokens } = facts;
  const counters = {
    input_tokens: bill.baseTokens,
    cache_creation_input_tokens: bill.write5mTokens + bill.write1hTokens,
    cache_read_input_tokens: bill.readTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: bill.write5mTokens,
      ephemeral_1h_input_tokens: bill.write1hTokens,
    },
  };
  return {
    ...counters,
    iterations: [{ ...counters, output_tokens: outputTokens, type: "message" }],
    output_tokens: outputTokens,
    output_tokens_details: facts.thinkingTokens === 0 ? null : { thinking_tokens: facts.thinkingTokens },
    service_tier: "standard",
    inference_geo: facts.inferenceGeo,
    server_tool_use: null,
    speed: facts.speed,
  };
}

/** The cumulative counters of `message_delta`, which has neither the TTL split nor the iterations. */
export function deltaUsageOf(usage: EmulatedUsage): MessageDeltaUsage {
  return {
    input_tokens: usage.input_tokens,
    cache_creation_input_tokens: usage.cache_creation_input_tokens,
    cache_read_input_tokens: usage.cache_read_input_tokens,
    output_tokens: usage.output_tokens,
    output_tokens_details: usage.output_tokens_details,
    server_tool_use: usage.server_tool_use,
  };
}
