import type {
  Usage as ApiUsage,
  CacheMissReason,
  Message,
  MessageDeltaUsage,
} from "@anthropic-ai/sdk/resources/messages/messages";
import type { Usage } from "../host.ts";
import { openingOf, printOpening } from "./threads.ts";

/** Usage as the Messages API tells it. `inputTokens` is the whole prompt: read + written + uncached. */
export interface MessageUsage extends Usage {
  /** Writes by the TTL of the entry; left out when the response does not split them. */
  readonly cacheWriteSplit?: { readonly ttl5mTokens: number; readonly ttl1hTokens: number };
  readonly serviceTier?: string;
  readonly speed?: string;
  readonly inferenceGeo?: string;
  readonly webSearchRequests?: number;
  /** Each pass of the model, where the response lists them. Their sum can exceed the usage above: see `compacted`. */
  readonly iterations?: readonly UsageIteration[];
  /** The server summarised the conversation on the way, which the top-level counts leave out. */
  readonly compacted?: true;
}

export interface UsageIteration {
  /** Null: the model of the response. */
  readonly model: string | null;
  readonly usage: MessageUsage;
}

/** What a response tells about a turn. */
export interface ResponseFacts {
  readonly usage: MessageUsage | null;
  readonly stopReason: string | null;
  /** Names of the client's tools that it calls, each once. */
  readonly toolNames: readonly string[];
  /** The model that answered. */
  readonly model: string | null;
  readonly messageId: string | null;
  /** `diagnostics.cache_miss_reason.type`, where the request asked for diagnostics. */
  readonly missReason: string | null;
  /** The print of how its text begins (`printOpening`), never the text itself. */
  readonly opening: string | null;
}

/** Usage fields of the beta endpoint that plain responses carry too. */
interface BetaUsageFields {
  readonly iterations?: unknown;
}

/** The fields of an API usage object, none of which can be taken for granted when it comes over a proxy. */
export type LooseUsage = { readonly [Name in keyof (ApiUsage & BetaUsageFields)]?: unknown };

const KNOWN_MISS_REASONS: Readonly<Record<CacheMissReason["type"], true>> = {
  model_changed: true,
  system_changed: true,
  tools_changed: true,
  messages_changed: true,
  previous_message_not_found: true,
  unavailable: true,
};

/** Reads a whole, non-streamed response: its text or its parsed JSON. Never throws. */
export function readMessage(message: unknown): ResponseFacts {
  const record = recordOf(typeof message === "string" ? parsed(message) : message) as {
    readonly [Name in keyof Message]?: unknown;
  };
  return {
    usage: usageOf(record.usage),
    stopReason: textOf(record.stop_reason),
    toolNames: toolNamesOf(record.content),
    model: textOf(record.model),
    messageId: textOf(record.id),
    missReason: missReasonOf(record.diagnostics),
    opening: printOpening(openingOf(record) ?? ""),
  };
}

function toolNamesOf(content: unknown): readonly string[] {
  const names = new Set<string>();
  for (const block of Array.isArray(content) ? content : []) {
    const { type, name } = recordOf(block);
    if (type === "tool_use" && typeof name === "string") names.add(name);
  }
  return [...names];
}

/** Null unless it has at least a count of input tokens. */
export function usageOf(value: unknown): MessageUsage | null {
  const api = recordOf(value) as LooseUsage;
  const uncached = countOf(api.input_tokens);
  const read = countOf(api.cache_read_input_tokens) ?? 0;
  const split = splitOf(api.cache_creation);
  const splitTokens = split === null ? 0 : split.ttl5mTokens + split.ttl1hTokens;
  const write = countOf(api.cache_creation_input_tokens) ?? splitTokens;
  if (uncached === null) return null;
  const iterations = iterationsOf(api.iterations);
  return {
    inputTokens: uncached + read + write,
    outputTokens: countOf(api.output_tokens) ?? 0,
    cacheReadTokens: read,
    cacheWriteTokens: write,
    ...(split === null ? {} : { cacheWriteSplit: completed(split, write) }),
    ...textField("serviceTier", api.service_tier),
    ...textField("speed", api.speed),
    ...textField("inferenceGeo", api.inference_geo),
    ...searchesOf(api.server_tool_use),
    ...iterations,
  };
}

