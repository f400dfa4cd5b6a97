/** Hears what a gateway pushes (`GET /v1/events`), for as long as somebody listens. */
import type { IncomingMessage } from "node:http";
import { createParser } from "eventsource-parser";
import type { ProvenConnection } from "./connection.ts";
import { type ConsoleEvent, eventOf } from "./views/index.ts";

export interface ListenOptions {
  /** Called in the order of events. */
  readonly onEvent: (event: ConsoleEvent) => void;
  /** The last one that was heard, to hear only what was missed since. @default from the beginning */
  readonly lastEventId?: string | null;
  /** How long nothing at all may come before the gateway is taken for gone, in ms. @default 45000 */
  readonly silenceMs?: number;
}

export interface Listening {
  /** Resolves when the gateway has gone, or {@link Listening.close} was called. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Three signs of life. */
const SILENCE_MS = 45_000;

export function listenTo(
  answer: IncomingMessage,
  connection: ProvenConnection,
  { onEvent, silenceMs = SILENCE_MS }: ListenOptions,
): Listening {
  const parser = createParser({
    onEvent({ event, id, data }) {
      const heard = event === undefined ? null : heardAs(event, id ?? null, data);
      if (heard !== null) onEvent(heard);
    },
  });
  answer.setEncoding("utf8");
  answer.on("data", (piece: string) => parser.feed(piece));
  // A gateway that is killed cuts the answer off.
  answer.on("error", () => {});
  answer.setTimeout(silenceMs, () => connection.close());
  const ended = new Promise<void>((resolve) => answer.once("close", resolve));
  return { ended, close: () => connection.close() };
}

/** Null for what is of a version that this client does not know. */
function heardAs(type: string, id: string | null, text: string): ConsoleEvent | null {
  try {
    return eventOf(type, id, JSON.parse(text));
  } catch {
    return null;
  }
}
