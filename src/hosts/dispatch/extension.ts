/** Binds keepwarm to Dispatch's kernel: its hooks are events, its warm service sends, its registry shows. */
import { EventEmitter } from "eventemitter3";
import * as z from "zod/mini";
import { costUsd, listPrices } from "../../anthropic/index.ts";
import type { Environment } from "../../config/index.ts";
import type { HostEvents, Logger, SurfaceRegistry, Timers, WarmService } from "../../host.ts";
import { createLink, createSpool } from "../../hub/index.ts";
import { activate as activatePlugin } from "../../plugin.ts";
import { stateDirectory } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import { guardLogger } from "../../warmer.ts";
import { chosenSettings, linkedProgram } from "../native/index.ts";
import { Conversations } from "./conversations.ts";
import {
  conversationSchema,
  type DispatchHost,
  type DispatchWarmService,
  type EventHook,
  HOOKS,
  SERVICES,
  turnSchema,
  warmAnswerSchema,
  warmCompletedSchema,
} from "./dispatch-api.ts";
import { manifest } from "./manifest.ts";

export interface ExtensionOptions {
  /** @default process.env */
  readonly env?: Environment;
  /** @default the system's, which keep no process alive */
  readonly timers?: Timers;
  /** Wall clock, epoch ms. @default Date.now */
  readonly now?: () => number;
  /** Monotonic clock, ms. @default performance.now */
  readonly monotonicNow?: () => number;
}

export interface DispatchExtension {
  readonly manifest: typeof manifest;
  activate(host: DispatchHost): void;
  deactivate(): void;
}

/** Namespaces of Dispatch's storage. */
const SETTINGS = "cache-warming";
const PAUSES = "cache-warming-pauses";

/**
 * Dispatch tells no tokens of a turn, so that nothing can be weighed before the first warm. A read costs a tenth of
 * the input price, and writing again instead of reading 1.15 of it: so long eleven warms go out, and cost less.
 */
const UNWEIGHED = "45m";

export function createExtension(options: ExtensionOptions = {}): DispatchExtension {
  let deactivate = () => {};
  return {
    manifest,
    activate(host) {
      deactivate();
      deactivate = bind(host, options);
    },
    deactivate() {
      deactivate();
      deactivate = () => {};
    },
  };
}

