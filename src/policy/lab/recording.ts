/** A conversation as it once went, in numbers: what the lab and the audit replay. */
import type { CacheTier, StopKind } from "../facts.ts";

/** One model call. Times are epoch ms. */
export interface RecordedCall {
  /** When the request went out: the lifetime of the entry counts from here. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly model: string;
  /** The whole prompt: read, written and uncached tokens. */
  readonly contextTokens: number;
  readonly outputTokens: number;
  readonly stop: StopKind;
  /** The tier it was written with, where it wrote. */
  readonly tier?: CacheTier;
}

export interface Recording {
  readonly id: string;
  /** Whose conversation it is; any text that is the same for the same person. */
  readonly person: string;
  /** Calls of the main thread, in order of their start. */
  readonly calls: readonly RecordedCall[];
  /** Calls of sub-agents, in order of their start. */
  readonly sideCalls: readonly RecordedCall[];
}

/** From the start of one main-thread call to the start of the next. */
export interface Span {
  readonly recording: Recording;
  /** Index of the call it begins with, among the main thread's. */
  readonly index: number;
  readonly call: RecordedCall;
  /** The call that ends it; null for the last one, whose end is not known. */
  readonly next: RecordedCall | null;
  /** Ms from start to start; `Infinity` for the last one. */
  readonly gapMs: number;
  /** Tokens of the prefix that the return can read again; 0 where it does not continue it. */
  readonly reusedTokens: number;
}

/** Under this share of the previous context, the next one is not its continuation: compaction, clear, rewind. */
const CONTINUES_SHARE = 0.6;

/** Tokens of `before`'s prefix that `after` can read. */
export function reusedTokens(before: RecordedCall, after: RecordedCall): number {
  if (before.model !== after.model) return 0;
  if (after.contextTokens < CONTINUES_SHARE * before.contextTokens) return 0;
  return Math.min(before.contextTokens, after.contextTokens);
}

export function spansOf(recording: Recording): Span[] {
  return recording.calls.map((call, index) => {
    const next = recording.calls[index + 1] ?? null;
    return {
      recording,
      index,
      call,
      next,
      gapMs: next === null ? Number.POSITIVE_INFINITY : Math.max(0, next.startedAt - call.startedAt),
      reusedTokens: next === null ? 0 : reusedTokens(call, next),
    };
  });
}
