/** An arm decides when a span is warmed. */
import type { Span } from "./recording.ts";
import type { Terms } from "./terms.ts";

/** How the last span of a conversation, whose end nobody recorded, is counted. */
export type Count =
  /** It never ends, and what is warmed in it is wasted. */
  | "open"
  /** The host reports the conversation closed: nothing is warmed after its last call. */
  | "closed";

/** A span that nobody returns from is looked at for so long, in ms. */
export const HORIZON_MS = 86_400_000;

export interface Arm {
  readonly name: string;
  /** Ms after the start of the span at which it warms, ascending. */
  warmsAt(span: Span, terms: Terms, count: Count): readonly number[];
}

/** Ms after the start of the span at which it is over, or no longer looked at. */
export function endMs(span: Span): number {
  return Math.min(span.gapMs, HORIZON_MS);
}

export function isOver(span: Span, count: Count): boolean {
  return span.next === null && count === "closed";
}
