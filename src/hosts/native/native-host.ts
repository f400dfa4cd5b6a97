/**
 * What hosts that run keepwarm inside another program share: requests in, warms out with the host's own
 * credentials, settings and history in its storage, its person's command and status line.
 *
 * Nothing here throws into the host, keeps its process alive, or makes it wait: docs/hosts.md.
 */
import { type Fetch, listPrices } from "../../anthropic/index.ts";
import { createKeeper, type createWatch, type WatchOptions } from "../../capture/index.ts";
import type { Environment } from "../../config/index.ts";
import type { Logger, StorageNamespace, Timers } from "../../host.ts";
import { stateDirectory } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import { guardLogger } from "../../warmer.ts";
import type { openExchange } from "./exchange.ts";
import { type HostOnKeeper, harmlessBy, hostOnKeeper } from "./host-on-keeper.ts";
import { createMembership } from "./membership.ts";
import { chosenSettings } from "./person-settings.ts";

export interface NativeHostOptions {
  /** What the program is called in lists and file names: `pi`, `opencode`. Letters, digits, `.`, `-` and `_`. */
  readonly name: string;
  /** The folder that its conversations are about. @default process.cwd() */
  readonly cwd?: string;
  /** Where conversations' settings are kept, if the program has a place for them. @default a file of the host's own */
  readonly storage?: StorageNamespace;
  /** Sends warms. @default globalThis.fetch, as it is when the warm goes out */
  readonly fetch?: Fetch;
  /** Never receives a prompt, a body or a credential. @default silent */
  readonly logger?: Logger;
  /** For who uses {@link NativeHost.request}: `requestTelling`. Left to the host, because it is large for one that does not. */
  readonly telling?: typeof openExchange;
  /** For who uses {@link NativeHost.watch}: `fetchWatching`. Likewise. */
  readonly watching?: typeof createWatch;
  /** What the headers of a watched `fetch` say of its conversation; `namedBySession` reads what agents send. */
  readonly namedBy?: NonNullable<WatchOptions["namedBy"]>;
  /** Something that is shown of a conversation has changed. */
  readonly onChange?: (conversationId: string) => void;
  /** @default process.env */
  readonly env?: Environment;
  /** @default the system's, which keep no process alive */
  readonly timers?: Timers;
  /** Wall clock, epoch ms. @default Date.now */
  readonly now?: () => number;
  /** Monotonic clock, ms. @default performance.now */
  readonly monotonicNow?: () => number;
}

export interface NativeHost extends HostOnKeeper {
  /** A `fetch` that is watched; its callers get their answers unchanged and undelayed. */
  watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** More are conversations that nobody will come back to. */
const MAX_CONVERSATIONS = 1_000;

export function createNativeHost(options: NativeHostOptions): NativeHost {
  const { name, env = process.env, timers = systemTimers(), now = Date.now } = options;
  const { monotonicNow = () => performance.now(), namedBy } = options;
  const logger = guardLogger(() => options.logger ?? silent);
  const chosen = chosenSettings(env);
  if (chosen.trouble !== null) logger.error("keepwarm: nothing is warmed", { reason: chosen.trouble });
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const instant = () => ({ wallMs: now(), monotonicMs: monotonicNow() });
  const { enableNew, ...settings } = chosen.settings;
  const membership = createMembership({
    name,
    stateDirectory: stateDirectory(env),
    cwd: options.cwd ?? process.cwd(),
    trouble: chosen.trouble,
    prices: listPrices(settings.prices),
    keepWarm: settings.keeping.keepWarm ?? "auto",
    logger,
    timers,
    now,
  });
  const keeper = createKeeper({
    ...settings,
    keeping: { ...settings.keeping, storage: membership.learned, spending: membership.spending },
    ledger: membership.ledger,
    storage: options.storage ?? membership.settings,
    logger,
    timers,
    now,
    monotonicNow,
    enableNew: () => enableNew,
    maxConversations: MAX_CONVERSATIONS,
    mayWarm: membership.mayWarm,
  });
  const { surface } = keeper;
  const watch = options.watching?.(keeper, {
    logger,
    now: instant,
    ...(namedBy === undefined ? {} : { namedBy }),
  });
  const member = membership.enter(keeper);
  const unsubscribe = options.onChange && surface.subscribe(options.onChange);

  const harmless = harmlessBy(logger);
  const host = hostOnKeeper({
    keeper,
    telling: options.telling,
    fetch,
    logger,
    harmless,
    timers,
    now,
    instant,
    switched: member.switched,
    end() {
      unsubscribe?.();
      member.dispose();
    },
  });

  return {
    ...host,
    watch: (fetch) =>
      harmless("watch a fetch", fetch, () => {
        if (watch === undefined) throw new Error("it was not given fetchWatching");
        return watch(fetch);
      }),
  };
}
