import type { CapturedRequest, WarmRequestOptions } from "./captured.ts";
import { decodeBody } from "./encoding.ts";
import { type HeaderPairs, hasBeta, headerPairs, headerValue, warmHeaders } from "./headers.ts";
import type { Span } from "./json-scan.ts";
import { budgetMayExceedMaxTokens } from "./models.ts";
import {
  refuse,
  refuseCredential,
  refuseEndpoint,
  refuseKind,
  refusePrefix,
  type WarmRefusal,
} from "./refusal.ts";
import { type EditableSpans, type RequestFacts, readRequest } from "./request-facts.ts";
import { type Replacement, splice } from "./splice.ts";

/** The request that re-reads a prefix. */
export interface WarmRequest {
  readonly kind: "warm";
  /** `stream-abort`: hang up at `message_start`, or the whole answer is generated and billed. */
  readonly mode: "complete" | "stream-abort";
  /** Null: unchanged, with `stream-abort`. */
  readonly maxTokens: 0 | 1 | null;
  readonly url: string;
  readonly method: "POST";
  readonly headers: HeaderPairs;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly facts: RequestFacts;
}

/** Lets the thinking budget exceed `max_tokens` on some models (docs/prompt-caching.md § 4). */
const INTERLEAVED_THINKING = "interleaved-thinking-2025-05-14";

/**
 * Turns a captured request into the one that keeps its prefix warm: the same bytes but for the values of the
 * top-level `max_tokens` and `stream`. What cannot be warmed cheaply and safely is refused with a reason.
 */
export function toWarmRequest(
  captured: CapturedRequest,
  options: WarmRequestOptions = {},
): WarmRequest | WarmRefusal {
  const elsewhere = refuseEndpoint(captured);
  if (elsewhere !== null) return elsewhere;
  const headers = headerPairs(captured.headers);
  const decoded = decodeBody(captured.body, headerValue(headers, "content-encoding"), options.maxBodyBytes);
  if (!decoded.ok) {
    return refuse(
      "unreadable",
      `The request cannot be warmed, because its body cannot be read: ${decoded.problem}.`,
    );
  }
  const reading = readRequest(decoded.bytes, options);
  if (!reading.ok) {
    return refuse(
      "malformed",
      `The request cannot be warmed, because its body is not valid JSON: ${reading.problem}.`,
    );
  }
  const { facts, spans } = reading;
  const edit = refuseFacts(headers, facts, options) ?? chooseEdit(headers, facts, options);
  if (edit.kind === "refused") return edit;
  return {
    kind: "warm",
    mode: edit.mode,
    maxTokens: edit.maxTokens,
    url: captured.url,
    method: "POST",
    headers: warmHeaders(headers),
    body: splice(decoded.bytes, replacementsFor(edit, spans)),
    facts,
  };
}

/** Why a request that has been read already cannot be warmed, or null: as {@link toWarmRequest}, without the body. */
export function refusalOf(
  captured: CapturedRequest,
  facts: RequestFacts,
  options: WarmRequestOptions = {},
): WarmRefusal | null {
  const headers = headerPairs(captured.headers);
  const refusal = refuseEndpoint(captured) ?? refuseFacts(headers, facts, options);
  if (refusal !== null) return refusal;
  const edit = chooseEdit(headers, facts, options);
  return edit.kind === "refused" ? edit : null;
}

function refuseFacts(
  headers: HeaderPairs,
  facts: RequestFacts,
  options: WarmRequestOptions,
): WarmRefusal | null {
  return (
    refuseCredential(headers, facts, options) ?? refuseKind(facts, options) ?? refusePrefix(facts, options)
  );
}

interface Edit {
  readonly kind: "edit";
  readonly mode: WarmRequest["mode"];
  readonly maxTokens: WarmRequest["maxTokens"];
}

function chooseEdit(
  headers: HeaderPairs,
  facts: RequestFacts,
  options: WarmRequestOptions,
): Edit | WarmRefusal {
  if (facts.thinking.kind === "enabled") return chooseBudgetEdit(headers, facts, options);
  const objection = objectionToZero(facts, options.rejectedZero);
  if (options.warmTokens === 0 && objection !== null) {
    return refuse(
      "zero-rejected",
      `The setting warmTokens: 0 cannot be used here, because ${objection}. Leave the setting out, or set it to 1.`,
      facts,
    );
  }
  return { kind: "edit", mode: "complete", maxTokens: options.warmTokens ?? (objection === null ? 0 : 1) };
}

/** What is documented, or was seen, to be answered 400 together with `max_tokens: 0`; null when nothing is. */
function objectionToZero(facts: RequestFacts, rejectedZero: ReadonlySet<string> | undefined): string | null {
  if (facts.structuredOutput) return "the API does not take max_tokens: 0 with structured output";
  if (facts.toolChoice === "any" || facts.toolChoice === "tool") {
    return "the API does not take max_tokens: 0 with a forced tool choice";
  }
  if (rejectedZero?.has(facts.model)) return "this model has rejected max_tokens: 0 before";
  return null;
}

function chooseBudgetEdit(
  headers: HeaderPairs,
  facts: RequestFacts,
  { warmTokens, budgetThinking = "refuse" }: WarmRequestOptions,
): Edit | WarmRefusal {
  const takesOneToken = hasBeta(headers, INTERLEAVED_THINKING) && budgetMayExceedMaxTokens(facts.model);
  if (takesOneToken && warmTokens !== 0) return { kind: "edit", mode: "complete", maxTokens: 1 };
  if (budgetThinking === "stream-abort") return { kind: "edit", mode: "stream-abort", maxTokens: null };
  if (takesOneToken) {
    return refuse(
      "zero-rejected",
      "The setting warmTokens: 0 cannot be used here, because the API does not take max_tokens: 0 with a thinking budget. Leave the setting out, or set it to 1.",
      facts,
    );
  }
  return refuse(
    "budget-thinking",
    "The request has a fixed thinking budget (thinking.type: enabled), which must stay below max_tokens, so no cheap warm exists. Use adaptive thinking or the 1-hour cache tier.",
    facts,
  );
}

function replacementsFor(edit: Edit, spans: EditableSpans): readonly Replacement[] {
  if (edit.mode === "stream-abort") {
    return withValue("stream", "true", spans.stream, { insertAt: spans.afterOpen });
  }
  return [
    ...withValue("max_tokens", String(edit.maxTokens), spans.maxTokens, { insertAt: spans.afterOpen }),
    // Absent means false already.
    ...withValue("stream", "false", spans.stream, { insertAt: null }),
  ];
}

/** Every occurrence gets the value: which of two equal keys counts is the server's secret. */
function withValue(
  key: string,
  json: string,
  spans: readonly Span[],
  { insertAt }: { readonly insertAt: number | null },
): readonly Replacement[] {
  if (spans.length > 0) return spans.map((span) => ({ ...span, bytes: encoder.encode(json) }));
  if (insertAt === null) return [];
  // The object is not empty: it has a model.
  return [{ start: insertAt, end: insertAt, bytes: encoder.encode(`"${key}":${json},`) }];
}

const encoder = new TextEncoder();
