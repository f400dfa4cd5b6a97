import { ApiError, invalid } from "./errors.ts";
import { isObject } from "./json.ts";
import { forcesTool, outputFormat, thinkingBudget, thinkingMode, toolChoice } from "./parameters.ts";
import type { MessagesRequest } from "./request.ts";

/** Least thinking budget, tokens (SDK, `ThinkingConfigEnabled.budget_tokens`). */
const MINIMUM_BUDGET_TOKENS = 1_024;

const INTERLEAVED_THINKING_BETA = "interleaved-thinking-2025-05-14";

/** Request fields that a server-held thread refuses (SDK, `ThreadUnsupportedFeatureName`). */
const THREADLESS_FIELDS = ["context_management", "fallbacks"] as const;

/**
 * The combinations of parameters that the API answers with 400.
 * @throws ApiError
 */
export function validateParameters(request: MessagesRequest): void {
  if (request.maxTokens === 0) refuseOutput(request);
  validateThinking(request);
  if (forcesTool(toolChoice(request)) && !request.spec.forcedTools) {
    throw invalid(`tool_choice: forced tool use is not supported on ${request.model}`);
  }
}

/**
 * A pre-warm generates nothing, so whatever implies output is refused (docs/prompt-caching.md § 4).
 */
function refuseOutput(request: MessagesRequest): void {
  const implied: readonly (readonly [boolean, string])[] = [
    [request.stream, "stream must be false"],
    [thinkingMode(request) === "enabled", "thinking.type must not be 'enabled'"],
    [outputFormat(request) !== null, "output_config.format must not be set"],
    [forcesTool(toolChoice(request)), "tool_choice must not be 'any' or 'tool'"],
    [isObject(request.body.compaction), "compaction must not be set"],
  ];
  for (const [isSet, rule] of implied) {
    if (isSet) throw invalid(`max_tokens: ${rule} when max_tokens is 0`);
  }
}

function validateThinking(request: MessagesRequest): void {
  const mode = thinkingMode(request);
  if (!request.spec.thinkingModes.some((accepted) => accepted === mode)) {
    throw invalid(
      `"thinking.type.${mode}" is not supported for this model. Use "thinking.type.adaptive" and ` +
        '"output_config.effort" to control thinking behavior.',
    );
  }
  if (mode !== "enabled") return;
  const budget = thinkingBudget(request);
  if (budget === null) throw invalid("thinking.enabled.budget_tokens: Field required");
  if (budget < MINIMUM_BUDGET_TOKENS) {
    throw invalid(
      `thinking.enabled.budget_tokens: Input should be greater than or equal to ${MINIMUM_BUDGET_TOKENS}`,
    );
  }
  // Interleaved, the budget is shared by all the thinking of a turn and may exceed one response
  // (docs/prompt-caching.md § 4).
  const interleaved = request.spec.interleavedBeta && request.betas.includes(INTERLEAVED_THINKING_BETA);
  if (budget >= request.maxTokens && !interleaved) {
    throw invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
  }
}

/**
 * A thread holds its conversation itself and has no place for markers.
 * @throws ApiError
 */
export function validateThread(request: MessagesRequest, hasMarkers: boolean): void {
  const unsupported: string[] = THREADLESS_FIELDS.filter((field) => isObject(request.body[field]));
  if (hasMarkers) unsupported.unshift("cache_control");
  if (unsupported.length === 0) return;
  throw new ApiError(400, `thread: not supported together with ${unsupported.join(", ")}`, {
    errorCode: "thread_unsupported_request",
    details: { unsupported },
  });
}
