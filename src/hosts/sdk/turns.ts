/** A program's `fetch`, watched: which of its calls are turns of a conversation, and what became of them. */
import {
  type CapturedRequest,
  decodeBody,
  type Fetch,
  headerPairs,
  headerValue,
  isProbe,
  printThread,
  readRequest,
  retryAfterOf,
  sharedMessages,
  type ThreadPrint,
  type TtlOptions,
} from "../../anthropic/index.ts";
import type { Logger } from "../../host.ts";
import { elapsedMs, type Instant } from "../../pure.ts";
import { type Call, readCall } from "./capture.ts";
import { type Conversations, capture, type OpenTurn, type SdkConversation } from "./conversations.ts";
import { type Observed, observe } from "./observe.ts";

export interface TurnWatcher extends TtlOptions {
  readonly now: () => Instant;
  readonly logger: Logger;
  readonly conversations: Conversations;
  /** False: calls pass unwatched. */
  readonly watching: () => boolean;
  started(conversation: SdkConversation, modelName: string): void;
  /** @param failure why the last request was not answered, as a phrase; null when it was */
  settled(conversation: SdkConversation, failure: string | null): void;
  /** A request of a named conversation went out that cannot be read: what is kept warm may not be its last. */
  unreadable(conversationId: string): void;
}

export interface Turns {
  /** The same `fetch`, which tells of every turn. Its callers get their responses unchanged and undelayed. */
  watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch;
  /** Reads at once what has been sent and not been read yet. */
  catchUp(): void;
}

/** A call whose body has been read, in its place. */
interface Placed {
  readonly conversation: SdkConversation;
  readonly turn: OpenTurn;
}

/**
 * How long a request is left to leave before its body is read, in ms, unless it is answered sooner: reading a
 * body of some megabytes takes milliseconds that would otherwise pass between its parts.
 */
const LEAVE_MS = 25;

/** Longest an SDK waits before it sends again what was turned away without a Retry-After, in ms (client.js). */
const SDK_BACKOFF_MS = 8_000;

