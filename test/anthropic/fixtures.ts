import { gzipSync } from "node:zlib";
import type { CapturedRequest, Fetch, WarmRequest, WarmRequestOptions } from "../../src/anthropic/index.ts";
import { toWarmRequest } from "../../src/anthropic/index.ts";

export const MESSAGES_URL = "https://api.anthropic.com/v1/messages";
export const KEY = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz";

/** A prefix that was read from the cache. */
export const READ_USAGE = {
  inputTokens: 50_010,
  outputTokens: 20,
  cacheReadTokens: 50_000,
  cacheWriteTokens: 0,
};

export const MARKER = { type: "ephemeral" };

/** A request that can be warmed with 0 tokens; `fields` go over it. */
export function requestBody(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    model: "claude-opus-5-5",
    max_tokens: 32_000,
    stream: true,
    system: [{ type: "text", text: "You are helpful. ".repeat(400), cache_control: MARKER }],
    messages: [{ role: "user", content: "Hello" }],
    ...fields,
  };
}

export function captured(
  body: Record<string, unknown> | string | Uint8Array = requestBody(),
  rest: Partial<CapturedRequest> = {},
): CapturedRequest {
  const bytes =
    body instanceof Uint8Array ? body : bytesOf(typeof body === "string" ? body : JSON.stringify(body));
  const headers = { "x-api-key": KEY, "content-type": "application/json", "anthropic-version": "2023-06-01" };
  return { url: MESSAGES_URL, method: "POST", headers, body: bytes, ...rest };
}

export function gzipped(body: Record<string, unknown>): CapturedRequest {
  const headers = { "x-api-key": KEY, "content-encoding": "gzip" };
  return captured(gzipSync(JSON.stringify(body)), { headers });
}

/** The warm, where the test is not about refusal. */
export function warmOf(request: CapturedRequest, options: WarmRequestOptions = {}): WarmRequest {
  const warm = toWarmRequest(request, options);
  if (warm.kind === "refused") throw new Error(`refused (${warm.code}): ${warm.reason}`);
  return warm;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

export function apiUsage(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    input_tokens: 10,
    output_tokens: 0,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 50_000,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    server_tool_use: null,
    service_tier: "standard",
    inference_geo: "global",
    speed: "standard",
    ...fields,
  };
}

/** What the API answers to a pre-warm. */
export function apiMessage(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-opus-5-5",
    content: [],
    stop_reason: "max_tokens",
    stop_sequence: null,
    usage: apiUsage(),
    ...fields,
  };
}

export function jsonResponse(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), {
    ...init,
    headers: { "content-type": "application/json", ...(init.headers as Record<string, string>) },
  });
}

export function apiError(
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
) {
  return jsonResponse({ type: "error", error: { type, message } }, { status, headers });
}

export function sse(events: readonly Record<string, unknown>[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

/** A fetch that answers from a list and keeps what it was asked. */
export function fakeFetch(...answers: (Response | Error)[]) {
  const calls: { url: string; init: RequestInit }[] = [];
  const fetch: Fetch = async (url, init) => {
    calls.push({ url, init });
    const answer = answers[calls.length - 1];
    if (answer === undefined) throw new Error("no answer left");
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { fetch, calls };
}
