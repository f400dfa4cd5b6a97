import type { MessageCreateParams } from "@anthropic-ai/sdk/resources/messages/messages";
import { includesText } from "./bytes.ts";
import { type Found, type Member, Shape, type Span, scanJson, WANTED } from "./json-scan.ts";

export const TTL_5M_MS = 300_000;
export const TTL_1H_MS = 3_600_000;

/** Lifetimes of cache entries. Others than the documented ones only where time is scaled (tests, demos). */
export interface TtlOptions {
  /** Of entries marked `5m` or not at all, in ms. @default 300_000 */
  readonly ttl5mMs?: number;
  /** Of entries marked `1h`, in ms. @default 3_600_000 */
  readonly ttl1hMs?: number;
}

export type Ttl = "5m" | "1h";

/** A cache breakpoint. `automatic` is the top-level `cache_control`, which marks the last cacheable block. */
export interface CacheMarker {
  readonly where: "tools" | "system" | "messages" | "automatic";
  readonly ttl: Ttl;
}

export type Thinking =
  | { readonly kind: "none" | "adaptive" | "disabled" }
  | { readonly kind: "enabled"; readonly budgetTokens: number | null }
  | { readonly kind: "other"; readonly type: string };

/** What a Messages request says, as far as warming needs it. Never content. */
export interface RequestFacts {
  /** Empty when the request names none. */
  readonly model: string;
  readonly stream: boolean;
  readonly maxTokens: number | null;
  readonly thinking: Thinking;
  /** `auto` and `none` included; null when absent. */
  readonly toolChoice: string | null;
  readonly structuredOutput: boolean;
  readonly markers: readonly CacheMarker[];
  /** Of the shortest-lived entry of the prefix, which is the first to lapse; null without a marker. */
  readonly ttlMs: number | null;
  readonly mixedTtl: boolean;
  readonly speed: string | null;
  readonly inferenceGeo: string | null;
  readonly serviceTier: string | null;
  /** The server holds the conversation; the body is only its newest part. */
  readonly thread: boolean;
  /** The request asks for a summary of the conversation (`compaction`), and for nothing else. */
  readonly compaction: boolean;
  /** Prompt size above which the server summarises on its own (`compact_20260112`), in tokens; null when it does not. */
  readonly compactAboveTokens: number | null;
  /** The request redeems a `fallback_credit_token`, which works once. */
  readonly redeemsCredit: boolean;
  /** Nothing in the body stands for more than itself: no tools, files, servers, containers or images. */
  readonly plainText: boolean;
  /** `metadata.user_id`, where clients put the id of their session. */
  readonly userId: string | null;
  /** Size of the decoded body, in bytes. */
  readonly bodyBytes: number;
}

/** Where the fields stand that keepwarm edits. */
export interface EditableSpans {
  /** Position right after the outermost `{`. */
  readonly afterOpen: number;
  /** Values of every `max_tokens`. */
  readonly maxTokens: readonly Span[];
  /** Values of every `stream`. */
  readonly stream: readonly Span[];
  /** Values of every `cache_control` where one is a marker. */
  readonly markers: readonly Span[];
}

/** A request that could be read. */
export interface ReadableRequest {
  readonly facts: RequestFacts;
  readonly spans: EditableSpans;
}

export type RequestReading =
  | ({ readonly ok: true } & ReadableRequest)
  | { readonly ok: false /** As a phrase. Never content. */; readonly problem: string };

/** `compact_20260112` without a trigger (SDK types, `BetaCompact20260112Edit`). */
const DEFAULT_COMPACT_TRIGGER_TOKENS = 150_000;

/**
 * Where `cache_control` is a marker: at the top, on tools, and on blocks, which may hold blocks in their
 * `content` or in their source's. Anywhere else, such as in a tool's input or its schema, it is content.
 */
const block = new Shape().member("cache_control", WANTED);
const blocks = new Shape().each(block);
block.member("content", blocks).member("source", new Shape().member("content", blocks));
const request = new Shape()
  .member("cache_control", WANTED)
  .member("tools", new Shape().each(new Shape().member("cache_control", WANTED)))
  .member("system", blocks)
  .member("messages", new Shape().each(new Shape().member("content", blocks)));

const decoder = new TextDecoder();

/** Reads a request body without parsing more of it than the small top-level fields. */
export function readRequest(body: Uint8Array, options: TtlOptions = {}): RequestReading {
  const scan = scanJson(body, request);
  if (!scan.ok) return scan;
  const valuesOf = (key: string): Span[] =>
    scan.members.filter((member) => member.key === key).map(({ value }) => value);
  return {
    ok: true,
    facts: factsOf(body, new Fields(body, scan.members), markersOf(body, scan.members, scan.found), options),
    spans: {
      afterOpen: scan.open + 1,
      maxTokens: valuesOf("max_tokens"),
      stream: valuesOf("stream"),
      markers: scan.found.map(({ value }) => value),
    },
  };
}

/**
 * Whether a request generates nothing to speak of: a warm, a quota probe. Never a conversation's last request.
 * A warm that is streamed and broken off does not show in its body.
 */
export function isProbe(facts: RequestFacts): boolean {
  return facts.maxTokens !== null && facts.maxTokens <= 1;
}

