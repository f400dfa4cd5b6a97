/** Conversations as the lab's simulator takes them, and as they teach `adaptive` a person's gaps. */
import { GapHistory, Presence, stopKindOf } from "../policy/index.ts";
import { activitiesAt, type RecordedCall, type Recording } from "../policy/lab/index.ts";
import { type Call, type Conversation, promptTokens, type Stop } from "./conversation.ts";
import { ttlOf } from "./pauses.ts";

/** What a warmer would have been told of how a turn ended, from which it makes what the policies know. */
const ENDED: Readonly<Partial<Record<Stop, Parameters<typeof stopKindOf>[0]>>> = {
  e: { stopReason: "end_turn" },
  t: { stopReason: "tool_use" },
  q: { stopReason: "tool_use", asksPerson: true },
  s: { stopReason: "stop_sequence" },
  p: { stopReason: "pause_turn" },
};
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A history this long says no more about today. */
const MOST_DAYS = 3_000;

export function recordingOf({ agent, session, calls, sideCalls }: Conversation): Recording {
  return {
    id: `${agent}:${session}`,
    person: "me",
    calls: calls.map(recordedCall),
    sideCalls: sideCalls.map(recordedCall),
  };
}

function recordedCall(call: Call): RecordedCall {
  const ttlMs = ttlOf(call);
  return {
    startedAt: call.startedAt,
    endedAt: call.endedAt,
    model: call.model,
    contextTokens: promptTokens(call),
    outputTokens: call.outputTokens,
    stop: stopKindOf(ENDED[call.stop] ?? {}),
    ...(ttlMs === null ? {} : { tier: ttlMs === HOUR_MS ? "1h" : "5m" }),
  };
}

/**
 * The person's gaps, as a warmer that had watched these conversations would have counted them.
 *
 * @param now epoch ms
 */
export function gapHistoryOf(recordings: readonly Recording[], now: number): GapHistory {
  const history = new GapHistory();
  const presence = new Presence(history);
  const first = recordings.reduce((least, { calls }) => Math.min(least, calls[0]?.startedAt ?? least), now);
  const days = Math.min(MOST_DAYS, Math.ceil((now - first) / DAY_MS));
  // Conversations end by being looked at once they have been idle for long: every day somebody does.
  const moments = Array.from({ length: days + 1 }, (_, day) => ({
    conversation: "",
    at: now - (days - day) * DAY_MS,
  }));
  activitiesAt(recordings, moments, presence);
  return history;
}
