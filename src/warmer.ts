/**
 * A conversation's life: lifecycle events in, warm requests out.
 *
 * Everything ambient (clocks, timers, storage, the warm itself) is injected, and read from `deps` at each
 * use. Inside (`core/`) there is one mutable record per conversation, the loop that arms, sends and tries
 * again, and what keeps settings in memory and in storage the same.
 */
import type { CacheWarmer, CacheWarmerDeps } from "./core/cache-warmer.ts";
import { createChoices } from "./core/choices.ts";
import {
  dropCompletion,
  isOvertaken,
  noteUnknown,
  takeCompletion,
  tellsUsage,
  unreported,
} from "./core/completion.ts";
import { type Conversation, newConversation, stateOf, statusOf } from "./core/conversation.ts";
import { guardLogger } from "./core/guarded-logger.ts";
import { failElsewhere } from "./core/handing-over.ts";
import { idleSpanOf } from "./core/idle-span.ts";
import { forecastOf, lookOf } from "./core/look.ts";
import { createReleased } from "./core/released.ts";
import { createRestore } from "./core/restore.ts";
import { createSettingsSync } from "./core/settings-sync.ts";
import { takeTurn } from "./core/turn.ts";
import { failureFrom } from "./core/warm-failure.ts";
import { createWarming } from "./core/warming.ts";
import { type ConversationSettings, type Instant, prefixIsVoid } from "./pure.ts";

export type { CacheWarmer, CacheWarmerDeps, TimerDeps, WarmNowAnswer } from "./core/cache-warmer.ts";
export type { ConversationStatus, Phase } from "./core/conversation.ts";
export { guardLogger } from "./core/guarded-logger.ts";
export type { ConversationLook } from "./core/look.ts";

/** So many plans take no longer than a turn of the event loop may. */
const RECONSIDERED_AT_ONCE = 200;

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
  const choices = createChoices(warming, settings, { holds, notify, open, switchOff, now: () => deps.now() });
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

  function reconsiderSome(waiting: readonly Conversation[]): void {
    for (const conversation of waiting.slice(0, RECONSIDERED_AT_ONCE)) {
      if (!holds(conversation) || conversation.plan === null) continue;
      warming.arm(conversation, conversation.idleSinceMs);
      notify(conversation);
    }
    const left = waiting.slice(RECONSIDERED_AT_ONCE);
    if (left.length > 0 && !disposed) deps.timers.setTimer(() => reconsiderSome(left), 0);
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

    onWarmFailed(event) {
      failElsewhere(context, warming.disarm, conversations.get(event.conversationId), event);
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
      // Who was never said to be there has not just left.
      if (facts.present === true || (facts.present === false && before.present === true)) {
        conversation.seen = context.now();
      }
      if (invalidated !== undefined) {
        conversation.prefix = null;
        conversation.halt = {
          phase: "stopped",
          why: prefixIsVoid(invalidated),
        };
      }
      if (invalidated !== undefined || !isOpen) {
        stop(conversation);
      } else if (before.open === false) {
        warming.arm(conversation, deps.now());
      } else if (conversation.plan !== null && isNews(before, conversation.facts)) {
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
    forecast(conversationId) {
      const conversation = conversations.get(conversationId);
      return conversation === undefined ? null : forecastOf(conversation, deps.planner, context.now());
    },
    conversations: () => [...conversations.keys()],

    ...choices,

    reconsider() {
      reconsiderSome([...conversations.values()]);
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

/** Of what may change a policy's mind: what the conversation waits for, and that its person has come. */
function isNews(before: Conversation["facts"], now: Conversation["facts"]): boolean {
  return before.waiting !== now.waiting || (now.present === true && before.present !== true);
}
