/** The event stream, read by fetch: an EventSource could not send the token in a header. */
import { createParser } from "eventsource-parser";
import { type ConsoleEvent, eventOf } from "../../../hub/views/index.ts";
import { AskError, reach, UNREADABLE } from "./ask.ts";

export interface Listening {
  readonly token: string;
  /** To go on after it; null: from the beginning. */
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
  /** It is there, and will tell whatever happens from now on. */
  readonly onOpen: () => void;
  /** Those that came in one piece, so that they are shown at once. */
  readonly onEvents: (events: readonly ConsoleEvent[]) => void;
}

/** The gateway gives a sign of life more often than this; else the connection is dead. In ms. */
const SILENCE_MS = 40_000;

/** Resolves when the stream has ended. @throws {AskError} */
export async function listen({ token, lastEventId, signal, onOpen, onEvents }: Listening): Promise<void> {
  const silence = new AbortController();
  const answer = await reach(token, {
    path: "/v1/events",
    signal: AbortSignal.any([signal, silence.signal]),
    ...(lastEventId === null ? {} : { lastEventId }),
  });
  if (!answer.ok || answer.body === null) {
    throw new AskError(answer.status, `The gateway answered ${answer.status}.`);
  }
  onOpen();
  let came: ConsoleEvent[] = [];
  const parser = createParser({
    onEvent({ event, id, data }) {
      const read = readEvent(event, id, data);
      if (read !== null) came.push(read);
    },
  });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let watch = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(() => silence.abort(), SILENCE_MS);
      parser.feed(value);
      if (came.length === 0) continue;
      const events = came;
      came = [];
      onEvents(events);
    }
  } finally {
    clearTimeout(watch);
    silence.abort();
  }
}

/** Null for an event that this page does not know. @throws {AskError} for one that it should know and cannot read */
function readEvent(event: string | undefined, id: string | undefined, data: string): ConsoleEvent | null {
  if (event === undefined) return null;
  try {
    return eventOf(event, id ?? null, JSON.parse(data));
  } catch {
    throw new AskError(200, UNREADABLE);
  }
}
