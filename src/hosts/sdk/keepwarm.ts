/** A program on the Anthropic SDK as a host: its `fetch` is watched, and its idle prefixes are kept warm. */
import type { EventEmitter } from "eventemitter3";
import { createKeeper, createWatch } from "../../capture/index.ts";
import type { Disposable, HostEvents, Logger, SurfaceProvider } from "../../host.ts";
import type { Ledger } from "../../ledger/index.ts";
import { createMemoryStorage } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import { type CacheWarmer, guardLogger } from "../../warmer.ts";
import { adaptsRequests, middlewareOf, watching } from "./cloud-client.ts";
import { checkOptions, type KeepwarmOptions } from "./options.ts";

/** An SDK client, as far as {@link Keepwarm.wrap} needs it. */
export interface WrappableClient<Client> {
  withOptions(options: { fetch: typeof globalThis.fetch }): Client;
}

export interface Keepwarm extends Disposable {
  /** Give it to a client: `new Anthropic({ fetch: keepwarm.fetch })`. */
  readonly fetch: typeof globalThis.fetch;
  /**
   * The same client, watched: it goes on sending by its own `fetch` and options, and so do its warms. Those of
   * Bedrock and Vertex AI sign each warm themselves.
   *
   * @throws {TypeError} when it is no client of an SDK that has `withOptions`
   */
  wrap<Client extends WrappableClient<Client>>(client: Client): Client;
  /** State and settings of each conversation: `setEnabled`, `setIntervalMs`, `getState`, `warmNow`, … */
  readonly warmer: CacheWarmer;
  /** What a program may show its person, as data. */
  readonly surface: SurfaceProvider;
  /** What was spent on each conversation, and what was saved. */
  readonly ledger: Pick<Ledger, "figuresOf" | "forget" | "report" | "subscribe" | "totals">;
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

/** Whose a client's requests are that carry no key: requests of two accounts are never one unnamed conversation. */
function accountOf(client: object): string {
  return JSON.stringify(["projectId", "awsAccessKey", "awsProfile"].map((name) => Reflect.get(client, name)));
}

function isFetch(value: unknown): value is typeof globalThis.fetch {
  return typeof value === "function";
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
    hub,
    maxConversations = 1_000,
    maxHeldBytes = 256_000_000,
    maxWarms = 4,
    keepWarm,
    limits,
    timers = systemTimers(),
    now = Date.now,
    monotonicNow = () => performance.now(),
    logger: ownLogger = silent,
    ...requestOptions
  } = options;
  const logger = guardLogger(() => ownLogger);
  // Looked up at each call, so that a program may still replace the global one.
  const fetch: typeof globalThis.fetch = (input, init) => (ownFetch ?? globalThis.fetch)(input, init);
  const joined = hub?.join({ keepWarm, limits, prices: requestOptions.prices, logger, timers, now });
  const { storage = joined?.settings ?? createMemoryStorage(), ...sending } = requestOptions;
  const keeper = createKeeper({
    ...sending,
    ...(joined === undefined ? {} : { ledger: joined.ledger, mayWarm: joined.mayWarm }),
    storage,
    logger,
    timers,
    now,
    monotonicNow,
    enableNew: () => enableNew,
    maxConversations,
    maxHeldBytes,
    maxWarms,
    keeping: joined?.keeping ?? {
      ...(keepWarm === undefined ? {} : { keepWarm }),
      ...(limits === undefined ? {} : { limits }),
    },
  });
  const member = joined?.enter(keeper);
  const watch = createWatch(keeper, {
    logger,
    now: () => ({ wallMs: now(), monotonicMs: monotonicNow() }),
  });

  const watched = watch(fetch);
  /** So that a client that is wrapped twice is not watched twice. */
  const ours = new WeakSet<object>();

  function wrap<Client extends WrappableClient<Client>>(client: Client): Client {
    if (typeof client?.withOptions !== "function") {
      throw new TypeError(
        "keepwarm.wrap: this is no client that can be wrapped. Update @anthropic-ai/sdk, or give the client keepwarm.fetch as its fetch.",
      );
    }
    const own = ownFetchOf(client);
    if (!adaptsRequests(client)) return client.withOptions({ fetch: watch(own ?? fetch) });
    const before = middlewareOf(client);
    if (before.some((step) => typeof step === "function" && ours.has(step))) return client;
    // Behind the client's own, so that what they make of a request is what is seen.
    const step = watching(watch, accountOf(client));
    ours.add(step);
    const options = { fetch: own === null || own === watched ? fetch : own, middleware: [...before, step] };
    return client.withOptions(options);
  }

  const { warmer, surface, ledger, events, close } = keeper;
  const { dispose } = member ?? keeper;
  return { fetch: watched, wrap, warmer, surface, ledger, events, close, dispose };
}
