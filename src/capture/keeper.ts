/** Binds what passes by to a warmer: turns in, warms out, and bodies let go of when nothing may be sent with them. */
import { EventEmitter } from "eventemitter3";
import { listPrices, type RequestFacts, type Ttl } from "../anthropic/index.ts";
import type { HostEvents, TurnContext } from "../host.ts";
import { activate } from "../plugin.ts";
import { elapsedMs, type Instant } from "../pure.ts";
import { guardLogger } from "../warmer.ts";
import { answeredRequest } from "./billing.ts";
import type { CapturedConversation } from "./captured-conversation.ts";
import { Conversations } from "./conversations.ts";
import { dispatching } from "./dispatching.ts";
import { createEndings } from "./endings.ts";
import { Headroom } from "./headroom.ts";
import { judgeAgain } from "./judging.ts";
import type { Keeper, KeeperOptions } from "./keeper-contract.ts";
import { createShelf } from "./shelf.ts";
import { summaryOf } from "./summary.ts";
import { createSweeping } from "./sweeping.ts";
import { turnContextOf } from "./turn-context.ts";
import { createTurns } from "./turns.ts";
import { withoutUnnamed } from "./unnamed-settings.ts";
import { createWarms } from "./warms.ts";

/** The id of a warm that was not ours. */
const ANOTHERS = "another's";

