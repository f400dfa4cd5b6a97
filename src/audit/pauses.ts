/** Pauses between the calls of a thread, and what the cache made of them. */
import { type Call, type Conversation, cachedTokens, promptTokens } from "./conversation.ts";

/** A call, and what came before it in its thread. */
export interface Step {
  readonly call: Call;
  /** Null for the first of the thread. */
  readonly before: Call | null;
  /** From the start of one request to the start of the next, in ms; 0 for the first. */
  readonly gapMs: number;
  /** Whether the gap outlived the entry that the call before had used. */
  readonly outlived: boolean;
  /** Tokens written again because of that. */
  readonly rewrittenTokens: number;
}

const TTL_5M_MS = 300_000;
const TTL_1H_MS = 3_600_000;
/** Under this share of the prompt before, the next one is not its continuation: compaction, clear, rewind. */
const CONTINUES_SHARE = 0.6;

/** The steps of all its threads; within a thread, in order. */
export function* stepsOf({ calls, sideCalls }: Conversation): Generator<Step> {
  yield* stepsOfThread(calls);
  if (sideCalls.length === 0) return;
  for (const thread of Map.groupBy(sideCalls, ({ thread }) => thread).values()) yield* stepsOfThread(thread);
}

function* stepsOfThread(calls: readonly Call[]): Generator<Step> {
  let ttlMs = TTL_5M_MS;
  let before: Call | null = null;
  for (const call of calls) {
    if (before === null) {
      yield { call, before, gapMs: 0, outlived: false, rewrittenTokens: 0 };
    } else {
      ttlMs = ttlOf(before) ?? ttlMs;
      const gapMs = Math.max(0, call.startedAt - before.startedAt);
      const outlived = gapMs > ttlMs;
      yield { call, before, gapMs, outlived, rewrittenTokens: outlived ? rewritten(before, call) : 0 };
    }
    before = call;
  }
}

/** The lifetime of what a call wrote last; null where it wrote nothing. Of two, the shorter is the messages'. */
export function ttlOf({ write5mTokens, write1hTokens }: Call): number | null {
  if (write5mTokens > 0) return TTL_5M_MS;
  return write1hTokens > 0 ? TTL_1H_MS : null;
}

/** Of what could have been read, what was written instead. */
function rewritten(before: Call, call: Call): number {
  if (call.model !== before.model || promptTokens(call) < CONTINUES_SHARE * promptTokens(before)) return 0;
  return Math.max(0, Math.min(cachedTokens(before), cachedTokens(call)) - call.readTokens);
}