/** @throws when the kernel has no warm service */
function bind(host: DispatchHost, options: ExtensionOptions): () => void {
  const { env = process.env, timers = systemTimers(), now = Date.now } = options;
  const { monotonicNow = () => performance.now() } = options;
  const logger = guardLogger(() => host.logger);
  const chosen = chosenSettings(env);
  if (chosen.trouble !== null) logger.error("keepwarm: nothing is warmed", { reason: chosen.trouble });
  const { keeping, prices, enableNew } = chosen.settings;
  const { keepWarm: wish = "auto" } = keeping;
  const keepWarm = wish === "auto" ? UNWEIGHED : wish;
  const directory = stateDirectory(env);
  const spool = createSpool({ stateDirectory: directory, host: "dispatch" });
  const events = new EventEmitter<HostEvents>();
  const conversations = new Conversations();
  const warms = warmsOf(host.getService(SERVICES.warm), chosen.trouble, now);

  const plugin = activatePlugin({
    events,
    warmService: warms,
    storage: host.storage(SETTINGS),
    surfaces: surfacesOf(host, logger),
    logger,
    ledger: { storage: spool.storage, prices: listPrices(prices) },
    keeping: { ...keeping, keepWarm, storage: host.storage(PAUSES) },
    timers,
    now,
    monotonicNow,
  });
  const { warmer, surface, ledger } = plugin;
  host.provideService?.(SERVICES.ownSurface, surface);

  function detach(conversationId: string): void {
    conversations.forget(conversationId);
    events.emit("conversationDetached", { conversationId });
  }

  function close(conversationId: string): void {
    conversations.forget(conversationId);
    events.emit("conversationClosed", { conversationId });
  }

  const link = createLink({
    stateDirectory: directory,
    program: linkedProgram({
      host: "dispatch",
      // Its history is the hub's to note: nobody asks this one for it.
      switched: () => {},
      keeper: {
        warmer,
        surface,
        ledger,
        forgetPauses: plugin.forgetPauses,
        forgetPausesIn: plugin.forgetPausesIn,
        conversations: () => conversations.summaries(),
        conversation: (conversationId) => conversations.summary(conversationId),
        close,
        detach,
      },
      prices: listPrices(prices),
      keepWarm,
      cwd: process.cwd(),
      now,
    }),
    timers,
    logger,
  });

  /** What does not look like Dispatch's is left alone, and said in its log. */
  function on<Payload>(
    hook: EventHook<unknown>,
    schema: z.ZodMiniType<Payload>,
    take: (payload: Payload) => void,
  ) {
    return host.on(hook, (told) => {
      const { success, data } = z.safeParse(schema, told);
      if (success) take(data);
      else logger.warn("keepwarm: an event of Dispatch cannot be read", { event: hook.id });
    });
  }

  const ends = [
    surface.subscribe(link.changed),
    on(HOOKS.turnStarted, turnSchema, (turn) => {
      const { conversationId, ...context } = turn;
      // What was settled last holds where this one does not tell.
      const told = { ...conversations.get(conversationId), ...context, lastTurnAt: now() };
      for (const surplus of conversations.tell(conversationId, told)) detach(surplus);
      if (enableNew) {
        warmer.enableIfNew(conversationId).catch((error: unknown) => {
          logger.error("keepwarm: could not switch on a conversation", { error: String(error) });
        });
      }
      events.emit("turnStarted", turn);
      link.changed(conversationId);
    }),
    on(HOOKS.turnSettled, turnSchema, (turn) => {
      const { conversationId, ...context } = turn;
      const lastTurnAt = conversations.get(conversationId)?.lastTurnAt ?? now();
      for (const surplus of conversations.tell(conversationId, { ...context, lastTurnAt })) detach(surplus);
      events.emit("turnSettled", turn);
    }),
    on(HOOKS.warmCompleted, warmCompletedSchema, ({ conversationId, usage }) => {
      const { modelName } = conversations.get(conversationId) ?? {};
      const cost = modelName === undefined ? null : costUsd(usage, { model: modelName }, prices);
      events.emit("warmCompleted", {
        conversationId,
        usage,
        costUsd: cost,
        ...(modelName === undefined ? {} : { modelName }),
        ...warms.underWay(conversationId),
      });
    }),
    on(HOOKS.conversationClosed, conversationSchema, ({ conversationId }) => close(conversationId)),
    on(HOOKS.conversationCompacted, conversationSchema, ({ conversationId }) => {
      events.emit("conversationChanged", { conversationId, invalidated: "it was compacted" });
    }),
  ];

  return () => {
    for (const end of ends) end();
    link.close();
    plugin.dispose();
    spool.flush();
  };
}

/** A kernel without a registry shows nothing; a conversation can be switched on by `keepwarm` and its console then. */
function surfacesOf(host: DispatchHost, logger: Logger): SurfaceRegistry {
  try {
    return host.getService(SERVICES.surfaces);
  } catch (error) {
    logger.warn("keepwarm: Dispatch has no registry of surfaces", { error: String(error) });
    return { register: () => () => {} };
  }
}

interface Sent {
  readonly startedAt: number;
  readonly policy?: string;
}

interface DispatchWarms extends WarmService {
  /** What the completion of a warm does not tell. A person's own may complete too, just then. */
  underWay(conversationId: string): Sent | undefined;
}

function warmsOf(service: DispatchWarmService, trouble: string | null, now: () => number): DispatchWarms {
  const sent = new Map<string, Sent>();
  return {
    underWay: (conversationId) => sent.get(conversationId),
    async warm(conversationId, { cwd, modelName, policy } = {}) {
      if (trouble !== null) return { error: trouble, permanent: true };
      const own: Sent = { startedAt: now(), ...(policy === undefined ? {} : { policy }) };
      sent.set(conversationId, own);
      try {
        const answer = await service.warm(conversationId, {
          ...(cwd === undefined ? {} : { cwd }),
          ...(modelName === undefined ? {} : { modelName }),
        });
        const { success, data } = z.safeParse(warmAnswerSchema, answer);
        return success ? data : { error: "Dispatch's warm service gave an answer that cannot be read." };
      } finally {
        if (sent.get(conversationId) === own) sent.delete(conversationId);
      }
    },
  };
}
