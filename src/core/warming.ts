/** The loop of one conversation's warms: arm, fire, send, land, try again. */

import type { Logger, Timers, WarmDispatch, WarmFailure, WarmService } from "../host.ts";
import type { Plan, Planner } from "../policy/index.ts";
import { dueAt, type Instant, isTokenCurrent, lifeLeftMs, retryDelayMs, shouldWarm } from "../pure.ts";
import {
  type Conversation,
  type Flight,
  lapsed,
  OUTLIVED,
  outlived,
  stateOf,
  stoppedBy,
} from "./conversation.ts";
import { isHandedOver, takeBack } from "./handing-over.ts";
import { latestOf } from "./idle-span.ts";
import { failureFrom, failureOf, isPermanent } from "./warm-failure.ts";

export interface WarmingDeps {
  readonly warm: WarmService["warm"];
  readonly timers: Timers;
  readonly dispatch?: WarmDispatch | undefined;
  readonly planner?: Planner;
}

/** What the loop needs to know of the warmer it belongs to. */
export interface WarmingContext {
  readonly logger: Logger;
  now(): Instant;
  /** In [0, 1). */
  random(): number;
  notify(conversation: Conversation): void;
  /** What the policy says; null without one. */
  plan(conversation: Conversation, now: Instant): Plan | null;
  /** Why a warm asked for by hand is over the person's limits; null when it is not. */
  limit(conversation: Conversation): string | null;
  /** The policy that decides, for the ledger; null without one. */
  policyName(conversation: Conversation): string | null;
  /** False once the conversation was forgotten or the warmer disposed of. */
  holds(conversation: Conversation): boolean;
  /** Begins every warm id, so that own warms are told from a host's. */
  readonly ownIds: string;
}

export interface Warming {
  /** Arms for the next warm if there is one to send. The interval counts from `fromMs` (epoch ms). */
  arm(conversation: Conversation, fromMs: number): void;
  disarm(conversation: Conversation): void;
  /** Sends a warm now. The caller has checked what {@link whyNotNow} checks. */
  send(conversation: Conversation): Promise<void>;
  /** Why a warm must not be sent at this moment, or null. */
  whyNotNow(conversation: Conversation): string | null;
  /** @param superseded its answer, should it still come, must not be taken for a newer warm's */
  abort(conversation: Conversation, options: { superseded: boolean }): void;
  flightOf(conversationId: string): Flight | undefined;
}

/** Longest delay in ms that timers can be trusted to keep; `setTimeout` fires at once for a longer one. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** Least time between two questions about a warm that is due, in ms. */
const LEAST_WAIT_MS = 250;

