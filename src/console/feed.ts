/**
 * Tells listeners what changes. A notice costs a set's `add`; what has become of things is looked at a moment
 * later, once for all listeners, and only so much at a time: 10,000 notices a second hold up no traffic.
 * While nobody listens, nothing is watched.
 */
import { randomBytes } from "node:crypto";
import type { ConsoleEventName, ConsoleEvents, HealthView } from "../hub/index.ts";
import { type Controlled, Refused } from "./controlled.ts";
import { Session, type Telling, type Thing } from "./session.ts";

/** Where a listener's events go. */
export interface Outlet {
  /** Whether it takes more; it does again once {@link Listening.drained} is called. */
  readonly isReady: () => boolean;
  write(text: string): void;
  /** Its place is taken by another, or the feed ends. */
  end(): void;
}

export interface Listening {
  /** Its outlet takes more again. */
  drained(): void;
  /** It has gone: it may come back, for a while. */
  left(): void;
}

export interface Feed {
  /**
   * @param lastEventId the last one that the listener has heard, from wherever; null: it is new
   * @throws {Refused} when too many listen already
   */
  listen(outlet: Outlet, lastEventId: string | null): Listening;
  /** With who listens. */
  health(): HealthView;
  close(): void;
}

export interface FeedOptions {
  readonly controlled: Controlled;
  readonly onError: (error: unknown) => void;
  /** How long changes are gathered before they are told, in ms. @default 100 */
  readonly windowMs?: number;
  /** How long a listener that left may take to come back, in ms. @default 60000 */
  readonly returnMs?: number;
  /** Least time between two times that the gateway itself, or the totals, are told, in ms. @default 1000 */
  readonly thingsMs?: number;
}

interface Seat {
  readonly session: Session;
  /** Null while its listener is gone. */
  outlet: Outlet | null;
  leaving: NodeJS.Timeout | null;
}

/** Nobody has more pages open than this; something that opens them without end does. */
const MOST_LISTENERS = 128;
/** Listeners that are remembered: beyond it, those that left first begin anew when they come back. */
const MOST_SEATS = 192;
/** How long listeners are told of changes before everything else has its turn, in ms. */
const MOST_MS = 2;

