/**
 * A conversation's life: lifecycle events in, warm requests out.
 *
 * Everything ambient (clocks, timers, storage, the warm itself) is injected, and read from `deps` at each
 * use. Inside (`core/`) there is one mutable record per conversation, the loop that arms, sends and tries
 * again, and what keeps settings in memory and in storage the same.
 */
import {
  dropCompletion,
  isOvertaken,
  noteUnknown,
  takeCompletion,
  tellsUsage,
  unreported,
} from "./core/completion.ts";
import {
  type Conversation,
  type ConversationStatus,
  newConversation,
  stateOf,
  statusOf,
} from "./core/conversation.ts";
import { guardLogger } from "./core/guarded-logger.ts";
import { idleSpanOf } from "./core/idle-span.ts";
import { type ConversationLook, lookOf } from "./core/look.ts";
import { createReleased } from "./core/released.ts";
import { createRestore } from "./core/restore.ts";
import { createSettingsSync } from "./core/settings-sync.ts";
import { takeTurn } from "./core/turn.ts";
import { failureFrom } from "./core/warm-failure.ts";
import { createWarming } from "./core/warming.ts";
import type {
  ConversationChange,
  Logger,
  RememberedTurn,
  StorageNamespace,
  Timers,
  TurnContext,
  WarmAborted,
  WarmCompleted,
  WarmService,
} from "./host.ts";
import { formatKeepWarm, KEEP_WARM_FORMS, type Planner, parseKeepWarm } from "./policy/index.ts";
import {
  type ConversationContext,
  type ConversationSettings,
  type ConversationState,
  type Instant,
  withInterval,
} from "./pure.ts";

export type { ConversationStatus, Phase } from "./core/conversation.ts";
export { guardLogger } from "./core/guarded-logger.ts";
export type { ConversationLook } from "./core/look.ts";
export type TimerDeps = Timers;

export interface CacheWarmerDeps {
  readonly warm: WarmService["warm"];
  readonly storage: StorageNamespace;
  readonly logger: Logger;
  readonly timers: TimerDeps;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Monotonic clock, ms from any origin. @default the wall clock, which cannot notice being set back */
  readonly monotonicNow?: () => number;
  /** A number in [0, 1), for jitter. @default Math.random */
  readonly random?: () => number;
  /** Decides how long a conversation is kept warm. @default as long as it is switched on */
  readonly planner?: Planner;
  /** Something that a surface shows has changed. */
  readonly onSurfaceChange: (conversationId: string) => void;
}

export type WarmNowAnswer = { readonly sent: true } | { readonly sent: false; readonly why: string };

export interface CacheWarmer {
  /** A request goes out: nothing may be warmed until it settles. */
  onTurnStarted(conversationId: string): void;
  onTurnSettled(conversationId: string, context: TurnContext): void;
  onWarmCompleted(event: WarmCompleted): void;
  /** A warm was sent whose answer was never read: it counts against what may be spent. */
  onWarmAborted(event: WarmAborted): void;
  /** The person closed it: off, and remembered as off. Resolves when that is stored; never rejects. */
  onConversationClosed(conversationId: string): Promise<void>;
  /** The host lets go of it: stopped and forgotten, its settings untouched. */
  onConversationDetached(conversationId: string): void;
  onConversationChanged(conversationId: string, change: ConversationChange): void;

  getState(conversationId: string): ConversationState;
  getContext(conversationId: string): ConversationContext;
  /** Where it stands, and why it is not being warmed. */
  getStatus(conversationId: string): ConversationStatus;
  /** Its last turn, its prefix, and what the policy said of it. */
  look(conversationId: string): ConversationLook;
  /** Ids of all conversations in memory. */
  conversations(): readonly string[];

