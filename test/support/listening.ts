/** A listener to the console's events, as a page or a terminal is one: over a real socket. */
import { type IncomingMessage, request } from "node:http";
import { createParser } from "eventsource-parser";
import { expect, onTestFinished } from "vitest";
import type { ConsoleEvent, ConsoleEventName, ConsoleEvents, ConversationView } from "../../src/hub/index.ts";
import { eventOf } from "../../src/hub/views/index.ts";

export interface Listener {
  readonly events: ConsoleEvent[];
  readonly answer: IncomingMessage;
  /** Whether the connection has ended. */
  readonly over: () => boolean;
  /** Resolves once so many events of a type have come. */
  come(type: ConsoleEventName, count?: number): Promise<void>;
  all<Name extends ConsoleEventName>(type: Name): ConsoleEvents[Name][];
  /** The id it would resume from. */
  lastId(): string | undefined;
  /** Of the last one told of each conversation, what is known now. */
  known(): Map<string, ConversationView>;
  leave(): void;
}

export async function listenTo(
  { port, token }: { readonly port: number; readonly token: string },
  lastEventId?: string,
): Promise<Listener> {
  const events: ConsoleEvent[] = [];
  let isOver = false;
  const asking = request({
    host: "127.0.0.1",
    port,
    path: "/v1/events",
    agent: false,
    headers: {
      "x-keepwarm-token": token,
      ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    },
  });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.on("response", resolve).on("error", reject);
    asking.end();
  });
  asking.on("error", () => {});
  const parser = createParser({
    onEvent({ event = "", id = null, data }) {
      const heard = eventOf(event, id, JSON.parse(data));
      if (heard === null) throw new Error(`no event that there is: ${event}`);
      events.push(heard);
    },
  });
  answer.setEncoding("utf8");
  answer.on("data", (text: string) => parser.feed(text));
  answer.on("error", () => {});
  answer.on("close", () => {
    isOver = true;
  });
  const leave = () => void asking.destroy();
  onTestFinished(leave);
  return {
    events,
    answer,
    over: () => isOver,
    come: (type, count = 1) =>
      expect.poll(() => events.filter((event) => event.type === type).length).toBeGreaterThanOrEqual(count),
    all: (type) => ofType(events, type),
    lastId: () => events.findLast(({ id }) => id !== null)?.id ?? undefined,
    known() {
      const known = new Map<string, ConversationView>();
      for (const event of events) {
        if (event.type === "snapshot") known.clear();
        if (event.type === "conversations")
          for (const view of event.data.conversations) known.set(view.id, view);
        if (event.type === "gone") for (const id of event.data.conversationIds) known.delete(id);
      }
      return known;
    },
    leave,
  };
}

interface EventOf<Name extends ConsoleEventName> {
  readonly type: Name;
  readonly data: ConsoleEvents[Name];
}

function ofType<Name extends ConsoleEventName>(
  events: readonly ConsoleEvent[],
  type: Name,
): ConsoleEvents[Name][] {
  return events
    .filter((event): event is ConsoleEvent & EventOf<Name> => event.type === type)
    .map((event: EventOf<Name>) => event.data);
}
