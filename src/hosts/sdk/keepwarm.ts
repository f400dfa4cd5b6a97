/** Any program on an Anthropic SDK as a host: its `fetch` is watched, and its idle prefixes are kept warm. */
import { EventEmitter } from "eventemitter3";
import {
  decodeBody,
  type Fetch,
  headerPairs,
  headerValue,
  isProbe,
  printThread,
  type RequestFacts,
  type ResponseFacts,
  readRequest,
  type TtlOptions,
  threadOf,
  toWarmRequest,
  type WarmRequestOptions,
  warmCaptured,
} from "../../anthropic/index.ts";
import type {
  Disposable,
  HostEvents,
  Logger,
  StorageNamespace,
  SurfaceProvider,
  Timers,
  TurnContext,
  Usage,
  WarmFailure,
  WarmOptions,
} from "../../host.ts";
import { activate } from "../../plugin.ts";
import { ASSUMED_TTL_MS, settingsKey } from "../../pure.ts";
import { createMemoryStorage } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import type { CacheWarmer } from "../../warmer.ts";
import { type Call, type FetchInput, readCall } from "./capture.ts";
import { Conversations, type LastRequest, type SdkConversation } from "./conversations.ts";
import { observe } from "./observe.ts";

export interface KeepwarmOptions
  extends Pick<
    WarmRequestOptions,
    "warmTokens" | "budgetThinking" | "allowSubscription" | "prices" | keyof TtlOptions
  > {
  /** Sends both the program's requests and the warms. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch;
  /** Switches warming on for conversations that have no setting of their own yet. @default false */
  readonly enableNew?: boolean;
  /** Where settings are kept. @default in memory: gone with the process */
  readonly storage?: StorageNamespace;
  /** @default silent */
  readonly logger?: Logger;
  /** Conversations kept in memory; beyond it the one used longest ago is let go. @default 1_000 */
  readonly maxConversations?: number;
  /** Clocks and timers, for tests. @default the system's */
  readonly now?: () => number;
  readonly monotonicNow?: () => number;
  readonly timers?: Timers;
}

/** An SDK client, as far as {@link Keepwarm.wrap} needs it. */
export interface WrappableClient<Client> {
  withOptions(options: { fetch: typeof globalThis.fetch }): Client;
}

export interface Keepwarm extends Disposable {
  /** Give it to a client: `new Anthropic({ fetch: keepwarm.fetch })`. */
  readonly fetch: typeof globalThis.fetch;
  /** The same client, watched. A `fetch` of its own goes to `createKeepwarm({ fetch })` instead. */
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

const NOTHING_CACHED = "The request failed before its response began: there is nothing of it to keep warm.";

/** Watches an SDK program's requests and keeps the conversations warm that are switched on. */
export function createKeepwarm(options: KeepwarmOptions = {}): Keepwarm {
  const {
    logger = silent,
    now = Date.now,
    storage = createMemoryStorage(),
    timers = systemTimers(),
    maxConversations = 1_000,
    enableNew = false,
  } = options;
  const events = new EventEmitter<HostEvents>();
  const conversations = new Conversations(maxConversations);
  const rejectedZero = new Set<string>();
  const upstream: Fetch = (url, init) => (options.fetch ?? globalThis.fetch)(url, init);
  const warming = { ...options, fetch: upstream, now, rejectedZero };

  const plugin = activate({
    events,
    warmService: { warm },
    storage,
    surfaces: { register: () => () => {} },
    logger,
    timers,
    now,
    ...(options.monotonicNow === undefined ? {} : { monotonicNow: options.monotonicNow }),
  });

  // --- real turns -----------------------------------------------------------------------------

  async function watchedFetch(input: FetchInput, init?: RequestInit): Promise<Response> {
    const call = readCall(input, init);
    const startedAt = now();
    const answer = (options.fetch ?? globalThis.fetch)(call.input, call.init);
    if (call.request === null) return answer;
    // Let the request leave before its body is read: ours must not delay it.
    answer.catch(() => {});
    await new Promise<void>((resolve) => setImmediate(resolve));
    const turn = harmless("begin", () => beginTurn(call, startedAt)) ?? null;
    if (turn === null) return answer;
    let response: Response;
    try {
      response = await answer;
    } catch (error) {
      harmless("settle", () => turn.failed());
      throw error;
    }
    if (!response.ok) {
      harmless("settle", () => turn.failed());
      return response;
    }
    harmless("capture", () => turn.began());
    return observe(response, (facts) => harmless("settle", () => turn.settled(facts)));
  }

  /** Null: not a turn of any conversation's main thread. */
  function beginTurn({ request, conversationId }: Call, startedAt: number) {
    if (request === null) return null;
    const encoding = headerValue(headerPairs(request.headers), "content-encoding");
    const body = decodeBody(request.body, encoding);
    if (!body.ok) return null;
    const reading = readRequest(body.bytes, options);
    const print = printThread(body.bytes);
    if (!reading.ok || print === null || isProbe(reading.facts)) return null;
    const { facts } = reading;
    const place = conversations.place(conversationId, print);
    if (place.kind === "side") return null;
    const { conversation, isNew } = place;
    const turn = Symbol("turn");
    const thread = threadOf(print);
    conversation.current = turn;
    if (isNew && enableNew) void enableUnlessSet(conversation.id);
    events.emit("turnStarted", { conversationId: conversation.id, modelName: facts.model });
    letGo();

    // Let go of with the settle: a program may keep the response, and with it these functions, for long.
    let captured: LastRequest | null = { request, facts, startedAt, usage: null, stopReason: null };
    const settle = () => {
      captured = null;
      if (conversation.current !== turn) return;
      conversation.current = null;
      events.emit("turnSettled", { conversationId: conversation.id, ...contextOf(conversation) });
      sweepLater();
    };
    return {
      began() {
        if (conversation.current !== turn) return;
        conversation.thread = thread;
        conversation.last = captured;
        conversation.lastUsedAt = startedAt;
      },
      settled({ usage, stopReason }: ResponseFacts) {
        const { last } = conversation;
        if (conversation.current === turn && last) conversation.last = { ...last, usage, stopReason };
        settle();
      },
      /** What was cached before is still what it was. */
      failed: settle,
    };
  }

  function contextOf({ last }: SdkConversation): TurnContext {
    if (last === null) return { notWarmable: NOTHING_CACHED };
    const { request, facts, startedAt, usage, stopReason } = last;
    const plan = toWarmRequest(request, { ...warming, ...(usage === null ? {} : { usage }) });
    return {
      requestStartedAt: startedAt,
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
      if (!(await storage.has(settingsKey(conversationId)))) {
        await plugin.warmer.setEnabled(conversationId, true);
      }
    } catch (error) {
      logger.error("keepwarm: a new conversation could not be switched on", {
        conversationId,
        error: String(error),
      });
    }
  }

  /** Whatever goes wrong with us, the program's request goes its way. */
  function harmless<T>(doing: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      logger.error(`keepwarm: could not ${doing} a turn; it goes on unwatched`, { error: String(error) });
      return undefined;
    }
  }

