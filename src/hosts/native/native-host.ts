/**
 * What hosts that run keepwarm inside another program share: requests in, warms out with the host's own
 * credentials, settings and history in its storage, its person's command and status line.
 *
 * Nothing here throws into the host, keeps its process alive, or makes it wait: docs/hosts.md.
 */
import { type Fetch, listPrices } from "../../anthropic/index.ts";
import { createKeeper, type createWatch, type Keeper, type WatchOptions } from "../../capture/index.ts";
import type { Environment } from "../../config/index.ts";
import type { ConversationChange, Disposable, Logger, StorageNamespace, Timers } from "../../host.ts";
import {
  createLink,
  createSpool,
  createWarmLeases,
  noteHappenings,
  programFile,
  sharedSpending,
} from "../../hub/index.ts";
import { POLICY_NAMESPACE } from "../../policy/index.ts";
import { createJsonFileStorage, stateDirectory } from "../../storage/index.ts";
import { systemTimers } from "../../timers.ts";
import { guardLogger } from "../../warmer.ts";
import { answerWarm, standingOf } from "./answer-warm.ts";
import { atExit } from "./at-exit.ts";
import { type NativeExchange, type NativeRequest, openExchange } from "./exchange.ts";
import { followStatus } from "./follow-status.ts";
import { linkedProgram } from "./linked-program.ts";
import { chosenSettings } from "./person-settings.ts";
import { type Standing, statusLine } from "./status-text.ts";

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
  /** For who uses {@link NativeHost.watch}: `fetchWatching`. Left to the host, because it is large for one that does not. */
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

