/** A program's `fetch`, watched: which of its calls are turns of a conversation, and what became of them. */
import {
  decodeBody,
  type Fetch,
  headerPairs,
  headerValue,
  isProbe,
  printThread,
  type ResponseFacts,
  readRequest,
  type TtlOptions,
  threadOf,
} from "../../anthropic/index.ts";
import type { Logger } from "../../host.ts";
import { type Call, readCall } from "./capture.ts";
import type { Conversations, SdkConversation } from "./conversations.ts";
import { observe } from "./observe.ts";

export interface TurnWatcher extends TtlOptions {
  /** Epoch ms. */
  readonly now: () => number;
  readonly logger: Logger;
  readonly conversations: Conversations;
  started(conversation: SdkConversation, modelName: string, isNew: boolean): void;
  /** @param failure why the response never began, as a phrase; null when it did */
  settled(conversation: SdkConversation, failure: string | null): void;
}

/** The same `fetch`, which tells of every turn. Its callers get their responses unchanged and undelayed. */
export function watchTurns(fetch: typeof globalThis.fetch, watcher: TurnWatcher): typeof globalThis.fetch {
  return async (input, init) => {
    const call = harmless("read", () => readCall(input, init));
    const startedAt = watcher.now();
    const answer = call ? fetch(call.input, call.init) : fetch(input, init);
    if (!call?.request) return answer;
    // The request leaves before its body is read: ours must not delay it.
    answer.catch(() => {});
    await new Promise<void>((resolve) => setImmediate(resolve));
    const turn = harmless("begin", () => begin(call, startedAt));
    if (!turn) return answer;
    let response: Response;
    try {
      response = await answer;
    } catch (error) {
      harmless("settle", () => turn.failed("it did not get through"));
      throw error;
    }
    if (!response.ok) {
      harmless("settle", () => turn.failed(`status ${response.status}`));
      return response;
    }
    harmless("capture", turn.began);
    return observe(response, (facts) => void harmless("settle", () => turn.ended(facts)));
  };

  /** Null: not a turn of any conversation's main thread. */
  function begin({ request, transport, conversationId }: Call, startedAt: number) {
    if (request === null) return null;
    const body = decodeBody(request.body, headerValue(headerPairs(request.headers), "content-encoding"));
    if (!body.ok) return null;
    const reading = readRequest(body.bytes, watcher);
    const print = printThread(body.bytes);
    if (!reading.ok || print === null || isProbe(reading.facts)) return null;
    const { facts } = reading;
    const place = watcher.conversations.place(conversationId, print);
    if (place.kind === "side") return null;
    const { conversation, isNew } = place;
    const thread = threadOf(print);
    const turn = Symbol("turn");
    conversation.current = turn;
    watcher.started(conversation, facts.model, isNew);

    const send: Fetch = (url, init) => fetch(url, { ...transport, ...init });
    const settle = (failure: string | null) => {
      if (conversation.current !== turn) return;
      conversation.current = null;
      watcher.settled(conversation, failure);
    };
    return {
      /** Only from here on can its entries be read, and is it the conversation's last request. */
      began() {
        if (conversation.current !== turn) return;
        conversation.thread = thread;
        conversation.last = { request, send, facts, startedAt, usage: null, stopReason: null };
        conversation.lastUsedAt = startedAt;
      },
      ended({ usage, stopReason }: ResponseFacts) {
        const { last } = conversation;
        if (conversation.current === turn && last) conversation.last = { ...last, usage, stopReason };
        settle(null);
      },
      /** What was cached before is still what it was. */
      failed: settle,
    };
  }

  /** Whatever goes wrong with us, the program's request goes its way. */
  function harmless<T>(doing: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      watcher.logger.error(`keepwarm: could not ${doing} a turn; it goes on unwatched`, {
        error: error instanceof Error ? error.name : typeof error,
      });
      return undefined;
    }
  }
}