function factsOf(
  body: Uint8Array,
  fields: Fields,
  markers: readonly CacheMarker[],
  options: TtlOptions,
): RequestFacts {
  const outputConfig = fields.object("output_config");
  return {
    model: fields.text("model") ?? "",
    stream: fields.value("stream") === true,
    maxTokens: numberOrNull(fields.value("max_tokens")),
    thinking: thinkingOf(fields.object("thinking")),
    toolChoice: textOrNull(fields.object("tool_choice")?.type),
    structuredOutput: outputConfig?.format != null || fields.isSet("output_format"),
    markers,
    ...ttlOf(markers, options),
    speed: fields.text("speed"),
    inferenceGeo: fields.text("inference_geo"),
    serviceTier: fields.text("service_tier"),
    thread: fields.isSet("thread"),
    compaction: fields.isSet("compaction"),
    compactAboveTokens: compactTriggerOf(fields.object("context_management")),
    redeemsCredit: fields.isSet("fallback_credit_token"),
    plainText: isPlainText(body, fields),
    userId: textOrNull(fields.object("metadata")?.user_id),
    bodyBytes: body.length,
  };
}

/** The top-level fields. Of a key that occurs twice the last one counts, as in every common parser. */
class Fields {
  readonly #body: Uint8Array;
  readonly #spans: ReadonlyMap<string, Span>;

  constructor(body: Uint8Array, members: readonly Member[]) {
    this.#body = body;
    this.#spans = new Map(members.map(({ key, value }) => [key, value]));
  }

  /** Of the small fields only: it parses. */
  value(key: keyof MessageCreateParams | BetaField): unknown {
    const span = this.#spans.get(key);
    return span === undefined ? undefined : parse(this.#body, span);
  }

  text(key: keyof MessageCreateParams | BetaField): string | null {
    return textOrNull(this.value(key));
  }

  object(key: keyof MessageCreateParams | BetaField): Readonly<Record<string, unknown>> | null {
    return recordOrNull(this.value(key));
  }

  /** Present and not null, without parsing. */
  isSet(key: keyof MessageCreateParams | BetaField): boolean {
    const span = this.#spans.get(key);
    return span !== undefined && this.#body[span.start] !== 0x6e;
  }

  /** Present, not null and not an empty array. */
  isFilled(key: keyof MessageCreateParams | BetaField): boolean {
    const span = this.#spans.get(key);
    return span !== undefined && this.isSet(key) && span.end - span.start > 2;
  }
}

/** Fields of the beta endpoint, and retired ones, that decide how a request can be warmed. */
type BetaField =
  | "compaction"
  | "context_management"
  | "fallback_credit_token"
  | "mcp_servers"
  | "output_format"
  | "thread";

function thinkingOf(thinking: Readonly<Record<string, unknown>> | null): Thinking {
  const type = textOrNull(thinking?.type);
  if (type === null) return { kind: "none" };
  if (type === "adaptive" || type === "disabled") return { kind: type };
  if (type === "enabled") return { kind: "enabled", budgetTokens: numberOrNull(thinking?.budget_tokens) };
  return { kind: "other", type };
}

function compactTriggerOf(contextManagement: Readonly<Record<string, unknown>> | null): number | null {
  const edits: readonly unknown[] = Array.isArray(contextManagement?.edits) ? contextManagement.edits : [];
  const compact = edits.map(recordOrNull).find((edit) => textOrNull(edit?.type)?.startsWith("compact_"));
  if (compact == null) return null;
  return numberOrNull(recordOrNull(compact.trigger)?.value) ?? DEFAULT_COMPACT_TRIGGER_TOKENS;
}

/** Tools bring a hidden prompt, files and URLs stand for more than their bytes: then bytes bound no tokens. */
function isPlainText(body: Uint8Array, fields: Fields): boolean {
  const expands = ["tools", "mcp_servers", "container", "output_config", "output_format"] as const;
  if (expands.some((key) => fields.isFilled(key))) return false;
  return !includesText(body, "source");
}

/** In prefix order, whatever the order of the body's keys. */
function markersOf(body: Uint8Array, members: readonly Member[], found: readonly Found[]): CacheMarker[] {
  const lastOfKey = new Map(members.map(({ key }, index) => [key, index]));
  const markers = found.flatMap(({ memberIndex, value }) => {
    const key = members[memberIndex]?.key ?? "";
    if (lastOfKey.get(key) !== memberIndex) return [];
    const control = recordOrNull(parse(body, value));
    if (control === null) return [];
    return [{ where: placeOf(key), ttl: control.ttl === "1h" ? "1h" : "5m" } satisfies CacheMarker];
  });
  return PREFIX_ORDER.flatMap((place) => markers.filter(({ where }) => where === place));
}

const PREFIX_ORDER: readonly CacheMarker["where"][] = ["tools", "system", "messages", "automatic"];

function placeOf(key: string): CacheMarker["where"] {
  return key === "tools" || key === "system" || key === "messages" ? key : "automatic";
}

export function ttlOf(
  markers: readonly CacheMarker[],
  { ttl5mMs = TTL_5M_MS, ttl1hMs = TTL_1H_MS }: TtlOptions,
): Pick<RequestFacts, "ttlMs" | "mixedTtl"> {
  const ttls = markers.map(({ ttl }) => (ttl === "1h" ? ttl1hMs : ttl5mMs));
  return {
    ttlMs: ttls.length === 0 ? null : Math.min(...ttls),
    mixedTtl: new Set(markers.map(({ ttl }) => ttl)).size > 1,
  };
}

/** Undefined when the bytes are no JSON after all, such as a string with a raw line break. */
function parse(body: Uint8Array, span: Span): unknown {
  try {
    return JSON.parse(decoder.decode(body.subarray(span.start, span.end)));
  } catch {
    return undefined;
  }
}

function recordOrNull(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
