/**
 * Where the documentation leaves a rule open, the emulator has to choose. Every such choice is here
 * (docs/prompt-caching.md § 1c). Where nothing speaks for one reading, the default is the one under which less
 * stays cached, so that a client that keeps its prefix warm here keeps it warm under the kinder one too.
 */
export interface Readings {
  /**
   * What one step of the look-back is. Anthropic's documentation counts content blocks; its claude-api
   * skill says that on the Claude API a run of consecutive `tool_use` blocks is one position, and so is a
   * run of consecutive `tool_result` blocks (rows 1.9, 1.10).
   * @default "blocks"
   */
  readonly lookBackUnit: "blocks" | "tool-runs";
  /**
   * Which entries a read refreshes: only the entry that was hit, or every live entry on the prefix that
   * was read. All that is documented is that cached content is refreshed whenever it is used (row 1.14).
   * @default "hit"
   */
  readonly refreshes: "hit" | "prefix";
  /**
   * For how long a read refreshes an entry that was written under another TTL: its own, or that of the
   * breakpoint it was read through. The skill says that a read refreshes with either TTL (row 1.14).
   * @default "entry"
   */
  readonly refreshTtl: "entry" | "breakpoint";
  /**
   * What a changed set of `anthropic-beta` headers loses. It is documented as prompt-affecting, and not
   * from where on (§ 3).
   * @default "everything"
   */
  readonly betaHeaders: "everything" | "messages" | "nothing";
  /**
   * What a changed thinking configuration or effort loses besides the messages. For the tools and system
   * caches that is model-specific: they go where the configuration is rendered ahead of them (§ 3).
   * @default "by-model"
   */
  readonly thinkingChange: "by-model" | "everything" | "messages";
  /**
   * Milliseconds that an entry outlives its TTL: deletion is prompt, not immediate (row 1.15).
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
