/** Binds a warmer to its host: events in, surface out. */
import type { EventEmitter } from "eventemitter3";
import type { Disposable, Host, HostEvents, SurfaceProvider } from "./host.ts";
import { manifest } from "./manifest.ts";
import {
  buildConversationSpec,
  buildDefaultSpec,
  parseIntervalPayload,
  SET_INTERVAL_ACTION,
  SURFACE,
  secondsToMs,
  TOGGLE_ACTION,
} from "./pure.ts";
import { systemTimers } from "./timers.ts";
import { type CacheWarmer, createCacheWarmer } from "./warmer.ts";

export { manifest } from "./manifest.ts";

type Listener<E extends keyof HostEvents> = EventEmitter.EventListener<HostEvents, E>;

/** keepwarm at work in a host. */
export interface ActivePlugin extends Disposable {
  readonly warmer: CacheWarmer;
  readonly surface: SurfaceProvider;
}

/** Starts keeping the host's conversations warm: those that their person has switched on, and no other. */
export function activate(host: Host): ActivePlugin {
  const subscribers = new Set<(conversationId: string) => void>();
  const warmer = createCacheWarmer({
    warm: (conversationId, options) => host.warmService.warm(conversationId, options),
    storage: host.storage,
    logger: host.logger,
    timers: host.timers ?? systemTimers(),
    now: host.now ?? Date.now,
    monotonicNow: host.monotonicNow ?? (() => performance.now()),
    onSurfaceChange(conversationId) {
      for (const subscriber of subscribers) {
        try {
          subscriber(conversationId);
        } catch (error) {
          host.logger.error("keepwarm: a surface's subscriber threw", { error: String(error) });
        }
      }
    },
  });
  const surface = createSurface(host, warmer, subscribers);

  const { events } = host;
  function on<E extends keyof HostEvents>(name: E, listener: Listener<E>): () => void {
    events.on(name, listener);
    return () => events.off(name, listener);
  }
  const unsubscribe = [
    on("turnStarted", ({ conversationId }) => warmer.onTurnStarted(conversationId)),
    on("turnSettled", ({ conversationId, ...turn }) => warmer.onTurnSettled(conversationId, turn)),
    on("warmCompleted", (event) => warmer.onWarmCompleted(event)),
    on("conversationClosed", ({ conversationId }) => void warmer.onConversationClosed(conversationId)),
    on("conversationDetached", ({ conversationId }) => warmer.onConversationDetached(conversationId)),
    on("conversationChanged", ({ conversationId, ...change }) =>
      warmer.onConversationChanged(conversationId, change),
    ),
  ];
  const unregister = host.surfaces.register(surface);
  if (host.lastTurns) void warmer.restore(host.lastTurns());
  host.logger.info("keepwarm: active", { version: manifest.version });

  return {
    warmer,
    surface,
    dispose() {
      for (const end of unsubscribe) end();
      unregister();
      warmer.dispose();
      subscribers.clear();
    },
  };
}

function createSurface(
  host: Host,
  warmer: CacheWarmer,
  subscribers: Set<(conversationId: string) => void>,
): SurfaceProvider {
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
        state.intervalMs,
        state.lastPct,
        state.lastExpectedPct,
        state.nextWarmAt,
        state.lastWarmAt,
        why === null ? undefined : { why },
      );
    },

    async invoke(actionId, payload, { conversationId } = {}) {
      if (conversationId === undefined) return;
      if (actionId === TOGGLE_ACTION) {
        // Off must act at once; only what is not known yet has to be read before it can be flipped.
        if (!warmer.getState(conversationId).enabled) await warmer.load(conversationId);
        await warmer.setEnabled(conversationId, !warmer.getState(conversationId).enabled);
      } else if (actionId === SET_INTERVAL_ACTION) {
        const seconds = parseIntervalPayload(payload);
        const intervalMs = seconds === null ? null : secondsToMs(seconds);
        if (intervalMs === null) {
          host.logger.warn("keepwarm: an interval must be a positive number of seconds", { conversationId });
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