export interface NativeHost extends Disposable {
  /** A Messages request goes out, of which the program tells its payload and its answer. */
  request(request: NativeRequest): NativeExchange;
  /** A `fetch` that is watched; its callers get their answers unchanged and undelayed. */
  watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch;
  /** What a conversation waits for, whether it is open, whether its person is there; that its prefix is void. */
  changed(conversationId: string, change: ConversationChange): void;
  /** The person closed it: off, and remembered as off. */
  closed(conversationId: string): void;
  /** The program quits, reloads or lets go of it: nothing more is sent, and its setting stays. */
  detached(conversationId: string): void;
  /** What a status line is made of, for who shows it elsewhere. */
  standing(conversationId: string): Standing;
  /** A line for a status bar, such as `warm 3:12 · 98 % · net $0.12`; null while the conversation is off. */
  statusLine(conversationId: string): string | null;
  /** Shows the status line now, with every change, and every second while it counts down. Returns the way to end it. */
  followStatus(conversationId: string, show: (line: string | null) => void): () => void;
  /** Does what stands behind `/warm`, and resolves with what the person is told. Never rejects. */
  command(conversationId: string, text: string): Promise<string>;
  /** State, settings, ledger and events, for what a host does beyond this. */
  readonly keeper: Keeper;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** More are conversations that nobody will come back to. */
const MAX_CONVERSATIONS = 1_000;

/** The namespace of settings: that of the manifest. */
const SETTINGS_NAMESPACE = "cache-warming";

export function createNativeHost(options: NativeHostOptions): NativeHost {
  const { name, env = process.env, timers = systemTimers(), now = Date.now } = options;
  const { monotonicNow = () => performance.now(), namedBy } = options;
  const logger = guardLogger(() => options.logger ?? silent);
  const chosen = chosenSettings(env);
  if (chosen.trouble !== null) logger.error("keepwarm: nothing is warmed", { reason: chosen.trouble });
  const directory = stateDirectory(env);
  const files = createJsonFileStorage({
    file: programFile(directory, name),
    logger,
  });
  const spool = createSpool({ stateDirectory: directory, host: name });
  const leases = createWarmLeases({ stateDirectory: directory, host: name, now });
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const instant = () => ({ wallMs: now(), monotonicMs: monotonicNow() });
  const { enableNew, ...settings } = chosen.settings;
  const keeper = createKeeper({
    ...settings,
    keeping: {
      ...settings.keeping,
      storage: files.namespace(POLICY_NAMESPACE),
      spending: sharedSpending(directory, logger),
    },
    ledger: spool.storage,
    storage: options.storage ?? files.namespace(SETTINGS_NAMESPACE),
    logger,
    timers,
    now,
    monotonicNow,
    enableNew: () => enableNew,
    maxConversations: MAX_CONVERSATIONS,
    mayWarm: (warm) =>
      chosen.trouble === null
        ? leases.mayWarm(warm)
        : Promise.resolve({ error: chosen.trouble, permanent: true }),
  });
  const { warmer, surface } = keeper;
  const watch = options.watching?.(keeper, {
    logger,
    now: instant,
    ...(namedBy === undefined ? {} : { namedBy }),
  });
  const link = createLink({
    stateDirectory: directory,
    program: linkedProgram({
      host: name,
      keeper,
      prices: listPrices(settings.prices),
      keepWarm: settings.keeping.keepWarm ?? "auto",
      cwd: options.cwd ?? process.cwd(),
      now,
      switched: (conversationId, enabled) => happenings.switched(conversationId, enabled),
    }),
    timers,
    logger,
  });
  const happenings = noteHappenings({ keeper, logger, now, tell: link.happened });
  const ends = new Set<() => void>([
    leases.follow(keeper),
    surface.subscribe(link.changed),
    happenings.end,
    atExit(leave),
  ]);
  if (options.onChange) ends.add(surface.subscribe(options.onChange));

  /** At once, because nothing is waited for any more. */
  function leave(): void {
    leases.releaseAll();
    spool.flush();
  }

  function harmless<T>(doing: string, fallback: T, act: () => T): T {
    try {
      return act();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.error(`keepwarm: could not ${doing}`, { error: reason });
      return fallback;
    }
  }

  const standing = (conversationId: string) => standingOf(conversationId, keeper, now());

  const line = (conversationId: string) =>
    harmless("tell a status", null, () => statusLine(standing(conversationId)));

  return {
    keeper,
    request: (request) =>
      harmless("follow a request", UNFOLLOWED, () =>
        harmlessExchange(openExchange(request, { keeper, fetch, timers, instant }), harmless),
      ),
    watch: (fetch) =>
      harmless("watch a fetch", fetch, () => {
        if (watch === undefined) throw new Error("it was not given fetchWatching");
        return watch(fetch);
      }),
    changed: (conversationId, change) =>
      harmless("take news of a conversation", undefined, () => keeper.changed(conversationId, change)),
    closed: (conversationId) =>
      harmless("close a conversation", undefined, () => keeper.close(conversationId)),
    detached: (conversationId) =>
      harmless("let go of a conversation", undefined, () => keeper.detach(conversationId)),
    standing,
    statusLine: line,
    followStatus: (conversationId, show) =>
      harmless(
        "follow a status",
        () => {},
        () => {
          void warmer.load(conversationId);
          const end = followStatus({
            line: () => line(conversationId),
            isCounting: () => warmer.getState(conversationId).nextWarmAt !== null,
            show: (text) => harmless("show a status", undefined, () => show(text)),
            subscribe: (changed) => surface.subscribe((id) => id === conversationId && changed()),
            timers,
          });
          ends.add(end);
          return () => {
            ends.delete(end);
            end();
          };
        },
      ),
    command: (conversationId, text) =>
      answerWarm(text, conversationId, { keeper, logger, now, switched: happenings.switched }),
    dispose() {
      harmless("end", undefined, () => {
        for (const end of ends) end();
        link.close();
        keeper.dispose();
        leave();
      });
    },
  };
}

const UNFOLLOWED: NativeExchange = { answered() {}, ended() {}, failed() {} };

function harmlessExchange(
  exchange: NativeExchange,
  harmless: (doing: string, fallback: undefined, act: () => void) => void,
): NativeExchange {
  const follow = (act: () => void) => harmless("follow an answer", undefined, act);
  return {
    answered: (head) => follow(() => exchange.answered(head)),
    ended: (answer) => follow(() => exchange.ended(answer)),
    failed: (reason, head) => follow(() => exchange.failed(reason, head)),
  };
}
