/** Sets the lifetime that a request asks for at its cache markers, and nothing else of it. */
import { credentialOf, type HeaderPairs, headerValue } from "./headers.ts";
import { Shape, type Span, scanJson } from "./json-scan.ts";
import { parseModelName } from "./models.ts";
import {
  type CacheMarker,
  type ReadableRequest,
  type RequestFacts,
  type Ttl,
  type TtlOptions,
  ttlOf,
} from "./request-facts.ts";
import { type Replacement, splice } from "./splice.ts";

/** A request as it is to be sent. */
export interface TieredRequest {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly facts: RequestFacts;
}

/** Headers that vouch for the very bytes of a body. */
const OF_THE_BYTES = ["content-digest", "content-md5", "digest", "repr-digest"];

/**
 * Whether another lifetime may be set in such a request. Every platform takes both from every Claude model at
 * `/v1/messages`, without a beta header (docs/prompt-caching.md § 1d). Not in what is signed, nor in what the
 * server holds; another company's model may not know `ttl`.
 */
export function mayChangeTier(
  headers: HeaderPairs,
  facts: RequestFacts,
  { allowSubscription = false }: { readonly allowSubscription?: boolean } = {},
): boolean {
  const credential = credentialOf(headers);
  if (credential === "signature" || (credential === "subscription" && !allowSubscription)) return false;
  if (OF_THE_BYTES.some((name) => headerValue(headers, name) !== null)) return false;
  return !facts.thread && parseModelName(facts.model) !== null;
}

/**
 * The request with all of its markers on one tier, so that their order is legal whatever it was. Null where
 * nothing is to be changed: no marker is on another tier, or one is not understood.
 */
export function withTier(
  body: Uint8Array,
  { facts, spans }: ReadableRequest,
  tier: Ttl,
  options: TtlOptions = {},
): TieredRequest | null {
  const replacements: Replacement[] = [];
  for (const span of spans.markers) {
    const edit = editOf(body, span, tier);
    if (edit === null) return null;
    replacements.push(...edit);
  }
  if (replacements.length === 0) return null;
  const edited = splice(body, replacements);
  const markers = facts.markers.map((marker): CacheMarker => ({ ...marker, ttl: tier }));
  return { body: edited, facts: { ...facts, markers, ...ttlOf(markers, options), bodyBytes: edited.length } };
}

/** Null: not a marker that the API would take, so that its no is the client's to read. */
function editOf(body: Uint8Array, { start, end }: Span, tier: Ttl): readonly Replacement[] | null {
  const text = body.subarray(start, end);
  if (jsonOf(text) === null) return [];
  const scan = scanJson(text, new Shape());
  if (!scan.ok) return null;
  const valuesOf = (key: string) => scan.members.filter((member) => member.key === key);
  const types = valuesOf("type").map(({ value }) => jsonOf(text.subarray(value.start, value.end)));
  if (types.length === 0 || types.some((type) => type !== "ephemeral")) return null;
  const ttls = valuesOf("ttl").map(({ value }) => ({
    start: start + value.start,
    end: start + value.end,
    is: jsonOf(text.subarray(value.start, value.end)) ?? "5m",
  }));
  if (ttls.some(({ is }) => is !== "5m" && is !== "1h")) return null;
  if (ttls.length > 0) {
    return ttls.filter(({ is }) => is !== tier).map((span) => ({ ...span, bytes: quoted(tier) }));
  }
  if (tier === "5m") return [];
  const at = start + scan.open + 1;
  // It is not empty: it has a type.
  return [{ start: at, end: at, bytes: encoder.encode(`"ttl":"${tier}",`) }];
}

/** Undefined when the bytes are no JSON after all. */
function jsonOf(text: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(text));
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function quoted(tier: Ttl): Uint8Array {
  return encoder.encode(`"${tier}"`);
}
