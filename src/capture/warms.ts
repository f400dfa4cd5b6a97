/** Sends warms of what was captured: not while a real request is on its way, and a few at once. */
import pLimit from "p-limit";
import {
  type CapturedRequest,
  refusalOf,
  type WarmRequestOptions,
  warmCaptured,
} from "../anthropic/index.ts";
import type { Usage, WarmAborted, WarmCompleted, WarmFailure, WarmOptions, WarmService } from "../host.ts";
import { elapsedMs, type Instant } from "../pure.ts";
import { mostOf, payerOf } from "./billing.ts";
import { type CapturedConversation, type LastRequest, lifeLeftMs } from "./captured-conversation.ts";
import type { Conversations } from "./conversations.ts";
import type { Headroom } from "./headroom.ts";
import type { Turns, TurnWatcher } from "./turns.ts";

export type WarmSettings = Omit<WarmRequestOptions, "rejectedZero" | "usage" | "allowSubscription">;

/** A warm that is about to be sent. */
export interface PlannedWarm {
  readonly conversationId: string;
  /** The request that it repeats. */
  readonly request: CapturedRequest;
  /** How long the prefix will live from now on, once it is warmed, in ms. */
  readonly lifeMs: number;
}

/** What sending needs of the keeper it belongs to. */
export interface WarmsContext {
  readonly conversations: Pick<Conversations, "get">;
  readonly headroom: Pick<Headroom, "waitMs">;
  /** Warms on their way at once. */
  readonly maxWarms: number;
  /** Whether its person allows a subscription's credential, at this moment. */
  readonly allowSubscription: () => boolean;
  /** Asked for at each use: real requests and warms know of each other. */
  readonly turns: () => Pick<Turns, "catchUp" | "isComing">;
  /** Asked right before each warm: why it is not sent after all, or null. */
  readonly mayWarm?: (warm: PlannedWarm) => Promise<WarmFailure | null>;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  readonly instant: () => Instant;
  completed(event: WarmCompleted): void;
  aborted(event: WarmAborted): void;
  /** It is over, whatever came of it. */
  ended(): void;
}

export interface Warms extends WarmService {
  /** Why a request cannot be warmed, as a sentence; null when it can. */
  readonly refusal: TurnWatcher["refusal"];
  /** Warms on their way, or waiting for one that is. */
  inFlight(): number;
}

export function createWarms(settings: WarmSettings, context: WarmsContext): Warms {
  const { conversations, headroom, turns, instant } = context;
  const slot = pLimit(context.maxWarms);
  const options = { ...settings, now: context.now, rejectedZero: new Set<string>() };

  function optionsFor({ usage, send }: Pick<LastRequest, "usage" | "send">) {
    const allowSubscription = context.allowSubscription();
    return { ...options, allowSubscription, fetch: send, ...(usage === null ? {} : { usage }) };
  }

  /** Why it must wait, and for how long; null when it need not. */
  function reasonToWait({ id, waitUntil }: CapturedConversation, { print }: LastRequest): WarmFailure | null {
    if (turns().isComing(id)) return { error: "A request of this conversation is coming in" };
    const turnedAwayMs = waitUntil === null ? 0 : -elapsedMs(waitUntil, instant());
    if (turnedAwayMs > 0) {
      return { error: "The API has turned a real request away for the moment", retryAfterMs: turnedAwayMs };
    }
    const retryAfterMs = headroom.waitMs(print.realm, instant());
    if (retryAfterMs === 0) return null;
    return {
      error: "Less than 5 % of the rate limit is left, which is kept for real requests",
      retryAfterMs,
    };
  }

  async function send(
    conversation: CapturedConversation,
    last: LastRequest,
    { signal, warmId, policy }: WarmOptions,
  ): Promise<Usage | WarmFailure> {
    turns().catchUp();
    const wait = reasonToWait(conversation, last);
    if (wait !== null) return wait;
    // Only now: all that wait for their turn would take many times what they take compressed.
    const unpacked = await last.request.unpack();
    const request = last.refresh === undefined ? unpacked : await last.refresh(unpacked);
    const { id: conversationId, ttlMs: lifeMs } = conversation;
    const objection = await context.mayWarm?.({ conversationId, request, lifeMs });
    if (objection) return objection;
    // What was sent while that was asked aborts this.
    turns().catchUp();
    const startedAt = instant();
    const answer = await warmCaptured(request, {
      ...optionsFor(last),
      ...(signal === undefined ? {} : { signal }),
      lifeLeftMs: () => lifeLeftMs(conversation, instant()),
    });
    if (answer.kind === "refused") return { error: answer.reason, permanent: true };
    const told = {
      conversationId,
      modelName: last.facts.model,
      ...(warmId === undefined ? {} : { warmId }),
      ...(policy === undefined ? {} : { policy }),
      ...payerOf(request),
    };
    if (answer.kind === "failed") {
      if (answer.mayBeBilled) context.aborted({ ...told, ...mostOf(last, settings) });
      return answer;
    }
    const { usage, missReason, costUsd } = answer;
    // Unless a turn has used the prefix since.
    if (conversation.last === last) conversation.lastUsedAt = startedAt;
    context.completed({
      ...told,
      usage,
      costUsd,
      startedAt: answer.startedAt,
      ...(missReason === null ? {} : { missReason }),
    });
    return usage;
  }

  return {
    refusal: (request, last) => refusalOf(request, last.facts, optionsFor(last))?.reason ?? null,
    inFlight: () => slot.activeCount + slot.pendingCount,
    async warm(conversationId, warmOptions = {}) {
      const conversation = conversations.get(conversationId);
      const last = conversation?.last;
      if (!conversation || !last) {
        return { error: "There is no request of this conversation to repeat.", permanent: true };
      }
      // A turn that has been sent is under way, though it may not have been read yet: then this is aborted.
      turns().catchUp();
      conversation.warming = true;
      try {
        return await slot(() => send(conversation, last, warmOptions));
      } finally {
        conversation.warming = false;
        context.ended();
      }
    },
  };
}
