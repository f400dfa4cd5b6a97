/** Any program on an Anthropic SDK as a host: its `fetch` is watched, and its idle prefixes are kept warm. */
import { EventEmitter } from "eventemitter3";
import { refusalOf, warmCaptured } from "../../anthropic/index.ts";
import type {
  Disposable,
  HostEvents,
  Logger,
  SurfaceProvider,
  TurnContext,
  Usage,
  WarmFailure,
  WarmOptions,
} from "../../host.ts";
import { activate } from "../../plugin.ts";
import { settingsKey } from "../../pure.ts";
import { createMemoryStorage } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import type { CacheWarmer } from "../../warmer.ts";
import { Conversations, type LastRequest, lapsesAt, type SdkConversation } from "./conversations.ts";
import { checkOptions, type KeepwarmOptions } from "./options.ts";
import { type TurnWatcher, watchTurns } from "./turns.ts";

/** An SDK client, as far as {@link Keepwarm.wrap} needs it. */
export interface WrappableClient<Client> {
  withOptions(options: { fetch: typeof globalThis.fetch }): Client;
}

export interface Keepwarm extends Disposable {
  /** Give it to a client: `new Anthropic({ fetch: keepwarm.fetch })`. */
  readonly fetch: typeof globalThis.fetch;
  /**
   * The same client, watched: it goes on sending by its own `fetch` and options, and so do its warms. For clients
   * of the Messages API; those of Bedrock and Vertex speak another one and are not watched.
   *
   * @throws {TypeError} when it is no client of an SDK that has `withOptions`
   */
  wrap<Client extends WrappableClient<Client>>(client: Client): Client;
  /** State and settings of each conversation: `setEnabled`, `setIntervalMs`, `getState`, `warmNow`, … */
  readonly warmer: CacheWarmer;
  /** What a program may show its person, as data. */
  readonly surface: SurfaceProvider;
  /** The events of this host, to listen to. */
  readonly events: EventEmitter<HostEvents>;
  /** The conversation is over: off, and its last request forgotten. */
  close(conversationId: string): void;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A client's own `fetch`: private in the SDK's types, yet the only way to go on sending as the client does. */
function ownFetchOf(client: object): typeof globalThis.fetch | null {
  const own: unknown = Reflect.get(client, "fetch");
  return isFetch(own) && own !== globalThis.fetch ? own : null;
}

function isFetch(value: unknown): value is typeof globalThis.fetch {
  return typeof value === "function";
}

const LAPSED_MEANWHILE =
  "The cache entry expired before the response was read to its end. The next turn starts afresh.";

/** No warm is waited for longer than this, in ms: it answers after one prefill. */
const LONGEST_WARM_MS = 120_000;

/** Least time between two sweeps, in ms. */
const SWEEP_PAUSE_MS = 1_000;

function nothingCached(failure: string): string {
  return `The request failed (${failure}) before its response began: there is nothing of it to keep warm.`;
}

/**
 * Watches an SDK program's requests and keeps the conversations warm that are switched on.
 *
 * @throws {TypeError} naming the option that is wrong
 */
export function createKeepwarm(options: KeepwarmOptions = {}): Keepwarm {
  checkOptions(options);
  const {
    fetch: ownFetch,
    enableNew = false,
    storage = createMemoryStorage(),
    logger = silent,
    maxConversations = 1_000,
    now = Date.now,
    monotonicNow,
    timers = systemTimers(),
    ...requestOptions
  } = options;
  // Looked up at each call, so that a program may still replace the global one.
  const fetch: typeof globalThis.fetch = (input, init) => (ownFetch ?? globalThis.fetch)(input, init);
  // The plugin's own, so that a listener of the program that throws cannot come between.
  const internal = new EventEmitter<HostEvents>();
  const events = new EventEmitter<HostEvents>();
  const conversations = new Conversations(maxConversations);
  const warmOptions = { ...requestOptions, now, rejectedZero: new Set<string>() };
  let disposed = false;

  const plugin = activate({
    events: internal,
    warmService: { warm },
    storage,
    // Its program gets the surface by name.
    surfaces: { register: () => () => {} },
    logger,
    timers,
    now,
    ...(monotonicNow === undefined ? {} : { monotonicNow }),
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

  const watcher: TurnWatcher = {
    ...requestOptions,
    now,
    logger,
    conversations,
    watching: () => !disposed,
    started({ id: conversationId }, modelName) {
      tell("turnStarted", { conversationId, modelName });
      if (enableNew) void enableIfNew(conversationId);
      for (const surplus of conversations.overLimit()) detach(surplus);
    },
    captured: sweepLater,
    settled(conversation, failure) {
      tell("turnSettled", { conversationId: conversation.id, ...contextOf(conversation, failure) });
    },
  };
  // So that a client that is wrapped twice is not watched twice.
  const watched = new WeakSet<typeof globalThis.fetch>();

  function watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    if (watched.has(fetch)) return fetch;
    const watchedFetch = watchTurns(fetch, watcher);
    watched.add(watchedFetch);
    return watchedFetch;
  }

  function wrap<Client extends WrappableClient<Client>>(client: Client): Client {
    if (typeof client?.withOptions !== "function") {
      throw new TypeError(
        "keepwarm.wrap: this is no client that can be wrapped. Update @anthropic-ai/sdk, or give the client keepwarm.fetch as its fetch.",
      );
    }
    return client.withOptions({ fetch: watch(ownFetchOf(client) ?? fetch) });
  }

  function contextOf({ last, lastUsedAt }: SdkConversation, failure: string | null): TurnContext {
    if (last === null) return { notWarmable: failure === null ? LAPSED_MEANWHILE : nothingCached(failure) };
    const { request, facts, usage, stopReason } = last;
    const refusal = refusalOf(request, facts, optionsFor(last));
    return {
      // Not the request's own start: if this turn failed, a warm may have used the prefix since.
      requestStartedAt: lastUsedAt,
      modelName: facts.model,
      ...(facts.ttlMs === null ? {} : { ttlMs: facts.ttlMs }),
      ...(usage === null ? {} : { usage }),
      ...(stopReason === null ? {} : { stopReason }),
      ...(refusal === null ? {} : { notWarmable: refusal.reason }),
    };
  }

  function optionsFor({ usage, send }: LastRequest) {
    return { ...warmOptions, fetch: send, ...(usage === null ? {} : { usage }) };
  }

  async function enableIfNew(conversationId: string): Promise<void> {
    try {
      await plugin.warmer.enableIfNew(conversationId);
    } catch (error) {
      logger.error("keepwarm: a new conversation could not be switched on", {
        conversationId,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async function warm(
    conversationId: string,
    { signal, warmId }: WarmOptions = {},
  ): Promise<Usage | WarmFailure> {
    const conversation = conversations.get(conversationId);
    const last = conversation?.last;
    if (!conversation || !last) {
      return { error: "There is no request of this conversation to repeat.", permanent: true };
    }
    conversation.warming = true;
    try {
      const answer = await warmCaptured(last.request, {
        ...optionsFor(last),
        ...(signal === undefined ? {} : { signal }),
        // Once the prefix has lapsed, a warm that arrives late would pay for writing it.
        timeoutMs: Math.min(LONGEST_WARM_MS, Math.max(1, lapsesAt(conversation) - now())),
      });
      if (answer.kind === "refused") return { error: answer.reason, permanent: true };
      if (answer.kind === "failed") return answer;
      const { usage, startedAt, missReason } = answer;
      conversation.lastUsedAt = Math.max(conversation.lastUsedAt, startedAt);
      tell("warmCompleted", {
        conversationId,
        usage,
        startedAt,
        ...(warmId === undefined ? {} : { warmId }),
        ...(missReason === null ? {} : { missReason }),
      });
      return usage;
    } finally {
      conversation.warming = false;
      sweepLater();
    }
  }

  /** Its setting is kept, unless nobody can ever ask for it again: an unnamed conversation's id is our own. */
  function detach({ id: conversationId, named }: SdkConversation): void {
    conversations.forget(conversationId);
    tell("conversationDetached", { conversationId });
    if (named) return;
    storage.delete(settingsKey(conversationId)).catch((error: unknown) => {
      logger.warn("keepwarm: a forgotten conversation's setting is left over", { error: String(error) });
    });
  }

  let sweepTimer: number | null = null;

  /** Bodies and credentials are let go of as soon as they have lapsed. */
  function sweepLater(): void {
    if (sweepTimer !== null) timers.clearTimer(sweepTimer);
    sweepTimer = null;
    const { nextSweepAt } = conversations;
    if (disposed || nextSweepAt === Number.POSITIVE_INFINITY) return;
    // Not before a moment has passed, so that a warm in the air does not make it spin.
    sweepTimer = timers.setTimer(sweep, Math.max(SWEEP_PAUSE_MS, nextSweepAt - now()));
  }

  function sweep(): void {
    sweepTimer = null;
    for (const conversation of conversations.sweep(now())) {
      tell("turnSettled", { conversationId: conversation.id, ...contextOf(conversation, null) });
    }
    sweepLater();
  }

  return {
    fetch: watch(fetch),
    wrap,
    warmer: plugin.warmer,
    surface: plugin.surface,
    events,
    close(conversationId) {
      const conversation = conversations.get(conversationId);
      if (conversation && !conversation.named) return detach(conversation);
      conversations.forget(conversationId);
      tell("conversationClosed", { conversationId });
    },
    dispose() {
      disposed = true;
      if (sweepTimer !== null) timers.clearTimer(sweepTimer);
      plugin.dispose();
      conversations.clear();
    },
  };
}
