/** Any program on an Anthropic SDK as a host: its `fetch` is watched, and its idle prefixes are kept warm. */
import { EventEmitter } from "eventemitter3";
import { toWarmRequest, warmCaptured } from "../../anthropic/index.ts";
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
import { Conversations, type SdkConversation } from "./conversations.ts";
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

function nothingCached(failure: string | null): string {
  const how = failure === null ? "" : ` (${failure})`;
  return `The request failed${how} before its response began: there is nothing of it to keep warm.`;
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
  const events = new EventEmitter<HostEvents>();
  const conversations = new Conversations(maxConversations);
  const warmOptions = { ...requestOptions, now, rejectedZero: new Set<string>() };

  const plugin = activate({
    events,
    warmService: { warm },
    storage,
    // Its program gets the surface by name.
    surfaces: { register: () => () => {} },
    logger,
    timers,
    now,
    ...(monotonicNow === undefined ? {} : { monotonicNow }),
  });

  const watcher: TurnWatcher = {
    ...requestOptions,
    now,
    logger,
    conversations,
    started({ id: conversationId }, modelName, isNew) {
      if (isNew && enableNew) void enableUnlessSet(conversationId);
      events.emit("turnStarted", { conversationId, modelName });
      for (const surplus of conversations.overLimit()) detach(surplus);
    },
    settled(conversation, failure) {
      events.emit("turnSettled", { conversationId: conversation.id, ...contextOf(conversation, failure) });
      sweepLater();
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
    if (last === null) return { notWarmable: nothingCached(failure) };
    const { request, facts, usage, stopReason } = last;
    const plan = toWarmRequest(request, { ...warmOptions, ...(usage === null ? {} : { usage }) });
    return {
      // Not the request's own start: if this turn failed, a warm may have used the prefix since.
      requestStartedAt: lastUsedAt,
      modelName: facts.model,
      ...(facts.ttlMs === null ? {} : { ttlMs: facts.ttlMs }),
      ...(usage === null ? {} : { usage }),
      ...(stopReason === null ? {} : { stopReason }),
      ...(plan.kind === "refused" ? { notWarmable: plan.reason } : {}),
    };
  }

  async function enableUnlessSet(conversationId: string): Promise<void> {
    try {
      // A conversation that was switched off stays off.
      if (await storage.has(settingsKey(conversationId))) return;
      await plugin.warmer.setEnabled(conversationId, true);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      logger.error("keepwarm: a new conversation could not be switched on", {
        conversationId,
        error: message,
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
    const answer = await warmCaptured(last.request, {
      ...warmOptions,
      fetch: last.send,
      ...(signal === undefined ? {} : { signal }),
      ...(last.usage === null ? {} : { usage: last.usage }),
    });
    if (answer.kind === "refused") return { error: answer.reason, permanent: true };
    if (answer.kind === "failed") return answer;
    const { usage, startedAt } = answer;
    conversation.lastUsedAt = Math.max(conversation.lastUsedAt, startedAt);
    const ids = warmId === undefined ? { conversationId } : { conversationId, warmId };
    events.emit("warmCompleted", { ...ids, usage, startedAt });
    return usage;
  }

  /** Its setting is kept, unless nobody can ever ask for it again: an unnamed conversation's id is our own. */
  function detach({ id: conversationId, named }: SdkConversation): void {
    conversations.forget(conversationId);
    events.emit("conversationDetached", { conversationId });
    if (named) return;
    storage.delete(settingsKey(conversationId)).catch((error: unknown) => {
      logger.warn("keepwarm: a forgotten conversation's setting is left over", { error: String(error) });
    });
  }

  let sweepTimer: number | null = null;

  /** Bodies and credentials are let go of as soon as they have lapsed. */
  function sweepLater(): void {
    const { nextLapseAt } = conversations;
    if (sweepTimer !== null || nextLapseAt === Number.POSITIVE_INFINITY) return;
    // Not before a moment has passed, so that a turn under way does not make it spin.
    sweepTimer = timers.setTimer(
      () => {
        sweepTimer = null;
        conversations.dropLapsed(now());
        sweepLater();
      },
      Math.max(1_000, nextLapseAt - now()),
    );
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
      events.emit("conversationClosed", { conversationId });
    },
    dispose() {
      if (sweepTimer !== null) timers.clearTimer(sweepTimer);
      plugin.dispose();
      conversations.clear();
    },
  };
}
