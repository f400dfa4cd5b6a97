/** A program on the Anthropic SDK as a host: its `fetch` is watched, and its idle prefixes are kept warm. */
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
import { elapsedMs, type Instant } from "../../pure.ts";
import { createMemoryStorage } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import { type CacheWarmer, guardLogger } from "../../warmer.ts";
import {
  Conversations,
  isUnnamed,
  type LastRequest,
  lifeLeftMs,
  type SdkConversation,
} from "./conversations.ts";
import { checkOptions, type KeepwarmOptions } from "./options.ts";
import { createTurns } from "./turns.ts";

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
    maxConversations = 1_000,
    timers = systemTimers(),
    now = Date.now,
    monotonicNow = () => performance.now(),
    logger: ownLogger = silent,
    ...requestOptions
  } = options;
  const logger = guardLogger(() => ownLogger);
  const instant = (): Instant => ({ wallMs: now(), monotonicMs: monotonicNow() });
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
    monotonicNow,
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

  const turns = createTurns({
    ...requestOptions,
    now: instant,
    logger,
    conversations,
    watching: () => !disposed,
    started({ id: conversationId }, modelName) {
      // Before the program hears of it, which may switch it off or close it there and then.
      if (enableNew) void harmlessly("switch on", conversationId, plugin.warmer.enableIfNew);
      tell("turnStarted", { conversationId, modelName });
      for (const surplus of conversations.overLimit()) letGo(surplus);
      sweepLater();
    },
    settled(conversation, failure) {
      tell("turnSettled", { conversationId: conversation.id, ...contextOf(conversation, failure) });
      sweepLater();
    },
    unreadable: (conversationId) =>
      tell("conversationChanged", { conversationId, invalidated: "a request could not be read" }),
  });

  // So that a client that is wrapped twice is not watched twice.
  const watched = new WeakSet<typeof globalThis.fetch>();

  function watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    if (watched.has(fetch)) return fetch;
    const watchedFetch = turns.watch(fetch);
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

  function contextOf(conversation: SdkConversation, failure: string | null): TurnContext {
    const { last, lastUsedAt } = conversation;
    if (last === null) return { notWarmable: failure === null ? LAPSED_MEANWHILE : nothingCached(failure) };
    const { request, facts, usage, stopReason } = last;
    const refusal = refusalOf(request, facts, optionsFor(last));
    return {
      // Not the request's own start: if this turn failed, a warm may have used the prefix since. Reckoned back
      // from now, because the wall clock may have been set meanwhile.
      requestStartedAt: now() - elapsedMs(lastUsedAt, instant()),
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

  async function warm(
    conversationId: string,
    { signal, warmId }: WarmOptions = {},
  ): Promise<Usage | WarmFailure> {
    const conversation = conversations.get(conversationId);
    const last = conversation?.last;
    if (!conversation || !last) {
      return { error: "There is no request of this conversation to repeat.", permanent: true };
    }
    const startedAt = instant();
    const { waitUntil } = conversation;
    const waitMs = waitUntil === null ? 0 : -elapsedMs(waitUntil, startedAt);
    if (waitMs > 0) {
      return { error: "The API has turned a real request away for the moment", retryAfterMs: waitMs };
    }
    conversation.warming = true;
    try {
      const answer = await warmCaptured(last.request, {
        ...optionsFor(last),
        ...(signal === undefined ? {} : { signal }),
        lifeLeftMs: () => lifeLeftMs(conversation, instant()),
      });
      if (answer.kind === "refused") return { error: answer.reason, permanent: true };
      if (answer.kind === "failed") return answer;
      const { usage, missReason } = answer;
      // Unless a turn has used the prefix since.
      if (conversation.last === last) conversation.lastUsedAt = startedAt;
      tell("warmCompleted", {
        conversationId,
        usage,
        startedAt: answer.startedAt,
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
  function letGo({ id: conversationId, named }: SdkConversation): void {
    conversations.forget(conversationId);
    tell("conversationDetached", { conversationId });
    if (!named) void harmlessly("forget", conversationId, plugin.warmer.forget);
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

  let sweepTimer: number | null = null;

  /** Bodies and credentials are let go of as soon as they have lapsed. */
  function sweepLater(): void {
    if (sweepTimer !== null) timers.clearTimer(sweepTimer);
    sweepTimer = null;
    const nextMs = conversations.nextSweepMs(instant());
    if (disposed || nextMs === Number.POSITIVE_INFINITY) return;
    // Not before a moment has passed, so that a warm in the air does not make it spin.
    sweepTimer = timers.setTimer(sweep, Math.max(SWEEP_PAUSE_MS, nextMs));
  }

  function sweep(): void {
    sweepTimer = null;
    for (const conversation of conversations.sweep(instant())) {
      tell("turnSettled", { conversationId: conversation.id, ...contextOf(conversation, null) });
    }
    sweepLater();
  }

  return {
    fetch: watch(fetch),
    wrap,
    warmer: {
      ...plugin.warmer,
      warmNow(conversationId) {
        // A turn that has been sent is under way, though it may not have been read yet.
        turns.catchUp();
        return plugin.warmer.warmNow(conversationId);
      },
    },
    surface: plugin.surface,
    events,
    close,
    dispose() {
      disposed = true;
      if (sweepTimer !== null) timers.clearTimer(sweepTimer);
      plugin.dispose();
      conversations.clear();
    },
  };
}
