import type { WarmFailure } from "../host.ts";
import type { HeaderReader, ResponseParts } from "./headers.ts";
import { type ResponseFacts, recordOf, textOf } from "./usage.ts";
import type { Withhold } from "./withhold.ts";

/** A warm that was not answered as it should have been. `error` never holds content or credentials. */
export interface SendFailure extends WarmFailure {
  readonly kind: "failed";
  readonly permanent: boolean;
  /** The API's `error.type`, such as `overloaded_error`. */
  readonly errorType?: string;
  readonly requestId?: string;
  /** It was called off, by whoever holds the signal. */
  readonly aborted?: true;
  /** It was sent, and its answer never read to the end: it may have been billed. */
  readonly mayBeBilled?: true;
  /** The API does not take `max_tokens: 0` here: the next warm is to use 1. */
  readonly zeroRejected?: true;
}

interface ErrorDetails {
  readonly type: string | null;
  readonly message: string | null;
  readonly text: string;
}

/** Of an answer whose status is not 200. */
export function httpFailure(
  response: Pick<ResponseParts, "status" | "headers">,
  body: string,
  context: { readonly nowMs: number; readonly maxTokens: 0 | 1 | null; readonly withhold: Withhold },
): SendFailure {
  const details = detailsOf(body);
  const { status } = response;
  const zeroRejected = context.maxTokens === 0 && rejectsZero(status, details);
  const retryAfterMs = retryAfterOf(response.headers, context.nowMs);
  const hasSpendCap = details.text.includes("enforced_spend_limit_reached");
  const requestId = response.headers.get("request-id");
  return {
    kind: "failed",
    error: sentenceOf(status, details, { zeroRejected, hasSpendCap, withhold: context.withhold }),
    permanent: !zeroRejected && (hasSpendCap || isPermanent(status, response.headers.get("x-should-retry"))),
    status,
    ...(details.type === null ? {} : { errorType: context.withhold(details.type) }),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(requestId === null ? {} : { requestId: context.withhold(requestId) }),
    ...(zeroRejected ? { zeroRejected } : {}),
  };
}

/** Of an error the API sent inside a stream, after its 200. */
export function streamFailure(
  error: { readonly type: string; readonly message: string | null },
  withhold: Withhold,
): SendFailure {
  const permanent = ["invalid_request_error", "authentication_error", "permission_error", "billing_error"];
  const text = error.message === null ? "" : `: ${withhold(error.message)}`;
  return {
    kind: "failed",
    error: `The API broke the warm off with ${withhold(error.type)}${text}.`,
    permanent: permanent.includes(error.type),
    errorType: withhold(error.type),
    mayBeBilled: true,
  };
}

/** Errors of a connection that was never made, so that nothing was sent over it. */
const NEVER_SENT =
  /^(E(CONNREFUSED|NOTFOUND|AI_AGAIN|NETUNREACH|HOSTUNREACH|NETDOWN|HOSTDOWN)|UND_ERR_CONNECT_TIMEOUT)$/;

/**
 * Of a request that got no answer, or not all of it. Only the error's code is used: its message may hold the
 * address.
 *
 * @param wasSent as far as we know
 */
export function networkFailure(
  error: unknown,
  cause: "aborted" | "timeout" | "network",
  wasSent: boolean,
): SendFailure {
  const code = textOf(recordOf(recordOf(error).cause).code) ?? textOf(recordOf(error).code);
  const billed = wasSent && !NEVER_SENT.test(code ?? "") ? ({ mayBeBilled: true } as const) : {};
  if (cause === "aborted") {
    return { kind: "failed", error: "The warm was called off.", permanent: false, aborted: true, ...billed };
  }
  if (cause === "timeout") {
    return { kind: "failed", error: "The API did not answer the warm in time.", permanent: false, ...billed };
  }
  const shown = code !== null && /^[A-Z0-9_]{2,40}$/.test(code) ? ` (${code})` : "";
  const sentence = `The warm did not get through to the API${shown}.`;
  return { kind: "failed", error: sentence, permanent: false, ...billed };
}

/** Of a warm that would be sent too late. */
export function lapsedFailure(): SendFailure {
  return {
    kind: "failed",
    error: "The cache entry expired before the warm could be sent.",
    permanent: false,
  };
}

/** Of an answer that says nothing about the cache: going on would be flying blind. */
export function blindFailure(
  facts: ResponseFacts,
  requestId: string | null,
  withhold: Withhold,
): SendFailure {
  const stop = facts.stopReason === null ? "" : ` (stop reason ${withhold(facts.stopReason)})`;
  return {
    kind: "failed",
    error: `The API answered the warm without usage${stop}, so what it did to the cache is not known. Warming stops, since it could cost without helping.`,
    permanent: true,
    status: 200,
    mayBeBilled: true,
    ...(requestId === null ? {} : { requestId: withhold(requestId) }),
  };
}

/** `retry-after-ms`, else `Retry-After` as seconds or date (RFC 9110 § 10.2.3), in ms; null without either. */
export function retryAfterOf(headers: HeaderReader, nowMs: number): number | null {
  const inMs = decimal(headers.get("retry-after-ms"));
  if (inMs !== null) return Math.round(inMs);
  const value = headers.get("retry-after");
  const inSeconds = decimal(value);
  if (inSeconds !== null) return Math.round(inSeconds * 1000);
  // An HTTP date begins with the day of the week; Date.parse alone makes a date of almost anything.
  const date = /^[a-z]{3,9},? /i.test(value ?? "") ? Date.parse(value ?? "") : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function isPermanent(status: number, shouldRetry: string | null): boolean {
  if (shouldRetry === "true") return false;
  if (shouldRetry === "false") return true;
  return !(status === 408 || status === 409 || status === 425 || status === 429 || status >= 500);
}

/**
 * 400 is the API's answer, 422 that of gateways with a schema of their own. A prompt that is too long is told
 * with the same field's name and says nothing about zero.
 */
function rejectsZero(status: number, { message }: ErrorDetails): boolean {
  if ((status !== 400 && status !== 422) || message === null) return false;
  return message.includes("max_tokens") && !/exceed|too long|context/i.test(message);
}

function sentenceOf(
  status: number,
  details: ErrorDetails,
  {
    zeroRejected,
    hasSpendCap,
    withhold,
  }: { zeroRejected: boolean; hasSpendCap: boolean; withhold: Withhold },
): string {
  if (zeroRejected) return "The API does not take max_tokens: 0 for this model; the next warm uses 1.";
  if (hasSpendCap)
    return "The organisation's spend limit is reached (429); warming stops until it is raised.";
  if (status >= 300 && status < 400) {
    return `The warm was answered with a redirect (${status}), which is not followed, so that credentials stay where they were meant to go.`;
  }
  const type = details.type === null ? "" : ` ${withhold(details.type)}`;
  const message = details.message === null ? "" : `: ${withhold(details.message)}`;
  return `The API answered the warm with ${status}${type}${message}${/[.…]$/.test(message) ? "" : "."}`;
}

function detailsOf(body: string): ErrorDetails {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  const error = recordOf(recordOf(parsed).error);
  // Gateways with validation of their own answer `{"detail": …}`.
  const message =
    textOf(error.message) ?? textOf(recordOf(parsed).message) ?? detailText(recordOf(parsed).detail);
  return { type: textOf(error.type), message, text: body };
}

function detailText(detail: unknown): string | null {
  if (typeof detail === "string") return detail;
  return detail === undefined ? null : JSON.stringify(detail);
}

function decimal(value: string | null): number | null {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : null;
}
