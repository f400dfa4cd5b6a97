/**
 * Where the documentation leaves a rule open, the emulator has to choose. Every such choice is here, and
 * every default is the reading under which less stays cached: a client that keeps its prefix warm under
 * the strict reading keeps it warm under the kind one too.
 */
export interface Readings {
  /**
   * What one step of the look-back is. The prompt-caching page counts content blocks; Anthropic's
   * claude-api skill says that on the Claude API a run of consecutive `tool_use` blocks is one position,
   * and so is a run of consecutive `tool_result` blocks.
   * @default "blocks"
   */
  readonly lookBackUnit: "blocks" | "tool-runs";
  /**
   * Which entries a read refreshes: only the entry that was hit, or every live entry on the prefix that
   * was read. The page says no more than that "cached content" is refreshed "each time it is used".
   * @default "hit"
   */
  readonly refreshes: "hit" | "prefix";
  /**
   * For how long a read refreshes an entry that was written under another TTL: its own, or that of the
   * breakpoint it was read through. The skill says a read refreshes the timer "on either TTL".
   * @default "entry"
   */
  readonly refreshTtl: "entry" | "breakpoint";
  /**
   * What a changed set of `anthropic-beta` headers loses. Cache diagnostics calls the set
   * prompt-affecting and does not say from where on.
   * @default "everything"
   */
  readonly betaHeaders: "everything" | "messages" | "nothing";
  /**
   * What a changed thinking configuration or effort loses besides the messages. The page calls the tools
   * and system caches "model-specific": they go on models that render the configuration ahead of them.
   * @default "by-model"
   */
  readonly thinkingChange: "by-model" | "everything" | "messages";
  /**
   * Milliseconds that an entry outlives its TTL: deletion is "promptly, though not immediately".
   * @default 0
   */
  readonly lingerMs: number;
}

export const STRICT_READINGS: Readings = {
  lookBackUnit: "blocks",
  refreshes: "hit",
  refreshTtl: "entry",
  betaHeaders: "everything",
  thinkingChange: "by-model",
  lingerMs: 0,
};
