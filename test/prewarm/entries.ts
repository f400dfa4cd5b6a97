/** Catalogue entries for tests. */
import type { PrefixEntry } from "../../src/prewarm/index.ts";

export const MODEL = "claude-opus-5-5";

export function requestOf(name: string, tokens = 1_000, fields: Record<string, unknown> = {}) {
  const text = `handbook of ${name} `.repeat(tokens).slice(0, tokens * 4);
  return {
    model: MODEL,
    max_tokens: 1,
    system: [{ type: "text", text, cache_control: { type: "ephemeral" } }],
    messages: [{ role: "user", content: "warmup" }],
    ...fields,
  };
}

export function entryOf(
  name: string,
  request: unknown = requestOf(name),
  more: Partial<PrefixEntry> = {},
): PrefixEntry {
  return {
    name,
    body: new TextEncoder().encode(JSON.stringify(request)),
    betas: [],
    tier: null,
    schedule: null,
    triggers: [],
    files: [],
    pinned: false,
    latencyUsd: 0,
    ...more,
  };
}
