/** Binds a warmer to its host: events in, surface out. */
import type { EventEmitter } from "eventemitter3";
import type {
  Disposable,
  Host,
  HostEvents,
  Keeping,
  Logger,
  RememberedTurn,
  SurfaceProvider,
} from "./host.ts";
import { createLedger, type Figures, type Ledger, lastRequestOf, listen, netUsd } from "./ledger/index.ts";
import { manifest } from "./manifest.ts";
import {
  AUTO,
  createHistory,
  createPlanner,
  type GapSummary,
  type History,
  KEEP_WARM_FORMS,
  type KeepWarm,
  type Planner,
  parseKeepWarm,
  stopKindOf,
} from "./policy/index.ts";
import {
  buildConversationSpec,
  buildDefaultSpec,
  parseIntervalPayload,
  SET_INTERVAL_ACTION,
  SURFACE,
  type SurfaceDetails,
  secondsToMs,
  TOGGLE_ACTION,
} from "./pure.ts";
import { systemTimers } from "./timers.ts";
import { type CacheWarmer, createCacheWarmer, guardLogger } from "./warmer.ts";

export type { Ledger } from "./ledger/index.ts";
export { manifest } from "./manifest.ts";

type Listener<E extends keyof HostEvents> = EventEmitter.EventListener<HostEvents, E>;

/** keepwarm at work in a host. */
export interface ActivePlugin extends Disposable {
  readonly warmer: CacheWarmer;
  readonly surface: SurfaceProvider;
  /** What was spent on each conversation, and what was saved. */
  readonly ledger: Ledger;
  /** Forgets what was learned of how the person pauses. Rejects when the storage does. */
  forgetPauses(): Promise<void>;
  /** The same of one conversation, which has ended; false: nothing was known of it. Rejects when the storage does. */
  forgetPausesIn(conversationId: string): Promise<boolean>;
  /** How long the person's pauses are, over all conversations; undefined where that is not watched. */
  pauses(): GapSummary | undefined;
}

/** Starts keeping the host's conversations warm: those that their person has switched on, and no other. */
export function activate(host: Host): ActivePlugin {
  const subscribers = new Set<(conversationId: string) => void>();
  const logger = guardLogger(() => host.logger);
  const now = host.now ?? Date.now;
  const timers = host.timers ?? systemTimers();
  const policyStorage = host.keeping?.storage;
  const history =
    host.keeping === undefined ? null : createHistory(policyStorage && { storage: policyStorage, timers });
  const warmer = createCacheWarmer({
    warm: (conversationId, options) => host.warmService.warm(conversationId, options),
    dispatch: host.dispatch,
    storage: host.storage,
    logger,
    timers,
    now,
    monotonicNow: host.monotonicNow ?? (() => performance.now()),
    ...(host.keeping === undefined ? {} : { planner: plannerOf(host, host.keeping, history) }),
    onSurfaceChange,
  });
  const ledger = createLedger({
    ...host.ledger,
    logger,
    now,
    onChange: onSurfaceChange,
  });
  const surface = createSurface(logger, warmer, ledger, subscribers);

  function onSurfaceChange(conversationId: string): void {
    for (const subscriber of subscribers) {
      try {
        subscriber(conversationId);
      } catch (error) {
        logger.error("keepwarm: a surface's subscriber threw", { error: String(error) });
      }
    }
  }

  const { events } = host;
  function on<E extends keyof HostEvents>(name: E, listener: Listener<E>): () => void {
    events.on(name, listener);
    return () => events.off(name, listener);
  }
  const unsubscribe = [
    // Before the warmer, which asks by what is known of the person.
    ...(history === null ? [] : [remember(events, history, now)]),
    // Before the warmer, so that a surface that it has drawn again shows what the warm cost.
    listen(events, ledger),
    on("turnStarted", ({ conversationId }) => warmer.onTurnStarted(conversationId)),
    on("turnSettled", ({ conversationId, ...turn }) => warmer.onTurnSettled(conversationId, turn)),
    on("warmCompleted", (event) => warmer.onWarmCompleted(event)),
    on("warmAborted", (event) => warmer.onWarmAborted(event)),
    ...(host.dispatch ? [on("warmFailed", warmer.onWarmFailed)] : []),
    on("conversationClosed", ({ conversationId }) => void warmer.onConversationClosed(conversationId)),
    on("conversationDetached", ({ conversationId }) => warmer.onConversationDetached(conversationId)),
    on("conversationChanged", ({ conversationId, ...change }) =>
      warmer.onConversationChanged(conversationId, change),
    ),
  ];
  const unregister = host.surfaces.register(surface);
  if (host.lastTurns) {
    const turns = rememberedTurns(host, logger);
    for (const turn of turns) rememberRequest(ledger, turn);
    void warmer.restore(turns);
  }
  logger.debug("keepwarm: active", { version: manifest.version });

  return {
    warmer,
    surface,
    ledger,
    async forgetPauses() {
      await history?.forget();
    },
    forgetPausesIn: async (conversationId) => (await history?.forgetConversation(conversationId)) ?? false,
    // Of nobody in particular: what all conversations showed.
    pauses: () => history?.activityOf("", now()).person,
    dispose() {
      for (const end of unsubscribe) end();
      unregister();
      warmer.dispose();
      history?.dispose();
      subscribers.clear();
    },
  };
}