export function createFeed(options: FeedOptions): Feed {
  const { controlled, onError, windowMs = 100, returnMs = 60_000, thingsMs = 1_000 } = options;
  /** Of this process: after a restart nobody goes on from before. */
  const epoch = randomBytes(6).toString("base64url").replaceAll("-", "_");
  const seats = new Map<string, Seat>();
  let lastSeat = 0;
  let unwatch: (() => void) | null = null;
  let timer: NodeJS.Timeout | null = null;
  let immediate: NodeJS.Immediate | null = null;
  /** Things of which there is one, that are told in a moment. */
  const stirred = new Map<Thing, NodeJS.Timeout>();
  const things = {
    gateway: () => controlled.info(),
    totals: () => controlled.totals(),
    settings: () => controlled.settings(),
    health,
  } as const;

  function health(): HealthView {
    return { ...controlled.health(), listeners: listeners() };
  }

  function listeners(): number {
    return [...seats.values()].filter(({ outlet }) => outlet !== null).length;
  }

  function watch(): void {
    unwatch ??= controlled.watch({
      conversation: (id) => noted((session) => session.changed(id)),
      history: (conversationId, entry) => noted((session) => session.happened({ conversationId, entry })),
      thing(thing) {
        if (thing === "settings" || thing === "health") noted((session) => session.thing(thing));
        // They change with every turn.
        else if (!stirred.has(thing))
          stirred.set(
            thing,
            setTimeout(() => settle(thing), thingsMs),
          );
      },
    });
  }

  function settle(thing: Thing): void {
    stirred.delete(thing);
    noted((session) => session.thing(thing));
  }

  function noted(note: (session: Session) => void): void {
    for (const { session } of seats.values()) note(session);
    if (listeners() > 0) timer ??= setTimeout(tellAll, windowMs);
  }

  function tellAll(): void {
    if (timer !== null) clearTimeout(timer);
    if (immediate !== null) clearImmediate(immediate);
    timer = null;
    immediate = null;
    // Each looked at once, however many listen.
    const views = new Map<string, string | null>();
    const until = performance.now() + MOST_MS;
    let isInSnapshot = false;
    let isBehind = false;
    for (const [name, seat] of seats) {
      try {
        tell(name, seat, views, until);
      } catch (error) {
        onError(error);
        // Not told again and again what cannot be told.
        seat.outlet?.end();
        dismiss(name, seat);
        continue;
      }
      if (!seat.outlet?.isReady()) continue;
      isInSnapshot ||= seat.session.isInSnapshot;
      isBehind ||= seat.session.isBehind;
    }
    if (isInSnapshot) immediate = setImmediate(tellAll);
    else if (isBehind) timer = setTimeout(tellAll, windowMs);
  }

  /** Each is told something, however many there are. */
  function tell(
    name: string,
    { session, outlet }: Seat,
    views: Map<string, string | null>,
    until: number,
  ): void {
    while (outlet?.isReady()) {
      const next = session.next(() => controlled.conversationIds());
      if (next === null) return;
      const id = next.number === null ? null : `${epoch}.${name}.${next.number}`;
      const text = eventsOf(next.telling, views, id);
      if (text !== "") outlet.write(text);
      // Of everything that there is, one piece a turn of the event loop.
      if (session.isInSnapshot || performance.now() >= until) return;
    }
  }

  function eventsOf(telling: Telling, views: Map<string, string | null>, id: string | null): string {
    switch (telling.kind) {
      case "snapshot":
        return event("snapshot", snapshot(), id);
      case "live":
        return event("live", { now: controlled.now() }, id);
      case "history":
        return event("history", { entries: telling.entries }, id);
      case "thing":
        return event(telling.thing, things[telling.thing](), id);
      case "conversations":
        return conversationEvents(telling.ids, views, id);
    }
  }

  function snapshot(): ConsoleEvents["snapshot"] {
    const { gateway, totals, settings } = things;
    return {
      now: controlled.now(),
      gateway: gateway(),
      totals: totals(),
      settings: settings(),
      health: health(),
    };
  }

  /** Those that are there, and those that are not any more; the id with the last of both. */
  function conversationEvents(
    ids: readonly string[],
    views: Map<string, string | null>,
    id: string | null,
  ): string {
    const gone: string[] = [];
    const there: string[] = [];
    for (const conversationId of ids) {
      const view = viewOf(conversationId, views);
      if (view === null) gone.push(conversationId);
      else there.push(view);
    }
    const goneText = gone.length === 0 ? "" : event("gone", { conversationIds: gone }, id);
    if (there.length === 0) return goneText;
    const thereId = goneText === "" ? id : null;
    return eventText("conversations", `{"conversations":[${there.join(",")}]}`, thereId) + goneText;
  }

  function viewOf(conversationId: string, views: Map<string, string | null>): string | null {
    let text = views.get(conversationId);
    if (text === undefined) {
      const view = controlled.conversation(conversationId);
      text = view === null ? null : JSON.stringify(view);
      views.set(conversationId, text);
    }
    return text;
  }

  function dismiss(name: string, seat: Seat): void {
    if (seat.leaving !== null) clearTimeout(seat.leaving);
    if (seats.get(name) === seat) seats.delete(name);
    if (seats.size > 0) return;
    unwatch?.();
    unwatch = null;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    for (const waiting of stirred.values()) clearTimeout(waiting);
    stirred.clear();
  }

  /** The seat that an id names, if what came after it is still known. */
  function seatOf(lastEventId: string | null): [name: string, seat: Seat] | null {
    const [of, name = "", number = ""] = lastEventId?.split(".") ?? [];
    const seat = of === epoch ? seats.get(name) : undefined;
    if (seat === undefined || !/^\d{1,15}$/.test(number)) return null;
    if (!seat.session.resumeAfter(Number(number))) seat.session.beginAnew();
    return [name, seat];
  }

  function newSeat(): [name: string, seat: Seat] {
    const name = String(++lastSeat);
    const seat: Seat = { session: new Session(), outlet: null, leaving: null };
    seats.set(name, seat);
    const surplus = [...seats].filter(([, { outlet }]) => outlet === null && seats.size > MOST_SEATS);
    const [oldest] = surplus.filter(([, other]) => other !== seat);
    if (oldest !== undefined) dismiss(...oldest);
    return [name, seat];
  }

  return {
    health,
    listen(outlet, lastEventId) {
      if (listeners() >= MOST_LISTENERS) throw new Refused(503, "Too many listen already.");
      const [name, seat] = seatOf(lastEventId) ?? newSeat();
      if (seat.leaving !== null) clearTimeout(seat.leaving);
      seat.leaving = null;
      // Its connection broke, which we have not noticed yet.
      seat.outlet?.end();
      seat.outlet = outlet;
      watch();
      tellAll();
      return {
        drained: () => {
          if (seat.outlet !== outlet || !seat.session.isBehind) return;
          if (seat.session.isInSnapshot) tellAll();
          else timer ??= setTimeout(tellAll, windowMs);
        },
        left: () => {
          if (seat.outlet !== outlet) return;
          seat.outlet = null;
          seat.leaving = setTimeout(() => dismiss(name, seat), returnMs);
          seat.leaving.unref();
        },
      };
    },
    close() {
      for (const [name, seat] of [...seats]) {
        seat.outlet?.end();
        dismiss(name, seat);
      }
      if (immediate !== null) clearImmediate(immediate);
    },
  };
}

function event<Name extends ConsoleEventName>(
  name: Name,
  data: ConsoleEvents[Name],
  id: string | null,
): string {
  return eventText(name, JSON.stringify(data), id);
}

/** JSON has no line breaks, so that each is one line of data. */
function eventText(name: ConsoleEventName, json: string, id: string | null): string {
  return `${id === null ? "" : `id: ${id}\n`}event: ${name}\ndata: ${json}\n\n`;
}
