/** Why an answer ended, where it is one of the reasons that the Messages API documents (docs/prompt-caching.md). */
const DOCUMENTED: ReadonlySet<string> = new Set([
  "end_turn",
  "max_tokens",
  "model_context_window_exceeded",
  "pause_turn",
  "refusal",
  "stop_sequence",
  "tool_use",
]);

/** Null for anything else: what an upstream writes there may be somebody's text, and is neither kept nor shown. */
export function documentedReason(stopReason: string | undefined): string | null {
  return stopReason !== undefined && DOCUMENTED.has(stopReason) ? stopReason : null;
}
