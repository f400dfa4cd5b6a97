/** Conversations as the readers make them, for tests of what is reckoned from them. */
import type { Call, Conversation } from "../../src/audit/conversation.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** A Monday. */
export const START = Date.parse("2026-01-05T10:00:00.000Z");

/** At so many minutes after {@link START}. */
export function callAt(minutes: number, over: Partial<Call> = {}): Call {
  const startedAt = START + minutes * MINUTE;
  return {
    startedAt,
    firstAt: startedAt + 1_000,
    endedAt: startedAt + 5_000,
    model: "claude-opus-4-5",
    uncachedTokens: 0,
    write5mTokens: 1_000,
    write1hTokens: 0,
    readTokens: 99_000,
    outputTokens: 100,
    stop: "e",
    thread: "",
    ...over,
  };
}

/** Everything written again. */
export const cold: Partial<Call> = { write5mTokens: 101_000, readTokens: 0 };

export function conversation(calls: readonly Call[], over: Partial<Conversation> = {}): Conversation {
  return {
    agent: "claude-code",
    session: "session-id",
    project: "acme-shop",
    calls: calls.filter(({ thread }) => thread === ""),
    sideCalls: calls.filter(({ thread }) => thread !== ""),
    ...over,
  };
}

/** Of a reading that met with nothing. */
export const READING = {
  files: 1,
  bytes: 1,
  brokenLines: 0,
  longLines: 0,
  unreadable: {},
  repeatedCalls: 0,
  byAgent: {},
};

/** The same wherever the tests run. */
export const UTC = {
  dayOf: (at: number) => new Date(at).toISOString().slice(0, 10),
  weekOf(at: number) {
    const day = new Date(at);
    day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
    return day.toISOString().slice(0, 10);
  },
  hourOf: (at: number) => new Date(at).getUTCHours(),
};
