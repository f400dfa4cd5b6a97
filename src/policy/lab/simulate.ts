/** The rules of the cache, applied to one span: what its warms cost and what they saved. */
import type { Span } from "./recording.ts";
import type { Terms } from "./terms.ts";

export interface Outcome {
  readonly warms: number;
  /** Warms that found the prefix lapsed and wrote it again. */
  readonly late: number;
  /** Whether the return read a prefix that would have lapsed without a warm. */
  readonly rescued: boolean;
  readonly spentUsd: number;
  readonly savedUsd: number;
}

const NOTHING: Outcome = { warms: 0, late: 0, rescued: false, spentUsd: 0, savedUsd: 0 };

/**
 * A lifetime runs from the start of the request that last used the prefix, and a read restarts it. A warm
 * within it pays a read, one after it pays the write anew. Warms at or after the return are not sent.
 *
 * @param warmsAt ms after the start of the span, ascending
 */
export function simulate(span: Span, warmsAt: readonly number[], terms: Terms): Outcome {
  if (warmsAt.length === 0) return NOTHING;
  const prefixUsd = span.call.contextTokens * terms.inputUsd;
  let aliveUntil = terms.ttlMs;
  let warms = 0;
  let late = 0;
  let spentUsd = 0;
  for (const at of warmsAt) {
    if (at >= span.gapMs) break;
    warms += 1;
    const isLate = at > aliveUntil;
    if (isLate) late += 1;
    spentUsd += prefixUsd * (isLate ? terms.write : terms.read);
    aliveUntil = at + terms.ttlMs;
  }
  const rescued = warms > 0 && span.gapMs > terms.ttlMs && span.gapMs <= aliveUntil && span.reusedTokens > 0;
  return { warms, late, rescued, spentUsd, savedUsd: rescued ? rescueUsd(span, terms) : 0 };
}

/** What reading instead of writing saves the return. */
export function rescueUsd(span: Span, terms: Terms): number {
  return span.reusedTokens * (terms.write - terms.read) * terms.inputUsd;
}

/** The input bill of a whole conversation on one tier without any warm, in USD. */
export function neverWarmUsd(spans: readonly Span[], terms: Terms): number {
  const first = spans[0];
  if (first === undefined) return 0;
  return spans.reduce(
    (sum, span) => sum + returnUsd(span, span.gapMs <= terms.ttlMs, terms),
    first.call.contextTokens * terms.write * terms.inputUsd,
  );
}

/** What the call that ends the span pays for its prompt. */
export function returnUsd(span: Span, alive: boolean, terms: Terms): number {
  if (span.next === null) return 0;
  const read = alive ? span.reusedTokens : 0;
  return (read * terms.read + (span.next.contextTokens - read) * terms.write) * terms.inputUsd;
}
