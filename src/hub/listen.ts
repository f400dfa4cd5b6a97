/** A gateway's events, one after the other, for whoever waits for the next. */

import { text } from "node:stream/consumers";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { type ProvenConnection, UnprovenError } from "./connection.ts";
import { ControlError, refusal } from "./control-error.ts";
import { type ConsoleEvent, eventOf } from "./views/index.ts";

export interface EventsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of the last event heard. @default everything is told from the beginning */
  readonly lastEventId?: string | null | undefined;
  /** The gateway has let us in; it may be long until something happens. */
  readonly onOpen?: (() => void) | undefined;
  /** How long nothing at all may come before the gateway is taken for gone, in ms. @default 45000 */
  readonly silenceMs?: number | undefined;
}

/** Three signs of life. */
const SILENCE_MS = 45_000;

/**
 * Ends without an error when the gateway goes away.
 *
 * @throws {ControlError} when it says no, or tells what this version does not understand
 */
export async function* listen(
  connect: () => Promise<ProvenConnection>,
  { signal, lastEventId, onOpen, silenceMs = SILENCE_MS }: EventsOptions = {},
): AsyncGenerator<ConsoleEvent, void> {
  const connection = await connect();
  const end = () => connection.close();
  signal?.addEventListener("abort", end, { once: true });
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  try {
    if (signal?.aborted) return;
    const headers = lastEventId == null ? {} : { "last-event-id": lastEventId };
    const answer = await connection.send({ method: "GET", path: "/v1/events", headers });
    if (answer.statusCode !== 200) throw refusal(answer.statusCode ?? 0, await text(answer));
    onOpen?.();
    answer.setTimeout(silenceMs, end);
    answer.setEncoding("utf8");
    for await (const chunk of answer) {
      parser.feed(chunk);
      for (const message of messages.splice(0)) {
        const event = read(message);
        if (event !== null) yield event;
      }
    }
  } catch (error) {
    if (error instanceof ControlError || error instanceof UnprovenError) throw error;
    // Its connection broke, or was ended from here.
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
}

/** Null: a newer gateway tells of what nobody here knows. */
function read({ event = "", id, data }: EventSourceMessage): ConsoleEvent | null {
  try {
    return eventOf(event, id ?? null, JSON.parse(data));
  } catch {
    throw new ControlError(200, "the gateway tells events of a version that this keepwarm does not know");
  }
}