  // --- warms ----------------------------------------------------------------------------------

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
      ...warming,
      ...(signal === undefined ? {} : { signal }),
      ...(last.usage === null ? {} : { usage: last.usage }),
    });
    if (answer.kind === "refused") return { error: answer.reason, permanent: true };
    if (answer.kind === "failed") return answer;
    const { usage, startedAt } = answer;
    conversation.lastUsedAt = Math.max(conversation.lastUsedAt, startedAt);
    events.emit("warmCompleted", {
      conversationId,
      usage,
      startedAt,
      ...(warmId === undefined ? {} : { warmId }),
    });
    return usage;
  }

  // --- letting go -----------------------------------------------------------------------------

  /** Over the limit, the conversation used longest ago is forgotten, its setting kept. */
  function letGo(): void {
    for (const { id } of conversations.overLimit()) {
      conversations.forget(id);
      events.emit("conversationDetached", { conversationId: id });
    }
  }

  let sweepTimer: number | null = null;

  const ttlOf = (facts: RequestFacts) => facts.ttlMs ?? options.ttl5mMs ?? ASSUMED_TTL_MS;

  /** Forgets bodies and credentials whose cache entries have lapsed: nothing may be sent with them any more. */
  function sweep(): void {
    sweepTimer = null;
    for (const conversation of conversations.values()) {
      const { last, current, lastUsedAt } = conversation;
      if (last && current === null && now() - lastUsedAt >= ttlOf(last.facts)) conversation.last = null;
    }
    sweepLater();
  }

  function sweepLater(): void {
    if (sweepTimer !== null) return;
    const ends = [...conversations.values()].flatMap(({ last, lastUsedAt }) =>
      last ? [lastUsedAt + ttlOf(last.facts)] : [],
    );
    if (ends.length === 0) return;
    // Not before a moment has passed, so that a turn under way does not make it spin.
    sweepTimer = timers.setTimer(sweep, Math.max(1_000, Math.min(...ends) - now()));
  }

  return {
    fetch: watchedFetch,
    wrap: (client) => client.withOptions({ fetch: watchedFetch }),
    warmer: plugin.warmer,
    surface: plugin.surface,
    events,
    close(conversationId) {
      conversations.forget(conversationId);
      events.emit("conversationClosed", { conversationId });
    },
    dispose() {
      if (sweepTimer !== null) timers.clearTimer(sweepTimer);
      plugin.dispose();
      for (const { id } of [...conversations.values()]) conversations.forget(id);
    },
  };
}
