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
import type { Ledger } from "../plugin.ts";
import { elapsedMs, type Instant, instantAt } from "../pure.ts";
import type { CapturedConversation } from "./captured-conversation.ts";
import type { Conversations } from "./conversations.ts";

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

/** What dispatching needs of the keeper it belongs to. */
export interface DispatchingContext {
  readonly conversations: Pick<Conversations, "get">;
  readonly instant: () => Instant;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  readonly ledger: () => Pick<Ledger, "warmCompleted" | "warmAborted">;
  completed(event: WarmCompleted): void;
  aborted(event: WarmAborted): void;
  failed(event: WarmFailed): void;
}

/** Undefined: warms go out from here. */
export function dispatching(
  begin: BeginDispatch | undefined,
  { conversations, instant, now, ledger, completed, aborted, failed }: DispatchingContext,
): Dispatcher | undefined {
  return begin?.({
    repeatable: (conversationId) => repeatableOf(conversations.get(conversationId), now(), instant()),
    completed(event) {
      const conversation = conversations.get(event.conversationId);
      if (conversation === undefined) {
        // Of a time before this process, or of one let go of since: it has been paid for, and that is all.
        ledger().warmCompleted(event);
        return;
      }
      const at = instantAt(event.startedAt ?? now(), instant());
      if (conversation.last !== null && elapsedMs(conversation.lastUsedAt, at) > 0)
        conversation.lastUsedAt = at;
      completed(event);
    },
    aborted(event) {
      if (conversations.get(event.conversationId) === undefined) ledger().warmAborted(event);
      else aborted(event);
    },
    failed,
  });
}

function repeatableOf(
  conversation: CapturedConversation | undefined,
  nowMs: number,
  instant: Instant,
): Repeatable | null {
  const last = conversation?.last;
  if (!conversation || !last) return null;
  return {
    version: last,
    facts: last.facts,
    usage: last.usage,
    lastUsedAt: nowMs - elapsedMs(conversation.lastUsedAt, instant),
    ttlMs: conversation.ttlMs,
    async request() {
      const unpacked = await last.request.unpack();
      return last.refresh === undefined ? unpacked : await last.refresh(unpacked);
    },
  };
}
