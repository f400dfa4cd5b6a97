/** Warms that another process sends, of what was captured here. */
import type { CapturedRequest, RequestFacts } from "../anthropic/index.ts";
import type {
  Disposable,
  Usage,
  WarmAborted,
  WarmCompleted,
  WarmDispatch,
  WarmFailed,
  WarmService,
} from "../host.ts";
import type { CapturedConversation } from "./captured-conversation.ts";

/** What there is to repeat of a conversation. */
export interface Repeatable {
  /** The same object as long as it is the same request. */
  readonly version: object;
  readonly facts: RequestFacts;
  readonly usage: Usage | null;
  /** Epoch ms at which the last request that used it went out. */
  readonly lastUsedAt: number;
  readonly ttlMs: number;
  request(): Promise<CapturedRequest>;
}

/** What a dispatcher needs of the keeper it belongs to, and tells it. */
export interface DispatchContext {
  /** Null: nothing of it is held. */
  repeatable(conversationId: string): Repeatable | null;
  completed(event: WarmCompleted): void;
  aborted(event: WarmAborted): void;
  failed(event: WarmFailed): void;
}

/** Sends in the keeper's stead, those that are asked for by hand included. */
export interface Dispatcher extends WarmDispatch, WarmService, Disposable {
  /** Why it cannot send warms of this request, as a sentence; null when it can. */
  refusal(request: Pick<CapturedRequest, "headers">): string | null;
}

export type BeginDispatch = (context: DispatchContext) => Dispatcher;

export function repeatableOf(
  conversation: CapturedConversation | undefined,
  lastUsedAt: number,
): Repeatable | null {
  const last = conversation?.last;
  if (!conversation || !last) return null;
  return {
    version: last,
    facts: last.facts,
    usage: last.usage,
    lastUsedAt,
    ttlMs: conversation.ttlMs,
    async request() {
      const unpacked = await last.request.unpack();
      return last.refresh === undefined ? unpacked : await last.refresh(unpacked);
    },
  };
}