/**
 * Joins the usage of `message_start` with that of a later `message_delta`. Both are cumulative, and proxies
 * are known to send zeros or nulls for what they do not repeat: so the larger count is the true one.
 */
export function laterUsage(start: LooseUsage, delta: unknown): LooseUsage {
  const later = recordOf(delta) as { readonly [Name in keyof MessageDeltaUsage]?: unknown } & BetaUsageFields;
  const larger = (name: keyof MessageDeltaUsage & keyof ApiUsage) => {
    const counts = [countOf(start[name]), countOf(later[name])].filter((count) => count !== null);
    return counts.length === 0 ? null : Math.max(...counts);
  };
  return {
    ...start,
    input_tokens: larger("input_tokens"),
    output_tokens: larger("output_tokens"),
    cache_read_input_tokens: larger("cache_read_input_tokens"),
    cache_creation_input_tokens: larger("cache_creation_input_tokens"),
    server_tool_use: later.server_tool_use ?? start.server_tool_use,
    iterations: later.iterations ?? unlessOutdated(start.iterations),
  };
}

/** A single pass, as it was at the start, says less than the counts since: it had hardly any output yet. */
function unlessOutdated(iterations: unknown): unknown {
  return Array.isArray(iterations) && iterations.length > 1 ? iterations : undefined;
}

/** The reason's type; null when there is none. Unknown types pass, shortened: new ones appear. */
export function missReasonOf(diagnostics: unknown): string | null {
  const type = textOf(recordOf(recordOf(diagnostics).cache_miss_reason).type);
  if (type === null || Object.hasOwn(KNOWN_MISS_REASONS, type)) return type;
  return /^\w{1,60}$/.test(type) ? type : null;
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function countOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function splitOf(value: unknown): { ttl5mTokens: number; ttl1hTokens: number } | null {
  const { ephemeral_5m_input_tokens, ephemeral_1h_input_tokens } = recordOf(value);
  const ttl5mTokens = countOf(ephemeral_5m_input_tokens);
  const ttl1hTokens = countOf(ephemeral_1h_input_tokens);
  if (ttl5mTokens === null && ttl1hTokens === null) return null;
  return { ttl5mTokens: ttl5mTokens ?? 0, ttl1hTokens: ttl1hTokens ?? 0 };
}

/**
 * Makes the split add up to the writes. What `message_start` did not know yet are the breakpoints that the API
 * sets on server tool results, which are always of the 5-minute tier (tool use with prompt caching).
 */
function completed(split: { ttl5mTokens: number; ttl1hTokens: number }, write: number) {
  const ttl1hTokens = Math.min(split.ttl1hTokens, write);
  return { ttl5mTokens: write - ttl1hTokens, ttl1hTokens };
}

function searchesOf(serverToolUse: unknown): { webSearchRequests?: number } {
  const count = countOf(recordOf(serverToolUse).web_search_requests);
  return count === null || count === 0 ? {} : { webSearchRequests: count };
}

function iterationsOf(value: unknown): { iterations?: readonly UsageIteration[]; compacted?: true } {
  if (!Array.isArray(value)) return {};
  const rows = value.map(recordOf);
  const compacted = rows.some(({ type }) => type === "compaction") ? ({ compacted: true } as const) : {};
  // Without a pass of the model itself the list is no replacement for the top-level counts.
  if (!rows.some(({ type }) => type === "message")) return compacted;
  const iterations = rows.flatMap((row) => {
    const usage = usageOf({ ...row, iterations: undefined });
    return usage === null ? [] : [{ model: textOf(row.model), usage }];
  });
  return { iterations, ...compacted };
}

function textField<Name extends string>(name: Name, value: unknown): { readonly [Key in Name]?: string } {
  const text = textOf(value);
  return (text === null ? {} : { [name]: text }) as { readonly [Key in Name]?: string };
}
