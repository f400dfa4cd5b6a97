/** A program's `fetch`, watched: which of its calls are turns of a conversation, and what became of them. */
import {
  type CapturedRequest,
  decodeBody,
  type Fetch,
  headerPairs,
  headerValue,
  isProbe,
  printThread,
  type RequestFacts,
  type ResponseFacts,
  readRequest,
  type TtlOptions,
} from "../../anthropic/index.ts";
import type { Logger } from "../../host.ts";
import { type Call, readCall } from "./capture.ts";
import { type Conversations, capture, type OpenTurn, type SdkConversation } from "./conversations.ts";
import { observe } from "./observe.ts";

export interface TurnWatcher extends TtlOptions {
  /** Epoch ms. */
  readonly now: () => number;
  readonly logger: Logger;
  readonly conversations: Conversations;
  /** False: calls pass unwatched. */
  readonly watching: () => boolean;
  started(conversation: SdkConversation, modelName: string): void;
  /** Its last request is another one now. */
  captured(): void;
  /** @param failure why the last response never began, as a phrase; null when it did */
  settled(conversation: SdkConversation, failure: string | null): void;
}

/** What is known of a call once its body has been read. */
interface Placed {
  readonly conversation: SdkConversation;
  readonly facts: RequestFacts;
  readonly turn: OpenTurn;
}

/**
 * How long a request is left to leave before its body is read, in ms, unless it is answered sooner: reading a
 * body of some megabytes takes milliseconds that would otherwise pass between its parts.
 */
const LEAVE_MS = 25;

let lastOrder = 0;

/** The same `fetch`, which tells of every turn. Its callers get their responses unchanged and undelayed. */
export function watchTurns(fetch: typeof globalThis.fetch, watcher: TurnWatcher): typeof globalThis.fetch {
  return (input, init) => {
    const call = harmless("read a call", () => readCall(input, init));
    if (!call) return fetch(input, init);
    const startedAt = watcher.now();
    const answer = fetch(call.input, call.init);
    return call.request === null ? answer : watch(call, startedAt, answer);
  };

  async function watch(call: Call, startedAt: number, answer: Promise<Response>): Promise<Response> {
    const turn = followTurn(call, startedAt);
    let response: Response;
    try {
      response = await answer;
    } catch (error) {
      turn.failed("it did not get through");
      throw error;
    }
    if (!response.ok) {
      turn.failed(`status ${response.status}`);
      return response;
    }
    turn.began();
    const observed = harmless("watch a response", () => observe(response, turn.ended));
    // Not a response as the standard has it: it goes to its program as it is, and is over for us.
    if (!observed) turn.ended(null);
    return observed ?? response;
  }

  /** Everything about a turn is done when the program is not waiting for it: after it has sent, and got, its bytes. */
  function followTurn({ request: read, transport, conversationId }: Call, startedAt: number) {
    const order = ++lastOrder;
    // Both are let go of as soon as they can be: an unread response keeps these functions for long.
    let unread = read;
    let request: CapturedRequest | null = null;
    let placed: Placed | null | undefined;
    const place = () => {
      if (placed !== undefined) return placed;
      placed = null;
      request = (watcher.watching() && unread?.()) || null;
      unread = null;
      placed = request && placeTurn(request, conversationId, startedAt);
      if (placed === null) request = null;
      return placed;
    };
    const leaving = setTimeout(() => harmless("place a turn", place), LEAVE_MS);
    leaving.unref?.();

    /** In the order of the calls. */
    function soon(act: (placed: Placed) => void): void {
      setImmediate(() => {
        clearTimeout(leaving);
        harmless("follow a turn", () => {
          const turn = place();
          if (turn !== null) act(turn);
        });
      });
    }

    return {
      /** Only from here on can its entries be read, and is it the conversation's last request. */
      began: () =>
        soon(({ conversation, facts, turn }) => {
          if (request === null) return;
          const send: Fetch = (url, init) => fetch(url, { ...transport, ...init });
          capture(conversation, { order, request, send, facts, usage: null, stopReason: null }, turn);
          request = null;
          watcher.captured();
        }),
      /** @param response what the response told; null when it could not be watched */
      ended: (response: ResponseFacts | null) => {
        const { usage = null, stopReason = null } = response ?? {};
        soon(({ conversation, turn }) => {
          const { last } = conversation;
          if (last?.order === order) conversation.last = { ...last, usage, stopReason };
          settle(conversation, turn, null);
        });
      },
      /** What was cached before is still what it was. */
      failed: (failure: string) =>
        soon(({ conversation, turn }) => {
          request = null;
          settle(conversation, turn, failure);
        }),
    };
  }

  /** Null: not a turn of any conversation's main thread. */
  function placeTurn(
    request: CapturedRequest,
    conversationId: string | null,
    startedAt: number,
  ): Placed | null {
    const body = decodeBody(request.body, headerValue(headerPairs(request.headers), "content-encoding"));
    if (!body.ok) return null;
    const reading = readRequest(body.bytes, watcher);
    const print = printThread(body.bytes);
    if (!reading.ok || print === null || isProbe(reading.facts)) return null;
    const conversation = watcher.conversations.place(conversationId, print);
    if (conversation === null) return null;
    const { turns } = conversation;
    const turn: OpenTurn = { startedAt, print };
    const wasOpen = turns.size > 0;
    // A request that goes on from another's answer shows that the other is over, read or not.
    for (const other of turns) if (other.print.chain.length < print.chain.length) turns.delete(other);
    turns.add(turn);
    if (!wasOpen) watcher.started(conversation, reading.facts.model);
    return { conversation, facts: reading.facts, turn };
  }

  function settle(conversation: SdkConversation, turn: OpenTurn, failure: string | null): void {
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
      try {
        watcher.logger.error(`keepwarm: could not ${doing}; it goes on unwatched`, {
          error: error instanceof Error ? error.name : typeof error,
        });
      } catch {
        // Not even the log is worth a turn.
      }
      return undefined;
    }
  }
}
