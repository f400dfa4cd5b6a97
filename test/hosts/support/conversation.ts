/** What the emulator saw of one conversation. */
import { expect } from "vitest";
import type { RecordedRequest } from "../../../src/emulator/index.ts";

export interface Exchange {
  readonly at: number;
  readonly read: number;
  readonly written: number;
  /** What the exchange before it had left in the cache. */
  readonly prefix: number;
}

/** A warm asks for no more than one token. */
export function isWarm({ maxTokens }: RecordedRequest): boolean {
  return maxTokens !== null && maxTokens <= 1;
}

/** Agents ask a smaller model for a title, and without their tools. */
export function isTitle(request: RecordedRequest): boolean {
  return !isWarm(request) && !hasTools(request);
}

/** The conversation's own requests in order, without warms and titles. */
export function exchanges(requests: readonly RecordedRequest[]): Exchange[] {
  const own = requests.filter((request) => request.usage !== null && !isWarm(request) && !isTitle(request));
  return own.map((request, index) => {
    const before = own[index - 1]?.usage;
    return {
      at: request.at,
      read: request.usage?.cache_read_input_tokens ?? 0,
      written: request.usage?.cache_creation_input_tokens ?? 0,
      prefix: (before?.cache_read_input_tokens ?? 0) + (before?.cache_creation_input_tokens ?? 0),
    };
  });
}

/** Where nothing keeps it warm: what is asked later than its prefix lives is written again. */
export function expectWrittenAgain(
  requests: readonly RecordedRequest[],
  { ttlMs, times }: { readonly ttlMs: number; readonly times: number },
): void {
  expect(requests.filter(isWarm)).toEqual([]);
  const late = exchanges(requests).filter(({ at }, index, all) => at - (all[index - 1]?.at ?? at) > ttlMs);
  // A busy machine may be late elsewhere, too.
  expect(late.length).toBeGreaterThanOrEqual(times);
  for (const { read, written, prefix } of late) {
    expect(read).toBe(0);
    expect(written).toBeGreaterThanOrEqual(prefix);
  }
}

function bodyOf({ body }: RecordedRequest): Record<string, unknown> {
  return JSON.parse(Buffer.from(body).toString());
}

function hasTools(request: RecordedRequest): boolean {
  const { tools } = bodyOf(request);
  return Array.isArray(tools) && tools.length > 0;
}

/** Every warm is the conversation's last request, but for how much it asks for; nothing else is ever warmed. */
export function expectOnlyTheConversationWarmed(requests: readonly RecordedRequest[]): void {
  expect(requests.filter(isWarm)).not.toEqual([]);
  let last: Record<string, unknown> | null = null;
  for (const request of requests) {
    if (request.usage === null || isTitle(request)) continue;
    const { max_tokens, stream, ...rest } = bodyOf(request);
    if (isWarm(request)) expect(rest).toEqual(last);
    else last = rest;
  }
}