  /** Rejects when the storage does; off holds in memory all the same, on does not. */
  setEnabled(conversationId: string, enabled: boolean): Promise<ConversationSettings>;
  /**
   * Switches on a conversation of which nothing is stored, and no other: what its person ever chose, and
   * whatever is asked for meanwhile, stays. Rejects when the storage does.
   */
  enableIfNew(conversationId: string): Promise<ConversationSettings>;
  /** Clamps to the minimum. Rejects when the storage does. */
  setIntervalMs(conversationId: string, intervalMs: number): Promise<ConversationSettings>;
  /**
   * Chooses for how long it is kept warm, in the policy's words; null: what holds where nobody chose. Rejects with
   * a TypeError for what is no such choice, and when the storage does.
   */
  setKeepWarm(conversationId: string, keepWarm: string | null): Promise<ConversationSettings>;
  /** Warms at once if that is safe, and says why when it is not. */
  warmNow(conversationId: string): Promise<WarmNowAnswer>;
  /** Lets go of a conversation and removes its settings. Rejects when the storage does. */
  forget(conversationId: string): Promise<void>;
  /** Reads the conversation's stored settings, once. Never rejects. */
  load(conversationId: string): Promise<void>;
  /** After a restart: loads what is stored as enabled, and re-arms the turns whose prefix is still alive. */
  restore(turns?: Iterable<RememberedTurn>): Promise<void>;
  /** Cancels every timer and aborts every warm. */
  dispose(): void;
}

// Tells a warmer's own warm ids from those of a host and of other warmers.
let warmers = 0;

