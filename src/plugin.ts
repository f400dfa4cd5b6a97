/** Binds a warmer to its host: events in, surface out. */
import type { EventEmitter } from "eventemitter3";
import type { Disposable, Host, HostEvents, Logger, RememberedTurn, SurfaceProvider } from "./host.ts";
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
import { type CacheWarmer, createCacheWarmer, guardLogger } from "./warmer.ts";

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
  const logger = guardLogger(() => host.logger);
  const warmer = createCacheWarmer({
    warm: (conversationId, options) => host.warmService.warm(conversationId, options),
    storage: host.storage,
    logger,
    timers: host.timers ?? systemTimers(),
    now: host.now ?? Date.now,
    monotonicNow: host.monotonicNow ?? (() => performance.now()),
    onSurfaceChange(conversationId) {
      for (const subscriber of subscribers) {
        try {
          subscriber(conversationId);
        } catch (error) {
          logger.error("keepwarm: a surface's subscriber threw", { error: String(error) });
        }
      }
    },
  });
  const surface = createSurface(logger, warmer, subscribers);

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
  if (host.lastTurns) void warmer.restore(rememberedTurns(host, logger));
  logger.debug("keepwarm: active", { version: manifest.version });

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

function createSurface(
  logger: Logger,
  warmer: CacheWarmer,
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