/** @throws {TypeError} for a choice that the policy does not know */
function plannerOf({ ledger }: Host, keeping: Keeping, history: History | null): Planner {
  const { storage, spending = storage } = keeping;
  choiceOf(keeping);
  return createPlanner({
    get keepWarm() {
      return choiceOf(keeping);
    },
    get caps() {
      return keeping.limits ?? {};
    },
    ...(ledger?.prices === undefined ? {} : { prices: ledger.prices }),
    ...(spending === undefined ? {} : { storage: spending }),
    ...(history === null ? {} : { activityOf: history.activityOf }),
  });
}

/** @throws {TypeError} for a choice that the policy does not know */
function choiceOf({ keepWarm }: Keeping): KeepWarm {
  const choice = keepWarm === undefined ? AUTO : parseKeepWarm(keepWarm);
  if (choice === null) throw new TypeError(`keepWarm must be ${KEEP_WARM_FORMS}.`);
  return choice;
}

/** Tells the person's history of turns; warms are no activity of anybody's. */
function remember(events: EventEmitter<HostEvents>, history: History, now: () => number): () => void {
  const onStarted: Listener<"turnStarted"> = ({ conversationId }) => history.started(conversationId, now());
  const onSettled: Listener<"turnSettled"> = (turn) =>
    history.settled(turn.conversationId, now(), {
      stop: stopKindOf(turn),
      promptTokens: turn.usage?.inputTokens ?? 0,
    });
  const onRequest: Listener<"requestAnswered"> = ({ conversationId, aside }) => {
    if (aside === true) history.stirred(conversationId, now());
  };
  const onClosed: Listener<"conversationClosed"> = ({ conversationId }) => history.closed(conversationId);
  events.on("turnStarted", onStarted);
  events.on("turnSettled", onSettled);
  events.on("requestAnswered", onRequest);
  events.on("conversationClosed", onClosed);
  events.on("conversationDetached", onClosed);
  return () => {
    events.off("turnStarted", onStarted);
    events.off("turnSettled", onSettled);
    events.off("requestAnswered", onRequest);
    events.off("conversationClosed", onClosed);
    events.off("conversationDetached", onClosed);
  };
}

/** The host's last turns, as far as it can tell them: a broken record is no reason to go without the rest. */
function rememberedTurns(host: Host, logger: Logger): RememberedTurn[] {
  const turns: RememberedTurn[] = [];
  try {
    for (const turn of host.lastTurns?.() ?? []) turns.push(turn);
  } catch (error) {
    logger.error("keepwarm: the host's last turns could not be read", { error: String(error) });
  }
  return turns;
}

/** What the conversation's warms may be credited against. Not every host is typed. */
function rememberRequest(ledger: Ledger, turn: RememberedTurn | null | undefined): void {
  const request = turn && lastRequestOf(turn);
  if (request) ledger.remember(request);
}

/** Nothing to tell before the first warm, nor where no price is known. */
function moneyOf(figures: Figures | null): SurfaceDetails {
  if (figures === null || figures.warms === figures.warmsUnpriced) return {};
  const { spentUsd, savedUsd } = figures;
  return { spentUsd, savedUsd, netUsd: netUsd(figures) };
}

function createSurface(
  logger: Logger,
  warmer: CacheWarmer,
  ledger: Ledger,
  subscribers: Set<(conversationId: string) => void>,
): SurfaceProvider {
  // The last word of a toggle that is still being stored, so that the next one flips that.
  const asked = new Map<string, { readonly enabled: boolean }>();

  async function toggle(conversationId: string): Promise<void> {
    // Off must act at once; only what is not known yet has to be read before it can be flipped.
    if (!warmer.getState(conversationId).enabled) await warmer.load(conversationId);
    const { enabled } = asked.get(conversationId) ?? warmer.getState(conversationId);
    const wish = { enabled: !enabled };
    asked.set(conversationId, wish);
    try {
      await warmer.setEnabled(conversationId, wish.enabled);
    } finally {
      if (asked.get(conversationId) === wish) asked.delete(conversationId);
    }
  }

  return {
    catalogEntry: { ...SURFACE, scope: "conversation" },

    getSpec({ conversationId } = {}) {
      if (conversationId === undefined) return buildDefaultSpec();
      // A conversation in focus shows its stored settings; the notice that follows redraws it.
      void warmer.load(conversationId);
      const state = warmer.getState(conversationId);
      const { why } = warmer.getStatus(conversationId);
      return buildConversationSpec(
        state.enabled,
        warmer.look(conversationId).intervalMs,
        state.lastPct,
        state.lastExpectedPct,
        state.nextWarmAt,
        state.lastWarmAt,
        { ...(why === null ? {} : { why }), ...moneyOf(ledger.figuresOf(conversationId)) },
      );
    },

    async invoke(actionId, payload, { conversationId } = {}) {
      if (conversationId === undefined) return;
      if (actionId === TOGGLE_ACTION) {
        await toggle(conversationId);
      } else if (actionId === SET_INTERVAL_ACTION) {
        const seconds = parseIntervalPayload(payload);
        const intervalMs = seconds === null ? null : secondsToMs(seconds);
        if (intervalMs === null) {
          logger.warn("keepwarm: an interval must be a positive number of seconds", { conversationId });
          return;
        }
        await warmer.setIntervalMs(conversationId, intervalMs);
      }
    },

    subscribe(onChange) {
      // A function of its own, so that the same callback may subscribe twice.
      const subscriber = (conversationId: string) => onChange(conversationId);
      subscribers.add(subscriber);
      return () => {
        subscribers.delete(subscriber);
      };
    },
  };
}