export function createCacheWarmer(deps: CacheWarmerDeps): CacheWarmer {
  const conversations = new Map<string, Conversation>();
  const released = createReleased();
  let disposed = false;

  const context = {
    logger: guardLogger(() => deps.logger),
    ownIds: `keepwarm-${deps.now().toString(36)}-${++warmers}-`,
    now(): Instant {
      const wallMs = deps.now();
      return { wallMs, monotonicMs: deps.monotonicNow?.() ?? wallMs };
    },
    random: () => deps.random?.() ?? Math.random(),
    notify: (conversation: Conversation) => {
      if (disposed) return;
      try {
        deps.onSurfaceChange(conversation.id);
      } catch (error) {
        // A surface's mistake must not break a turn, nor the timer or promise that we are called from.
        context.logger.error("keepwarm: the surface could not be told of a change", {
          conversationId: conversation.id,
          error: failureFrom(error).error,
        });
      }
    },
    plan: (conversation: Conversation, now: Instant) =>
      deps.planner?.plan(idleSpanOf(conversation, now)) ?? null,
    limit: (conversation: Conversation) =>
      deps.planner?.limit(idleSpanOf(conversation, context.now())) ?? null,
    policyName: ({ settings }: Conversation) => deps.planner?.nameOf(settings.keepWarm) ?? null,
    holds: (conversation: Conversation) => conversations.get(conversation.id) === conversation,
  };
  const { holds, logger, notify } = context;
  const warming = createWarming(deps, context);
  const settings = createSettingsSync(deps, context);
  const restore = createRestore(warming, settings, { ...context, conversations, open, load });

  /** The conversation's record, made if there is none. A disposed warmer keeps nothing. */
  function open(conversationId: string): Conversation {
    released.delete(conversationId);
    const conversation = conversations.get(conversationId) ?? newConversation(conversationId);
    if (!disposed) conversations.set(conversationId, conversation);
    return conversation;
  }

  /** How a conversation looks that is not in memory: it holds no timer and no prefix. */
  function unheld(conversationId: string): Conversation {
    const blank = newConversation(conversationId);
    return { ...blank, settings: released.settingsOf(conversationId) ?? blank.settings };
  }

  function load(conversation: Conversation): Promise<void> {
    if (disposed) return Promise.resolve();
    return settings.load(conversation, (changed) => {
      // A turn that settled before its settings were read is armed now, from when it settled.
      warming.arm(conversation, conversation.idleSinceMs);
      if (changed) notify(conversation);
    });
  }

  /** Stops at once, in memory. */
  function switchOff(conversation: Conversation, { superseded }: { superseded: boolean }): void {
    conversation.settings = { ...conversation.settings, enabled: false };
    warming.disarm(conversation);
    warming.abort(conversation, { superseded });
  }

  /** Nothing is sent, and what was sent counts no more. */
  function stop(conversation: Conversation): void {
    warming.disarm(conversation);
    warming.abort(conversation, { superseded: true });
  }

  function release(conversation: Conversation): void {
    stop(conversation);
    conversations.delete(conversation.id);
    released.add(conversation.id);
  }

  return {
    onTurnStarted(conversationId) {
      const conversation = open(conversationId);
      conversation.active = true;
      conversation.closing = false;
      conversation.turnStartedMonotonicMs = context.now().monotonicMs;
      conversation.halt = null;
      conversation.trouble = null;
      stop(conversation);
      notify(conversation);
      void load(conversation);
    },

    onTurnSettled(conversationId, turn) {
      if (released.has(conversationId)) {
        logger.debug("keepwarm: ignored a turn that settled after its conversation ended", {
          conversationId,
        });
        return;
      }
      const conversation = open(conversationId);
      const settledAt = context.now();
      takeTurn(conversation, turn, settledAt);
      // Its start may have gone untold.
      warming.abort(conversation, { superseded: true });
      warming.arm(conversation, settledAt.wallMs);
      // After arming, so that the notice carries the new due time.
      notify(conversation);
      void load(conversation);
    },

    onWarmCompleted(event) {
      const { conversationId } = event;
      // Paid for, overtaken or not.
      if (!event.foreign) deps.planner?.spent(event.costUsd ?? null, deps.now());
      const known = conversations.get(conversationId);
      const last = unreported(known, warming.flightOf(conversationId));
      const now = context.now();
      const isVoid = disposed || released.has(conversationId);
      if (isVoid || isOvertaken(event, known, last, context.ownIds, now)) {
        dropCompletion(event, known, last);
        logger.debug("keepwarm: dropped the answer of an overtaken warm", { conversationId });
        return;
      }
      if (!tellsUsage(event)) {
        logger.warn("keepwarm: dropped a completed warm that came without its usage", { conversationId });
        if (!known) return;
        noteUnknown(event, known, last, now);
        notify(known);
        return;
      }
      const conversation = open(conversationId);
      takeCompletion(event, conversation, last, now);
      // Before the notice, so that it carries the next due time and never the one just used up.
      warming.arm(conversation, conversation.idleSinceMs);
      notify(conversation);
    },

    onWarmAborted({ conversationId, costUsd }) {
      deps.planner?.spent(costUsd ?? null, deps.now());
      const conversation = conversations.get(conversationId);
      if (!conversation) return;
      const { span } = conversation;
      conversation.span = { ...span, warms: span.warms + 1, spentUsd: span.spentUsd + (costUsd ?? 0) };
    },

    async onConversationClosed(conversationId) {
      const conversation = open(conversationId);
      conversation.closing = true;
      // Before the first await, so that a turn that settles now finds it off.
      switchOff(conversation, { superseded: true });
      notify(conversation);
      try {
        await settings.storeEnabled(conversation, false);
      } catch {
        // Reported by then; kept in memory as off, because the storage may still say on.
        return;
      }
      // Unless it was opened again meanwhile.
      if (holds(conversation) && conversation.closing) release(conversation);
    },

    onConversationDetached(conversationId) {
      const conversation = conversations.get(conversationId);
      if (!conversation) return;
      stop(conversation);
      // Before it is forgotten, so that a surface that asks for it there and then does not bring it back.
      notify(conversation);
      release(conversation);
    },

    onConversationChanged(conversationId, { invalidated, ...facts }) {
      const conversation = conversations.get(conversationId);
      if (!conversation) return;
      const before = conversation.facts;
      conversation.facts = { ...conversation.facts, ...facts };
      const isOpen = conversation.facts.open !== false;
      if (invalidated !== undefined) {
        conversation.prefix = null;
        conversation.halt = {
          phase: "stopped",
          why: `The prefix is no longer what was last sent (${invalidated}); the next turn starts afresh.`,
        };
      }
      if (invalidated !== undefined || !isOpen) {
        stop(conversation);
      } else if (before.open === false) {
        warming.arm(conversation, deps.now());
      } else if (conversation.plan !== null && before.waiting !== conversation.facts.waiting) {
        // News for the policy: a stop is not final.
        warming.arm(conversation, conversation.idleSinceMs);
      }
      notify(conversation);
    },

    getState: (conversationId) => stateOf(conversations.get(conversationId) ?? unheld(conversationId)),
    getContext: (conversationId) => ({ ...conversations.get(conversationId)?.context }),
    getStatus: (conversationId) =>
      statusOf(
        conversations.get(conversationId) ?? unheld(conversationId),
        warming.flightOf(conversationId),
        context.now(),
      ),
    look: (conversationId) =>
      lookOf(conversations.get(conversationId) ?? unheld(conversationId), context.now()),
    conversations: () => [...conversations.keys()],

    async setEnabled(conversationId, wanted) {
      // Not every caller is typed: what is not plainly on is off.
      const enabled = wanted === true;
      const conversation = open(conversationId);
      conversation.closing = false;
      // Off acts before the first await. Where the settings are not loaded yet, nothing was armed, and
      // the one notice waits for them.
      const noticed = !enabled && conversation.loaded;
      if (!enabled) switchOff(conversation, { superseded: false });
      if (noticed) notify(conversation);
      const stored = await settings.storeEnabled(conversation, enabled);
      if (!holds(conversation)) return stored;
      // Turned on now, not when the turn settled: the interval begins here.
      if (conversation.settings.enabled && conversation.timer === null) {
        warming.arm(conversation, deps.now());
      }
      if (!noticed) notify(conversation);
      return stored;
    },

    async enableIfNew(conversationId) {
      const conversation = open(conversationId);
      const { settings: stored, isNew, changed } = await settings.storeFirst(conversation);
      if (!holds(conversation) || !changed) return stored;
      // Turned on now; or else what was stored has only now been read.
      warming.arm(conversation, isNew ? deps.now() : conversation.idleSinceMs);
      notify(conversation);
      return stored;
    },

    async setIntervalMs(conversationId, intervalMs) {
      const conversation = open(conversationId);
      const wasOn = conversation.settings.enabled;
      const stored = await settings.storeChange(conversation, (before) => withInterval(before, intervalMs));
      if (!holds(conversation)) return stored;
      // What is stored may have told only now that it is on.
      const learnedOn = !wasOn && conversation.settings.enabled;
      if (conversation.timer !== null || learnedOn) warming.arm(conversation, deps.now());
      notify(conversation);
      return stored;
    },

    async setKeepWarm(conversationId, keepWarm) {
      const choice = keepWarm === null ? null : parseKeepWarm(keepWarm);
      if (keepWarm !== null && choice === null) throw new TypeError(`keep warm is ${KEEP_WARM_FORMS}`);
      const conversation = open(conversationId);
      const stored = await settings.storeChange(conversation, ({ keepWarm: _, ...others }) =>
        choice === null ? others : { ...others, keepWarm: formatKeepWarm(choice) },
      );
      if (!holds(conversation)) return stored;
      warming.arm(conversation, conversation.idleSinceMs);
      notify(conversation);
      return stored;
    },

    async warmNow(conversationId) {
      const conversation = conversations.get(conversationId);
      if (!conversation) return { sent: false, why: "This conversation is not known." };
      const why = warming.whyNotNow(conversation);
      if (why !== null) return { sent: false, why };
      warming.disarm(conversation);
      // Before the notice, so that whoever hears it finds the warm on its way.
      const landed = warming.send(conversation);
      notify(conversation);
      await landed;
      return { sent: true };
    },

    async forget(conversationId) {
      const conversation = conversations.get(conversationId);
      if (conversation) {
        stop(conversation);
        notify(conversation);
        release(conversation);
      }
      await settings.remove(conversationId);
    },

    async load(conversationId) {
      if (!released.has(conversationId)) return load(open(conversationId));
      // A surface that still shows what was let go of gets its settings, and does not bring it back.
      const stored = await settings.peek(conversationId);
      if (stored === null || isSame(stored, released.settingsOf(conversationId))) return;
      released.note(conversationId, stored);
      notify(unheld(conversationId));
    },

    restore: (turns = []) => restore(turns),

    dispose() {
      disposed = true;
      for (const conversation of conversations.values()) stop(conversation);
      conversations.clear();
    },
  };
}

function isSame(a: ConversationSettings, b: ConversationSettings | undefined): boolean {
  return a.enabled === b?.enabled && a.intervalMs === b.intervalMs && a.keepWarm === b.keepWarm;
}
