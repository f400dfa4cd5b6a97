import type { CapturedRequest, WarmRequestOptions } from "./captured.ts";
import { billingTerms, costUsd } from "./cost.ts";
import {
  blindFailure,
  httpFailure,
  lapsedFailure,
  networkFailure,
  type SendFailure,
  streamFailure,
} from "./failure.ts";
import { headerValue, type ResponseParts } from "./headers.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { PriceTable } from "./prices.ts";
import { type RateLimit, rateLimitOf } from "./rate-limit.ts";
import type { WarmRefusal } from "./refusal.ts";
import { MessageStreamReader } from "./stream-reader.ts";
import { type MessageUsage, readMessage } from "./usage.ts";
import { toWarmRequest, type WarmRequest } from "./warm-request.ts";
import { type Withhold, withholding } from "./withhold.ts";

/** The part of `fetch` that a warm needs. */
export type Fetch = (url: string, init: RequestInit) => Promise<ResponseParts>;

export interface SendOptions {
  /** @default globalThis.fetch, as it is when the warm goes out */
  readonly fetch?: Fetch;
  /** Calls the warm off. */
  readonly signal?: AbortSignal;
  /** Wall clock, epoch ms. @default Date.now */
  readonly now?: () => number;
  /** How long to wait for the whole answer, in ms. @default 120_000 */
  readonly timeoutMs?: number;
  /** Ms for which the prefix lives: asked before each request, because afterwards one would pay for writing it. */
  readonly lifeLeftMs?: () => number;
  /** Models that reject `max_tokens: 0` are added here; give the same set to `toWarmRequest`. */
  readonly rejectedZero?: Set<string>;
  readonly prices?: PriceTable;
}

/** An answered warm. */
export interface WarmAnswer {
  readonly kind: "warmed";
  readonly usage: MessageUsage;
  readonly outcome: Outcome;
  /** Epoch ms at which the request went out: the TTL counts from here. */
  readonly startedAt: number;
  readonly requestId: string | null;
  /** Why the API thinks the prefix was missed, where the request asked for diagnostics. */
  readonly missReason: string | null;
  readonly stopReason: string | null;
  /** At list price; null when the model has none. */
  readonly costUsd: number | null;
  readonly rateLimit: RateLimit | null;
}

const DEFAULT_TIMEOUT_MS = 120_000;

/** No answer to a warm is longer, in bytes: it holds usage and at most one token. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Sends a warm once and reads what it did. Never throws, never follows a redirect, never logs. */
export async function sendWarm(
  plan: WarmRequest,
  options: SendOptions = {},
): Promise<WarmAnswer | SendFailure> {
  const { signal, now = Date.now, lifeLeftMs = () => Number.POSITIVE_INFINITY } = options;
  const lifeMs = lifeLeftMs();
  if (lifeMs <= 0) return lapsedFailure();
  const timeoutMs = Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, Math.ceil(lifeMs));
  // Given apart from the caller's signal, so that the two can be told apart afterwards.
  const timeout = AbortSignal.timeout(timeoutMs);
  const hangUp = new AbortController();
  const signals = signal === undefined ? [timeout, hangUp.signal] : [signal, timeout, hangUp.signal];
  const send = options.fetch ?? globalThis.fetch;
  const startedAt = now();
  let wasSent = false;
  try {
    if (signal?.aborted === true) return networkFailure(signal.reason, "aborted", wasSent);
    wasSent = true;
    const response = await send(plan.url, {
      method: plan.method,
      headers: plan.headers.map(([name, value]): [string, string] => [name, value]),
      body: plan.body,
      // Not "error": the status tells a person what happened, and neither follows.
      redirect: "manual",
      signal: AbortSignal.any(signals),
    });
    if (response.status !== 200) return await readFailure(plan, response, options);
    return await readAnswer(plan, response, startedAt, options);
  } catch (error) {
    if (signal?.aborted === true) return networkFailure(error, "aborted", wasSent);
    return networkFailure(error, timeout.aborted ? "timeout" : "network", wasSent);
  } finally {
    // Whatever is still open is not wanted any more; after a complete answer this does nothing.
    hangUp.abort();
  }
}

/**
 * Builds the warm of a captured request and sends it; once more, with `max_tokens: 1`, when the API turns out
 * to reject 0 for this model.
 */
export async function warmCaptured(
  captured: CapturedRequest,
  options: WarmRequestOptions & SendOptions = {},
): Promise<WarmAnswer | SendFailure | WarmRefusal> {
  const rejectedZero = options.rejectedZero ?? new Set<string>();
  const first = toWarmRequest(captured, { ...options, rejectedZero });
  if (first.kind === "refused") return first;
  const answer = await sendWarm(first, { ...options, rejectedZero });
  if (answer.kind !== "failed" || answer.zeroRejected !== true) return answer;
  const second = toWarmRequest(captured, { ...options, rejectedZero });
  return second.kind === "refused" ? second : await sendWarm(second, { ...options, rejectedZero });
}

async function readAnswer(
  plan: WarmRequest,
  response: ResponseParts,
  startedAt: number,
  options: SendOptions,
): Promise<WarmAnswer | SendFailure> {
  const isStream = (response.headers.get("content-type") ?? "").includes("text/event-stream");
  const facts = isStream ? await readStream(plan, response) : readMessage(await readText(response));
  if (facts instanceof MessageStreamReader && facts.error !== null) {
    return streamFailure(facts.error, withholdingFor(plan));
  }
  const { usage, missReason, stopReason } = facts;
  const requestId = response.headers.get("request-id");
  if (usage === null) return blindFailure(facts, requestId, withholdingFor(plan));
  return {
    kind: "warmed",
    usage,
    outcome: outcomeOf(usage),
    startedAt,
    requestId,
    missReason,
    stopReason,
    costUsd: costUsd(usage, billingTerms(plan.facts), options.prices),
    rateLimit: rateLimitOf(response.headers),
  };
}

async function readFailure(
  plan: WarmRequest,
  response: ResponseParts,
  options: SendOptions,
): Promise<SendFailure> {
  const body = await readText(response);
  const failure = httpFailure(response, body, {
    nowMs: (options.now ?? Date.now)(),
    maxTokens: plan.maxTokens,
    withhold: withholdingFor(plan),
  });
  if (failure.zeroRejected === true) options.rejectedZero?.add(plan.facts.model);
  return failure;
}

/** To the end, or only to `message_start` where every further token costs. */
async function readStream(plan: WarmRequest, response: ResponseParts): Promise<MessageStreamReader> {
  const reader = new MessageStreamReader();
  for await (const chunk of response.body ?? []) {
    reader.feed(chunk);
    if (reader.error !== null || (plan.mode === "stream-abort" && reader.started)) break;
  }
  return reader;
}

async function readText(response: ResponseParts): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) break;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Credentials count with and without their scheme; longest first, so that none is blanked out only in part. */
function withholdingFor(plan: WarmRequest): Withhold {
  const values = ["authorization", "x-api-key", "cookie"].map(
    (name) => headerValue(plan.headers, name) ?? "",
  );
  const bare = values.map((value) => value.replace(/^\w+\s+/, ""));
  const secrets = [...values, ...bare].filter((value) => value.length >= 8);
  return withholding(
    secrets.toSorted((a, b) => b.length - a.length),
    plan.body,
  );
}