/** @param deps read at each use */
export function createWarming(deps: WarmingDeps, context: WarmingContext): Warming {
  // Kept beside the conversations: a flight may outlive the memory of its conversation, and while it is
  // in the air no other may start.
  const flights = new Map<string, Flight>();
  let lastToken = 0;

  function disarm(conversation: Conversation): void {
    if (conversation.timer !== null) deps.timers.clearTimer(conversation.timer);
    takeBack(deps, conversation);
    conversation.timer = null;
    conversation.nextWarmAt = null;
    // Voids a timer that has fired but not yet run, and a fire that waits for a flight to land.
    conversation.token = ++lastToken;
  }

  function arm(conversation: Conversation, fromMs: number): void {
    disarm(conversation);
    const { settings, prefix } = conversation;
    if (!isWanted(conversation) || prefix === null || !context.holds(conversation)) return;
    const now = context.now();
    if (lifeLeftMs(prefix, now) > 0) {
      conversation.dueAt = dueAt(prefix, settings, fromMs, now, context.random());
      conversation.latestAt = latestOf(conversation, now);
      decide(conversation, now);
    } else {
      conversation.halt = OUTLIVED;
    }
  }

  /** Asks the policy, and does as it says. Without one the warm goes out when it is due. */
  function decide(conversation: Conversation, now: Instant): void {
    const plan = context.plan(conversation, now);
    conversation.plan = plan;
    // Never later than it can: a plan may ask for it earlier.
    if (plan === null) schedule(conversation, conversation.dueAt, now);
    else if (plan.warmAt !== undefined)
      schedule(conversation, Math.min(plan.warmAt, conversation.latestAt), now);
    else if (plan.askAgainAt !== undefined) askAgain(conversation, plan.askAgainAt, now);
    else awaitLapse(conversation, now);
  }

  /** Nothing is sent any more, but once its prefix has lapsed it is said to have. */
  function awaitLapse(conversation: Conversation, now: Instant): void {
    if (conversation.prefix) askAgain(conversation, now.wallMs + lifeLeftMs(conversation.prefix, now), now);
  }

  /** Nothing is sent until then, and nothing counts down. */
  function askAgain(conversation: Conversation, atMs: number, now: Instant): void {
    const { token } = conversation;
    const untilDueMs = Math.max(0, conversation.dueAt - now.wallMs);
    const delayMs = Math.max(0, atMs - now.wallMs);
    // Not after it is due; but what is due already may be told to wait a moment.
    const waitMs = untilDueMs > 0 ? Math.min(delayMs, untilDueMs) : Math.max(delayMs, LEAST_WAIT_MS);
    conversation.timer = deps.timers.setTimer(
      () => {
        if (!isTokenCurrent(conversation.token, token)) return;
        conversation.timer = null;
        const then = context.now();
        if (!context.holds(conversation) || !isWanted(conversation) || conversation.prefix === null) return;
        if (lifeLeftMs(conversation.prefix, then) <= 0) conversation.halt = outlived(conversation.plan);
        else decide(conversation, then);
        context.notify(conversation);
      },
      Math.min(waitMs, LONGEST_DELAY_MS),
    );
  }

  /** Whether warms are to go out by themselves. */
  function isWanted({ settings, active, facts, halt }: Conversation): boolean {
    return settings.enabled && !active && facts.open !== false && halt === null;
  }

  function schedule(conversation: Conversation, atMs: number, now: Instant): void {
    if (isHandedOver(deps, context, disarm, conversation, atMs, now)) return;
    const { token } = conversation;
    conversation.nextWarmAt = atMs;
    const delayMs = Math.min(atMs - now.wallMs, LONGEST_DELAY_MS);
    conversation.timer = deps.timers.setTimer(() => {
      // Cleared, but already on its way: the newer timer must not be forgotten for it.
      if (!isTokenCurrent(conversation.token, token)) return;
      conversation.timer = null;
      conversation.nextWarmAt = null;
      fire(conversation, token);
    }, delayMs);
  }

  function fire(conversation: Conversation, token: number): void {
    if (!context.holds(conversation) || !shouldWarm(stateOf(conversation), token)) return;
    const flight = flights.get(conversation.id);
    if (flight) {
      // An overtaken warm that has not answered yet: never two at once, so this one waits for it.
      void flight.landed.then(() => fire(conversation, token));
      return;
    }
    // A late timer: the laptop slept, the process was stopped, a clock jumped.
    if (conversation.prefix === null || lifeLeftMs(conversation.prefix, context.now()) <= 0) {
      conversation.halt = OUTLIVED;
      context.notify(conversation);
      return;
    }
    // What was worth it when it was planned may not be any more.
    const now = context.now();
    // Its time has come, wherever the wall clock was set meanwhile.
    conversation.dueAt = Math.min(conversation.dueAt, now.wallMs);
    conversation.latestAt = Math.min(conversation.latestAt, now.wallMs);
    const plan = context.plan(conversation, now);
    conversation.plan = plan;
    if (plan === null || (plan.warmAt !== undefined && plan.warmAt <= now.wallMs)) {
      void send(conversation);
      return;
    }
    // At its lapse at the latest, to say so.
    const lapsesAt = now.wallMs + lifeLeftMs(conversation.prefix, now);
    if (plan.warmAt !== undefined) schedule(conversation, Math.min(plan.warmAt, lapsesAt), now);
    if (plan.askAgainAt !== undefined) askAgain(conversation, plan.askAgainAt, now);
    if (plan.stop !== undefined) awaitLapse(conversation, now);
    context.notify(conversation);
  }

  function send(conversation: Conversation): Promise<void> {
    const { cwd, modelName } = conversation.context;
    const policy = context.policyName(conversation);
    const flight: Flight = {
      warmId: `${context.ownIds}${conversation.token}`,
      startedAt: context.now(),
      controller: new AbortController(),
      landed: Promise.resolve(),
      superseded: false,
      completed: false,
    };
    conversation.awaiting = null;
    flights.set(conversation.id, flight);
    context.logger.debug("keepwarm: warming", { conversationId: conversation.id, warmId: flight.warmId });
    const options = {
      ...(cwd === undefined ? {} : { cwd }),
      ...(modelName === undefined ? {} : { modelName }),
      signal: flight.controller.signal,
      warmId: flight.warmId,
      ...(policy === null ? {} : { policy }),
    };
    // Inside `then`-able code, so that a service that throws at once is a rejection like any other.
    const answer = (async () => deps.warm(conversation.id, options))();
    flight.landed = answer
      .then(failureOf, failureFrom)
      .then((failure) => land(conversation, flight, failure));
    return flight.landed;
  }

  /** The warm service has answered. A success counts only by its `warmCompleted`. */
  function land(conversation: Conversation, flight: Flight, failure: WarmFailure | null): void {
    flights.delete(conversation.id);
    if (flight.completed || !context.holds(conversation)) return;
    // An overtaken one, too: its report is still to come, and must be known for what it is.
    if (failure === null) conversation.awaiting = flight;
    // What was aborted failed by that.
    else if (!flight.controller.signal.aborted && !hasBeenUsedSince(conversation, flight)) {
      failed(conversation, failure);
    }
  }

  /** A manual warm has done it meanwhile, and armed for the next. */
  function hasBeenUsedSince({ prefix }: Conversation, { startedAt }: Flight): boolean {
    return prefix !== null && prefix.lastUsedAt.monotonicMs > startedAt.monotonicMs;
  }

  function failed(conversation: Conversation, failure: WarmFailure): void {
    disarm(conversation);
    conversation.failures++;
    const { id: conversationId, prefix, failures } = conversation;
    const now = context.now();
    const delayMs = retryDelayMs(failures, failure.retryAfterMs, prefix?.ttlMs ?? null, context.random());
    if (isPermanent(failure)) {
      conversation.halt = stoppedBy(failure);
    } else if (!isWanted(conversation)) {
      conversation.trouble = `The last warm failed (${failure.error}).`;
    } else if (prefix === null || lifeLeftMs(prefix, now) <= delayMs) {
      conversation.halt = lapsed(
        `The warm failed (${failure.error}), and the cache entry expires before another try would reach it.`,
      );
    } else {
      conversation.trouble = `The last warm failed (${failure.error}); trying again.`;
      schedule(conversation, now.wallMs + delayMs, now);
    }
    context.logger.warn("keepwarm: warm failed", {
      conversationId,
      error: failure.error,
      status: failure.status,
      retryInMs: conversation.timer === null ? null : delayMs,
    });
    context.notify(conversation);
  }

  function whyNotNow(conversation: Conversation): string | null {
    const { settings, active, prefix, context: turn } = conversation;
    if (!settings.enabled) return "Warming is off for this conversation: switch it on first.";
    if (active) return "A turn is under way, and it keeps the cache warm by itself.";
    if (turn.notWarmable !== undefined) return turn.notWarmable;
    if (flights.has(conversation.id)) return "A warm is already on its way.";
    if (prefix === null) return "There is no prefix to warm before the first turn.";
    if (lifeLeftMs(prefix, context.now()) <= 0) return OUTLIVED.why;
    return context.limit(conversation);
  }

  return {
    arm,
    disarm,
    send,
    whyNotNow,
    abort({ id, awaiting }, { superseded }) {
      if (awaiting) awaiting.superseded ||= superseded;
      const flight = flights.get(id);
      if (!flight) return;
      flight.superseded ||= superseded;
      flight.controller.abort();
    },
    flightOf: (conversationId) => flights.get(conversationId),
  };
}
