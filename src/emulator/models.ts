export type ThinkingMode = "adaptive" | "enabled" | "disabled" | "between_tools";

/** What the rules need to know of a model. */
export interface ModelSpec {
  readonly id: string;
  /** Tokens below which a prefix is not cached (docs/prompt-caching.md § 2). */
  readonly minimumTokens: number;
  /** `thinking.type` values it accepts (docs/prompt-caching.md § 5). */
  readonly thinkingModes: readonly ThinkingMode[];
  readonly thinkingWhenOmitted: ThinkingMode;
  /** The effort that leaving `output_config.effort` out stands for. */
  readonly defaultEffort: string;
  /** Whether the `interleaved-thinking-2025-05-14` header lets the budget exceed `max_tokens`. */
  readonly interleavedBeta: boolean;
  /** Whether thinking blocks of earlier turns stay in the prompt once a plain user message follows. */
  readonly keepsThinking: boolean;
  /** Whether the thinking configuration is rendered ahead of tools and system. */
  readonly rendersThinkingFirst: boolean;
  /** Whether `tool_choice` any/tool is accepted. */
  readonly forcedTools: boolean;
  /** Whether cache reads count towards the input-token rate limit (docs/prompt-caching.md § 7, †). */
  readonly readsCountTowardLimit: boolean;
}

type Traits = Omit<ModelSpec, "id" | "minimumTokens">;

/** Opus 4.8 and the 5 family: adaptive thinking only, its configuration rendered first. */
const MODERN: Traits = {
  thinkingModes: ["adaptive", "disabled"],
  thinkingWhenOmitted: "adaptive",
  defaultEffort: "high",
  interleavedBeta: false,
  keepsThinking: true,
  // Measured by Anthropic on Opus 4.8, where an effort change loses the system breakpoint too
  // (docs/prompt-caching.md § 3); taken to hold for what came after it, as the reading that keeps less.
  rendersThinkingFirst: true,
  forcedTools: true,
  readsCountTowardLimit: false,
};

const ALWAYS_THINKING: Traits = { ...MODERN, thinkingModes: ["adaptive"], forcedTools: false };

/** Up to 4.6: manual budgets, thinking off unless asked for. */
const MANUAL: Traits = {
  ...MODERN,
  thinkingModes: ["enabled", "disabled"],
  thinkingWhenOmitted: "disabled",
  keepsThinking: false,
  rendersThinkingFirst: false,
};

const EITHER: Traits = { ...MANUAL, thinkingModes: ["adaptive", "enabled", "disabled"], keepsThinking: true };

const TABLE: Readonly<Record<string, Traits & { readonly minimumTokens: number }>> = {
  // Fable 5.2 and Mythos 5.2 are presumed to share their family's minimum.
  "claude-fable-5-2": { ...ALWAYS_THINKING, minimumTokens: 512 },
  "claude-mythos-5-2": { ...ALWAYS_THINKING, minimumTokens: 512 },
  "claude-fable-5-1": { ...ALWAYS_THINKING, minimumTokens: 512 },
  "claude-mythos-5-1": { ...ALWAYS_THINKING, minimumTokens: 512 },
  "claude-fable-5": { ...MODERN, minimumTokens: 512 },
  "claude-mythos-5": { ...MODERN, minimumTokens: 512 },
  "claude-opus-5-5": { ...ALWAYS_THINKING, defaultEffort: "medium", minimumTokens: 512 },
  "claude-sonnet-5-5": {
    ...ALWAYS_THINKING,
    thinkingModes: ["adaptive", "between_tools"],
    minimumTokens: 512,
  },
  "claude-haiku-5-5": { ...MODERN, defaultEffort: "medium", minimumTokens: 512 },
  "claude-opus-5": { ...MODERN, minimumTokens: 512 },
  "claude-sonnet-5": { ...MODERN, minimumTokens: 1024 },
  "claude-opus-4-8": { ...MODERN, thinkingWhenOmitted: "disabled", minimumTokens: 1024 },
  "claude-opus-4-7": {
    ...MODERN,
    thinkingWhenOmitted: "disabled",
    rendersThinkingFirst: false,
    minimumTokens: 2048,
  },
  "claude-mythos-preview": { ...EITHER, thinkingWhenOmitted: "adaptive", minimumTokens: 2048 },
  "claude-opus-4-6": { ...EITHER, minimumTokens: 4096 },
  "claude-sonnet-4-6": { ...EITHER, interleavedBeta: true, minimumTokens: 1024 },
  "claude-opus-4-5": { ...MANUAL, keepsThinking: true, interleavedBeta: true, minimumTokens: 4096 },
  "claude-sonnet-4-5": { ...MANUAL, interleavedBeta: true, minimumTokens: 1024 },
  "claude-haiku-4-5": { ...MANUAL, minimumTokens: 4096 },
  "claude-opus-4-1": { ...MANUAL, interleavedBeta: true, minimumTokens: 1024 },
  "claude-opus-4-0": { ...MANUAL, interleavedBeta: true, minimumTokens: 1024 },
  "claude-sonnet-4-0": { ...MANUAL, interleavedBeta: true, minimumTokens: 1024 },
  "claude-3-5-haiku": {
    ...MANUAL,
    thinkingModes: ["disabled"],
    readsCountTowardLimit: true,
    minimumTokens: 2048,
  },
};

const ALIASES: Readonly<Record<string, string>> = {
  "claude-opus-4": "claude-opus-4-0",
  "claude-sonnet-4": "claude-sonnet-4-0",
  "claude-haiku-3-5": "claude-3-5-haiku",
};

/** A model that is not in the table may do everything, and caches from the commonest minimum on. */
const UNKNOWN: Omit<ModelSpec, "id"> = {
  ...EITHER,
  thinkingModes: ["adaptive", "enabled", "disabled", "between_tools"],
  minimumTokens: 1024,
};

export const KNOWN_MODELS: readonly string[] = Object.keys(TABLE);

/** The rules of a model, found by its alias, its dated id or its `-latest` name; null when unknown. */
export function knownModel(model: string): ModelSpec | null {
  const bare = model.replace(/\[[^\]]*\]$/, "").replace(/-(?:\d{8}|latest)$/, "");
  const id = ALIASES[bare] ?? bare;
  const traits = Object.hasOwn(TABLE, id) ? TABLE[id] : undefined;
  return traits === undefined ? null : { id, ...traits };
}

export function modelOrDefault(model: string): ModelSpec {
  return knownModel(model) ?? { id: model, ...UNKNOWN };
}
