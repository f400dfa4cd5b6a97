/** Binds what passes by to a warmer: turns in, warms out, and bodies let go of when nothing may be sent with them. */
import { EventEmitter } from "eventemitter3";
import { listPrices, type RequestFacts, type Ttl } from "../anthropic/index.ts";
import type {
  ConversationChange,
  Disposable,
  HostEvents,
  Keeping,
  Logger,
  StorageNamespace,
  SurfaceProvider,
  Timers,
  TurnContext,
} from "../host.ts";
import { activate, type Ledger } from "../plugin.ts";
import type { TierAdvice } from "../policy/index.ts";
import { elapsedMs, type Instant } from "../pure.ts";
import { type CacheWarmer, guardLogger } from "../warmer.ts";
import { answeredRequest } from "./billing.ts";
import { type CapturedConversation, letGo as forgetBodies } from "./captured-conversation.ts";
import { Conversations } from "./conversations.ts";
import { type BeginDispatch, dispatching } from "./dispatching.ts";
import { Headroom } from "./headroom.ts";
import { judgeAgain } from "./judging.ts";
import type { Notice } from "./placing.ts";
import { createShelf } from "./shelf.ts";
import { type ConversationSummary, summaryOf } from "./summary.ts";
import { createSweeping } from "./sweeping.ts";
import type { createTiering } from "./tiering.ts";
import type { TierChoice } from "./tiers.ts";
import { turnContextOf } from "./turn-context.ts";
import { createTurns, type Turns } from "./turns.ts";
import { isUnnamed } from "./unnamed.ts";
import { withoutUnnamed } from "./unnamed-settings.ts";
import { createWarms, type WarmSettings, type WarmsContext } from "./warms.ts";

export interface KeeperOptions extends WarmSettings {
  readonly storage: StorageNamespace;
  /** Where the ledger is kept. @default in memory */
  readonly ledger?: StorageNamespace;
  /** How long conversations are kept warm. */
  readonly keeping: Keeping;
  readonly logger: Logger;
  readonly timers: Timers;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Monotonic clock, ms. */
  readonly monotonicNow: () => number;
  /** Whether a conversation that has no setting of its own is switched on. */
  readonly enableNew: (tag: string | null) => boolean;
  /** Conversations kept in memory; beyond it the one used longest ago is let go of. */
  readonly maxConversations: number;
  /** Memory for captured bodies, in bytes; beyond it those used longest ago are let go of. */
  readonly maxHeldBytes: number;
  /** Warms on their way at once. */
  readonly maxWarms: number;
  /** Whether requests with a person's subscription credentials may be repeated. @default false */
  readonly allowSubscription?: boolean;
  /** For who can let requests leave otherwise than they came. @default they cannot */
  readonly tiering?: typeof createTiering;
  /** How long cache entries are to live; left out, as each client asks. */
  readonly tier?: TierChoice | undefined;
  /** Asked right before each warm: why it is not sent after all, or null. A rejection is a failure of the warm. */
  readonly mayWarm?: NonNullable<WarmsContext["mayWarm"]>;
  /** Who sends the warms. @default this process, by its own timers */
  readonly dispatch?: BeginDispatch | undefined;
  /** Told of each request of a conversation that passes. */
  readonly notice?: Notice;
  /** See {@link Conversations}. @default false */
  readonly sideThreadsBegin?: boolean;
}

/** What its person may change while it works. */
export interface KeeperChange {
  readonly allowSubscription: boolean;
  /** Undefined: as each client asks. */
  readonly tier: TierChoice | undefined;
}

export interface Keeper extends Disposable {
  readonly turns: Turns;
  /** State and settings of each conversation. */
  readonly warmer: CacheWarmer;
  /** What its person is shown, as data. */
  readonly surface: SurfaceProvider;
  /** What was spent on each conversation, and what was saved. */
  readonly ledger: Ledger;
  /** Forgets what was learned of how the person pauses. Rejects when the storage does. */
  forgetPauses(): Promise<void>;
  /** The same of one conversation that is not open; false: nothing was known of it. Rejects when the storage does. */
  forgetPausesIn(conversationId: string): Promise<boolean>;
  /** Which lifetime of cache entries would cost its person least, for a model; null without {@link KeeperOptions.tiering}. */
  adviseTier(modelName: string): TierAdvice | null;
  /** In force at once, for what is already held too. What `keeping` says is read anew as well. */
  change(change: KeeperChange): void;
  /** Whether requests may have to leave otherwise than they came. */
  mayEdit(): boolean;
  /** What happens, to listen to. A listener that throws comes between nothing. */
  readonly events: EventEmitter<HostEvents>;
  /** The one used last first. */
  conversations(): ConversationSummary[];
  /** Null: no such conversation is in memory. */
  conversation(conversationId: string): ConversationSummary | null;
  /** Memory that captured bodies take, in bytes. */
  heldBytes(): number;
  /** Each with its last request, the one used longest ago first. Not to be held on to. */
  captured(): readonly CapturedConversation[];
  /** What the API's rate limits leave, for whoever sends besides. */
  readonly headroom: Pick<Headroom, "waitMs">;
  /** Warms on their way, or waiting for one that is. */
  warmsInFlight(): number;
  /** A request of a named conversation went out that cannot be read: what is kept warm may not be its last. */
  unreadable(conversationId: string): void;
  /** News of a conversation between its turns: what it waits for, whether its person is there. */
  changed(conversationId: string, change: ConversationChange): void;
  /** The conversation is over: off, and its last request forgotten. */
  close(conversationId: string): void;
  /** Its client is gone: nothing more is sent, and its setting stays. */
  detach(conversationId: string): void;
  /** What came with this tag is gone: likewise. */
  detachTag(tag: string): void;
}

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
    unreadable,
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
      for (const surplus of conversations.overLimit()) letGo(surplus);
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

  /** Its setting is kept, unless nobody can ever ask for it again: an unnamed conversation's id is our own. */
  function letGo({ id: conversationId, named }: CapturedConversation): void {
    conversations.forget(conversationId);
    tell("conversationDetached", { conversationId });
    if (!named) void harmlessly("forget", conversationId, plugin.warmer.forget);
  }

  function unreadable(conversationId: string): void {
    tell("conversationChanged", { conversationId, invalidated: "a request could not be read" });
  }

  function close(conversationId: string): void {
    // What was sent before this is closed with it.
    turns.catchUp();
    const conversation = conversations.get(conversationId);
    if (conversation && !conversation.named) {
      letGo(conversation);
    } else if (conversation || !isUnnamed(conversationId)) {
      conversations.forget(conversationId);
      tell("conversationClosed", { conversationId });
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
    unreadable,
    changed(conversationId, change) {
      // What was sent before this is under way by now.
      turns.catchUp();
      const conversation = conversations.get(conversationId);
      if (conversation && change.invalidated !== undefined) {
        // What is under way as well: once it is answered, nobody goes on from it.
        forgetBodies(conversation);
        conversation.invalidated = change.invalidated;
      }
      tell("conversationChanged", { conversationId, ...change });
    },
    close,
    detach(conversationId) {
      turns.catchUp();
      const conversation = conversations.get(conversationId);
      if (conversation) letGo(conversation);
    },
    detachTag(tag) {
      turns.catchUp();
      for (const conversation of conversations.all()) {
        if (conversation.tag === tag) letGo(conversation);
        // Taken up by another since, whose first request is under way: what is kept is the old one's.
        else if (conversation.last?.tag === tag) conversation.last = null;
      }
    },
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