export function createKeeper(options: KeeperOptions): Keeper {
  const { storage, ledger, keeping, timers, now, monotonicNow, enableNew, maxWarms, ...others } = options;
  const {
    maxConversations,
    maxHeldBytes,
    sideThreadsBegin = false,
    mayWarm,
    notice,
    logger: ownLogger,
    tiering: beginTiering,
    tier: firstTier,
    allowSubscription: firstAllowed = false,
    dispatch: beginDispatch,
    ...requestOptions
  } = others;
  let tier = firstTier;
  let allowSubscription = firstAllowed;
  /** Once it has, conversations may go on in the tier that they were given. */
  let hasEdited = tier !== undefined;
  const logger = guardLogger(() => ownLogger);
  const instant = (): Instant => ({ wallMs: now(), monotonicMs: monotonicNow() });
  // The plugin's own, so that a listener of others that throws cannot come between.
  const internal = new EventEmitter<HostEvents>();
  const events = new EventEmitter<HostEvents>();
  const conversations = new Conversations({ limit: maxConversations, sideThreadsBegin });
  const headroom = new Headroom();
  const sweeping = createSweeping({
    conversations,
    timers,
    instant,
    over(conversation) {
      tell("turnSettled", { conversationId: conversation.id, ...contextOf(conversation, null) });
    },
  });
  const warms = createWarms(requestOptions, {
    conversations,
    headroom,
    maxWarms,
    allowSubscription: () => allowSubscription,
    turns: () => turns,
    ...(mayWarm === undefined ? {} : { mayWarm }),
    now,
    instant,
    completed: (event) => tell("warmCompleted", event),
    aborted: (event) => tell("warmAborted", event),
    ended: () => sweeping.later(),
  });
  let disposed = false;

  const dispatcher = dispatching(beginDispatch, {
    conversations,
    instant,
    now,
    ledger: () => plugin.ledger,
    completed(event) {
      tell("warmCompleted", event);
      sweeping.later();
    },
    aborted: (event) => tell("warmAborted", event),
    failed: (event) => tell("warmFailed", event),
  });

  const plugin = activate({
    events: internal,
    warmService: dispatcher ?? warms,
    dispatch: dispatcher,
    storage: withoutUnnamed(storage),
    ledger: { ...(ledger === undefined ? {} : { storage: ledger }), prices: listPrices(options.prices) },
    keeping,
    // Whoever shows it gets the surface by name.
    surfaces: { register: () => () => {} },
    logger,
    timers,
    now,
    monotonicNow,
  });

  const shelf = createShelf({
    timers,
    maxBytes: maxHeldBytes,
    conversations: () => conversations.all(),
    isWanted: ({ id }) => plugin.warmer.getState(id).enabled,
    letGo(conversation, why) {
      conversation.last = null;
      tell("conversationChanged", { conversationId: conversation.id, invalidated: why });
    },
  });

  function tell<E extends keyof HostEvents>(name: E, event: Parameters<HostEvents[E]>[0]): void {
    const payload = [event] as Parameters<EventEmitter.EventListener<HostEvents, E>>;
    internal.emit(name, ...payload);
    try {
      events.emit(name, ...payload);
    } catch (error) {
      logger.error(`keepwarm: a listener of ${name} threw`, { error: String(error) });
    }
  }

  const tiering = beginTiering?.({
    ...requestOptions,
    events: internal,
    prices: listPrices(options.prices),
    now,
    gaps: plugin.pauses,
    allowSubscription: () => allowSubscription,
    logger,
    choose: tierFor,
    ...(keeping.storage === undefined ? {} : { storage: keeping.storage }),
  });

  const turns = createTurns({
    ...requestOptions,
    now: instant,
    notice,
    logger,
    conversations,
    ...(tiering === undefined ? {} : { tiers: tiering.tiers }),
    watching: () => !disposed,
    refusal,
    limits: (realm, limits) => headroom.note(realm, limits, instant()),
    unreadable: (conversationId) => endings.unreadable(conversationId),
    repeated(conversation, usage, startedAt) {
      if (elapsedMs(conversation.lastUsedAt, startedAt) > 0) conversation.lastUsedAt = startedAt;
      tell("warmCompleted", {
        conversationId: conversation.id,
        usage,
        startedAt: wallOf(startedAt),
        warmId: ANOTHERS,
        foreign: true,
      });
      sweeping.later();
    },
    started({ id: conversationId, modelName, tag }) {
      // Before others hear of it, who may switch it off or close it there and then.
      if (enableNew(tag)) void harmlessly("switch on", conversationId, plugin.warmer.enableIfNew);
      tell("turnStarted", { conversationId, modelName });
      for (const surplus of conversations.overLimit()) endings.letGo(surplus);
      sweeping.later();
    },
    answered({ id: conversationId }, answer) {
      tell("requestAnswered", { conversationId, ...answeredRequest(answer, options) });
    },
    settled(conversation, failure) {
      tell("turnSettled", { conversationId: conversation.id, ...contextOf(conversation, failure) });
      shelf.shelve(conversation);
      sweeping.later();
    },
  });

  const endings = createEndings({
    conversations,
    catchUp: turns.catchUp,
    tell,
    forgetSettings: (conversationId) => void harmlessly("forget", conversationId, plugin.warmer.forget),
  });

  /** Why a request cannot be warmed, as a sentence; null when it can. */
  function refusal(...asked: Parameters<typeof warms.refusal>): string | null {
    return warms.refusal(...asked) ?? dispatcher?.refusal(asked[0]) ?? null;
  }

  /** Null: as its client asks. */
  function tierFor({ id, tag }: CapturedConversation, { model }: RequestFacts): Ttl | null {
    if (tier !== "auto") return tier ?? null;
    const state = plugin.warmer.getState(id);
    // One that is not known yet is about to be switched on, where new ones are.
    const isWarmed = state.enabled || enableNew(tag);
    return tiering?.adviser.cheapest(model, id, isWarmed) ?? null;
  }

  function contextOf(conversation: CapturedConversation, failure: string | null): TurnContext {
    return turnContextOf(conversation, wallOf(conversation.lastUsedAt), failure);
  }

  /** An instant as epoch ms, reckoned back from now, because the wall clock may have been set meanwhile. */
  function wallOf(at: Instant): number {
    return now() - elapsedMs(at, instant());
  }

  async function harmlessly(
    doing: string,
    conversationId: string,
    act: (conversationId: string) => Promise<unknown>,
  ): Promise<void> {
    try {
      await act(conversationId);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      logger.error(`keepwarm: could not ${doing} a conversation`, { conversationId, error: message });
    }
  }

  return {
    turns,
    warmer: {
      ...plugin.warmer,
      warmNow(conversationId) {
        // A turn that has been sent is under way, though it may not have been read yet.
        turns.catchUp();
        return plugin.warmer.warmNow(conversationId);
      },
    },
    surface: plugin.surface,
    ledger: plugin.ledger,
    async forgetPauses() {
      await Promise.all([plugin.forgetPauses(), tiering?.adviser.forget()]);
    },
    forgetPausesIn: plugin.forgetPausesIn,
    adviseTier: (modelName) => tiering?.adviser.advise(modelName) ?? null,
    change(change) {
      const mayHaveChanged = change.allowSubscription !== allowSubscription;
      ({ tier, allowSubscription } = change);
      hasEdited ||= tier !== undefined;
      plugin.warmer.reconsider();
      if (!mayHaveChanged) return;
      const judged = (one: CapturedConversation) =>
        tell("turnSettled", { conversationId: one.id, ...contextOf(one, null) });
      void harmlessly("judge", "", () => judgeAgain({ conversations, refusal, judged }));
    },
    mayEdit: () => hasEdited,
    events,
    conversations: () => conversations.all().toReversed().map(summaryOf),
    conversation(conversationId) {
      const known = conversations.get(conversationId);
      return known ? summaryOf(known) : null;
    },
    captured: () => conversations.all(),
    headroom,
    heldBytes: () => shelf.heldBytes(),
    warmsInFlight: () => warms.inFlight(),
    unreadable: endings.unreadable,
    changed: endings.changed,
    close: endings.close,
    detach: endings.detach,
    detachTag: endings.detachTag,
    dispose() {
      disposed = true;
      // First: what ends here goes on there.
      dispatcher?.dispose();
      sweeping.dispose();
      shelf.dispose();
      plugin.dispose();
      conversations.clear();
    },
  };
}