export function createTurns(watcher: TurnWatcher): Turns {
  let lastOrder = 0;
  /** Calls not read yet, in the order in which they went out: each is placed after those before it. */
  const unplaced = new Map<number, () => void>();

  function placeUpTo(order: number): void {
    for (const [waiting, place] of unplaced) {
      if (waiting > order) return;
      unplaced.delete(waiting);
      harmless("place a turn", place);
    }
  }

  async function follow(
    fetch: typeof globalThis.fetch,
    call: Call,
    startedAt: Instant,
    answer: Promise<Response>,
  ): Promise<Response> {
    const turn = openTurn(fetch, call, startedAt);
    let response: Response;
    try {
      response = await answer;
    } catch (error) {
      turn.failed("it did not get through");
      throw error;
    }
    if (!response.ok) {
      turn.failed(`status ${response.status}`, backoffMs(response));
      return response;
    }
    turn.answered();
    // One that cannot be watched goes to its program as it is. Its end is not seen, so its turn stays open:
    // nothing is warmed until the next one, or for an hour.
    return harmless("watch a response", () => observe(response, turn.ended)) ?? response;
  }

  /** Everything about a turn is done when the program is not waiting for it: after it has sent, and got, its bytes. */
  function openTurn(fetch: typeof globalThis.fetch, call: Call, startedAt: Instant) {
    const order = ++lastOrder;
    const { transport } = call;
    let placed: Placed | null = null;
    unplaced.set(order, () => {
      placed = place(call, order, startedAt);
    });
    const leaving = setTimeout(() => placeUpTo(order), LEAVE_MS);
    leaving.unref?.();

    /** In the order of the calls. */
    function soon(act: (placed: Placed) => void): void {
      setImmediate(() => {
        clearTimeout(leaving);
        placeUpTo(order);
        if (placed !== null) harmless("follow a turn", () => placed && act(placed));
      });
    }

    return {
      /** Read now: nothing of it is on its way any more, and nothing may be warmed meanwhile. */
      answered: () => soon(() => {}),
      ended: ({ started, usage, stopReason }: Observed) =>
        soon(({ conversation, turn }) => {
          const { request, facts } = turn;
          // Null as well when the conversation was closed or let go of meanwhile.
          if (started && request) {
            const send = sendingBy(fetch, transport);
            capture(conversation, { order, request, send, facts, usage, stopReason }, turn);
          }
          settle(conversation, turn, started ? null : "the stream began with an error");
        }),
      /** What was cached before is still what it was, and the program may be about to ask again. */
      failed: (failure: string, waitMs = 0) =>
        soon(({ conversation, turn }) => {
          conversation.waitUntil = later(conversation.waitUntil, watcher.now(), waitMs);
          settle(conversation, turn, failure);
        }),
    };
  }

  /** How long the API, or else an SDK, waits before it wants the request again, in ms. */
  function backoffMs({ status, headers }: Response): number {
    if (status !== 429 && status < 500) return 0;
    return retryAfterOf(headers, watcher.now().wallMs) ?? SDK_BACKOFF_MS;
  }

  /** Null: not a turn of any conversation's main thread. */
  function place({ request: read, conversationId }: Call, order: number, startedAt: Instant): Placed | null {
    if (read === null || !watcher.watching()) return null;
    const request = read();
    const body = decodeBody(request.body, headerValue(headerPairs(request.headers), "content-encoding"));
    if (!body.ok) return null;
    const reading = readRequest(body.bytes, watcher);
    const print = printThread(body.bytes, realmOf(request));
    if (!reading.ok || print === null || isProbe(reading.facts)) return null;
    const { facts } = reading;
    const conversation = watcher.conversations.place(conversationId, print, startedAt);
    if (conversation === null) return null;
    const { turns } = conversation;
    const turn: OpenTurn = { order, startedAt, print, facts, request };
    const wasOpen = turns.size > 0;
    for (const other of turns) if (goesOnFrom(other.print, print)) turns.delete(other);
    turns.add(turn);
    if (!wasOpen) watcher.started(conversation, facts.model);
    return { conversation, turn };
  }

  function settle(conversation: SdkConversation, turn: OpenTurn, failure: string | null): void {
    turn.request = null;
    const wasOpen = conversation.turns.delete(turn);
    // Closed or let go of meanwhile, or another request of it is still under way.
    if (!wasOpen || conversation.turns.size > 0 || !watcher.conversations.holds(conversation)) return;
    watcher.settled(conversation, failure);
  }

  /** Whatever goes wrong with us, the program's request goes its way. */
  function harmless<T>(doing: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      watcher.logger.error(`keepwarm: could not ${doing}; it goes on unwatched`, {
        error: error instanceof Error ? error.name : typeof error,
      });
      return undefined;
    }
  }

  return {
    watch: (fetch) => (input, init) => {
      const call = harmless("read a call", () => readCall(input, init));
      if (!call) return fetch(input, init);
      const startedAt = watcher.now();
      const answer = fetch(call.input, call.init);
      if (call.request !== null) return follow(fetch, call, startedAt, answer);
      const { isMessages, conversationId } = call;
      if (isMessages && conversationId !== null) {
        harmless("note a request that cannot be read", () => watcher.unreadable(conversationId));
      }
      return answer;
    },
    catchUp: () => placeUpTo(lastOrder),
  };
}

/** On its own, so that it holds on to nothing else of the call: not its body, nor its headers. */
function sendingBy(fetch: typeof globalThis.fetch, transport: RequestInit): Fetch {
  return (url, init) => fetch(url, { ...transport, ...init });
}

/** `waitMs` from `now`, unless a longer wait is under way. */
function later(until: Instant | null, now: Instant, waitMs: number): Instant | null {
  if (waitMs <= (until === null ? 0 : -elapsedMs(until, now))) return until;
  return { wallMs: now.wallMs + waitMs, monotonicMs: now.monotonicMs + waitMs };
}

/** Whether a request goes on from another's answer, which shows that the other is over, read or not. */
function goesOnFrom(earlier: ThreadPrint, later: ThreadPrint): boolean {
  const { length } = earlier.chain;
  return later.chain.length > length && sharedMessages(earlier, later) === length;
}

/** What two requests must have in common to be one conversation's: where they go, and whose they are. */
function realmOf({ url, headers }: CapturedRequest): string {
  const pairs = headerPairs(headers);
  const credential = ["authorization", "x-api-key"].map((name) => headerValue(pairs, name) ?? "");
  return JSON.stringify([url, ...credential]);
}
