/** Conversations in the form that the lab replays: a line of JSON each, in numbers. */
import { createHash } from "node:crypto";
import type { Call, Conversation } from "./conversation.ts";

/** `[t_start, t_end, model, input, cache_write_5m, cache_write_1h, cache_read, output, side, stop, agent_hash, t_first]` */
export type RecordedTuple = readonly [
  number,
  number,
  string,
  number,
  number,
  number,
  number,
  number,
  0 | 1,
  string,
  string,
  number,
];

export interface RecordedLine {
  readonly session: string;
  readonly agent: string;
  readonly user: string;
  readonly calls: readonly RecordedTuple[];
}

/** @param user whose they are, by any name; the lab tells people apart by it, and nobody is to be known by it */
export function recordedLine(
  { agent, session, calls, sideCalls }: Conversation,
  user = "one person",
): RecordedLine {
  const inOrder = [...calls, ...sideCalls].toSorted((a, b) => a.startedAt - b.startedAt);
  return { session: hashed(`${agent}:${session}`), agent, user, calls: inOrder.map(tupleOf) };
}

function tupleOf(call: Call): RecordedTuple {
  return [
    call.startedAt,
    call.endedAt,
    call.model,
    call.uncachedTokens,
    call.write5mTokens,
    call.write1hTokens,
    call.readTokens,
    call.outputTokens,
    call.thread === "" ? 0 : 1,
    call.stop,
    call.thread === "" ? "" : hashed(call.thread),
    call.firstAt,
  ];
}

function hashed(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
