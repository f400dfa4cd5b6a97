/**
 * The contract between keepwarm and the program it runs in.
 *
 * A host tells what happens in its conversations (events), can send a warm, keeps a few
 * strings for us (storage), shows surfaces, and logs. Everything here is a type or a shape:
 * this file imports nothing of ours and does nothing.
 */
import type { EventEmitter } from "eventemitter3";

/** Tokens written to the cache, by the tier of their entries. */
export interface CacheWriteSplit {
  readonly ttl5mTokens: number;
  readonly ttl1hTokens: number;
}

/** Token counts of one request, as billed. `inputTokens` is the whole prompt: read + written + uncached. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** The written tokens by tier. Left out: not known; a TTL of an hour or more then tells the tier. */
  readonly cacheWriteSplit?: CacheWriteSplit;
}

/** What a host knows of a conversation when a turn settles. Every field is optional: leave out what is unknown. */
export interface TurnContext {
  /** Working directory; handed back to the warm service. */
  readonly cwd?: string;
  /** Model of the conversation; handed back to the warm service. */
  readonly modelName?: string;
  /** Epoch ms at which the *last* request of the turn went out. The TTL counts from here. */
  readonly requestStartedAt?: number;
  /** TTL of the prefix's shortest-lived cache entry, in ms. */
  readonly ttlMs?: number;
  /** Tier at which that entry is written. @default by its TTL: an hour or more is `1h` */
  readonly tier?: "5m" | "1h";
  /** Why the model stopped (`end_turn`, `tool_use`, …). */
  readonly stopReason?: string;
  /** It stopped for a tool that asks the person something: the pause is the person's. @default false */
  readonly asksPerson?: boolean;
  /** Usage of the last request of the turn. */
  readonly usage?: Usage;
  /**
   * How many requests the turn made, where the host does not tell of each by `requestAnswered`. Only of a turn
   * of one request does `usage` show what its person's return found in the cache.
   */
  readonly requests?: number;
  /** A sentence for people, when the host already knows that this prefix cannot be warmed. */
  readonly notWarmable?: string;
  /** Why the turn was not answered, as a phrase. */
  readonly failure?: string;
  /** Nothing of this turn is in the cache: what is known of the one before it stays as it is. @default false */
  readonly leftNothing?: boolean;
}

export interface ConversationRef {
  readonly conversationId: string;
}

export interface TurnSettled extends ConversationRef, TurnContext {}

/** A turn that the host remembers from before a restart. */
export interface RememberedTurn extends TurnSettled {
  /** Epoch ms at which it settled; used where `requestStartedAt` is not known. */
  readonly settledAt?: number;
}

/** A request of a conversation was answered: what the ledger counts. A turn may make several. */
export interface RequestAnswered extends ConversationRef {
  /** Epoch ms at which it went out. */
  readonly startedAt: number;
  /** Left out: not known, so that nothing can be credited. */
  readonly usage?: Usage;
  readonly modelName?: string;
  /** TTL of the shortest-lived cache entry of its prefix, in ms. */
  readonly ttlMs?: number;
  /** TTL of the longest-lived one, in ms. @default the same */
  readonly longestTtlMs?: number;
  readonly stopReason?: string;
  /** As in {@link TurnContext}. */
  readonly asksPerson?: boolean;
  /** What it cost at list price, where the host knows better than its {@link Prices}; null: no price is known. */
  readonly costUsd?: number | null;
  /** It does not go on from the request before it: compaction, rewind, another model, tools or system. */
  readonly replaced?: boolean;
  /** Not of the person's own thread: a title, a sub-agent. Its cost is counted, and that is all. @default false */
  readonly aside?: boolean;
  readonly paidBy?: Payer;
}

/** A subscription paid, so that its dollars are only what others would have paid. Left out: not known to be one. */
export type Payer = "subscription";

export interface WarmCompleted extends ConversationRef {
  readonly usage: Usage;
  /** The id keepwarm passed to the warm service, when this completes that warm. */
  readonly warmId?: string;
  /** Epoch ms at which the warm request went out. */
  readonly startedAt?: number;
  /** It was the host's own, or another program's, and is not on keepwarm's bill. */
  readonly foreign?: true;
  /** Why the cache was missed, where the API said: the type of its `cache_miss_reason`. */
  readonly missReason?: string;
  /** What it cost at list price, where the host knows better than its {@link Prices}; null: no price is known. */
  readonly costUsd?: number | null;
  readonly modelName?: string;
  /** The policy that decided on it. */
  readonly policy?: string;
  readonly paidBy?: Payer;
}

/** A warm was sent and its answer never read to the end: it may have been billed, so its most is counted. */
export interface WarmAborted extends ConversationRef {
  readonly warmId?: string;
  /** The most that it can have used. Left out: not known, as what it cost. */
  readonly usage?: Usage;
  /** The most that it can have cost; otherwise as in {@link WarmCompleted}. */
  readonly costUsd?: number | null;
  readonly modelName?: string;
  readonly policy?: string;
  readonly paidBy?: Payer;
}

/** A warm that another process was to send has come to nothing, and there is no other try. */
export interface WarmFailed extends ConversationRef {
  /** What went wrong, for people. */
  readonly error: string;
  /** The prefix has expired. @default false */
  readonly lapsed?: boolean;
}

/** What changed about a conversation between turns. */
export interface ConversationChange {
  /** What the conversation waits for while its turn is not over. */
  readonly waiting?: "tool" | "permission" | "background" | "none";
  /** Whether a client has the conversation open. */
  readonly open?: boolean;
  /** Whether its person is at the keyboard. */
  readonly present?: boolean;
  /** The prefix is no longer what was last sent (compaction, another model, …): why, as a phrase. */
  readonly invalidated?: string;
}

export interface ConversationChanged extends ConversationRef, ConversationChange {}

/** Events a host emits. Names are those of the emitter; payloads are plain data. */
export interface HostEvents {
  turnStarted: (event: ConversationRef & Pick<TurnContext, "cwd" | "modelName">) => void;
  turnSettled: (event: TurnSettled) => void;
  /** Each answered request, before its turn's `turnSettled`. A host that cannot tell leaves it out. */
  requestAnswered: (event: RequestAnswered) => void;
  warmCompleted: (event: WarmCompleted) => void;
  /** Instead of `warmCompleted`, never beside it. */
  warmAborted: (event: WarmAborted) => void;
  /** Only of warms that the host's {@link WarmDispatch} was given. */
  warmFailed: (event: WarmFailed) => void;
  /** The person closed the conversation: off, and remembered as off. */
  conversationClosed: (event: ConversationRef) => void;
  /** The host quits, reloads or disconnects: stop at once, keep the setting. */
  conversationDetached: (event: ConversationRef) => void;
  conversationChanged: (event: ConversationChanged) => void;
}

export interface WarmOptions {
  readonly cwd?: string;
  readonly modelName?: string;
  /** Aborted as soon as the conversation speaks, closes or is switched off. */
  readonly signal?: AbortSignal;
  /** Echo it in `warmCompleted`, so that a late answer is not taken for a newer one. */
  readonly warmId?: string;
  /** The policy that decided on it; echo it in `warmCompleted`, so that the ledger can tell policies apart. */
  readonly policy?: string;
}

/** A warm that failed. Same meaning as a rejection with these properties. */
export interface WarmFailure {
  /** What went wrong, for people. */
  readonly error: string;
  /** True when trying again cannot help; false when it can. Left out, `status` decides, else it can. */
  readonly permanent?: boolean;
  /** HTTP status, when there was one. */
  readonly status?: number;
  /** How long the other side asked us to wait, in ms (Retry-After). */
  readonly retryAfterMs?: number;
}

export interface WarmService {
  /**
   * Re-reads the conversation's prefix once. Success is told by a `warmCompleted` event; what the
   * promise resolves with is looked at only for `{ error }`.
   */
  warm(conversationId: string, options?: WarmOptions): Promise<Usage | WarmFailure>;
}

/** The warms of an idle conversation, for another process to send. Times are epoch ms. */
export interface WarmsAhead extends ConversationRef {
  readonly dueAt: number;
  /** From one to the next, in ms. */
  readonly everyMs: number;
  /** When the prefix has lapsed if none is sent. */
  readonly lapsesAt: number;
  /** So many at most, the first included, and none after `until`. */
  readonly most: number;
  readonly until: number;
  /** What they may cost together, in USD; left out: not known. */
  readonly mostUsd?: number;
  /** The policy that decided on them. */
  readonly policy?: string;
}

/** Has another process send warms when they are due, whatever becomes of this one. */
export interface WarmDispatch {
  /** In place of what was planned of the conversation. Returns when the first is to go out, in epoch ms. */
  plan(warms: WarmsAhead): number;
  /** Nothing more is to be sent of it. */
  cancel(conversationId: string): void;
}

/** A namespace of strings that outlives the process, or not: the host decides. */
export interface StorageNamespace {
  get(key: string): Promise<string | null>;
  set(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
  has(key: string): Promise<boolean>;
  keys(prefix?: string): Promise<readonly string[]>;
}

/** USD per token. */
export interface TokenRates {
  readonly input: number;
  readonly read: number;
  readonly write5m: number;
  readonly write1h: number;
}

/** List prices, for the ledger. Null: the model has none that is known. */
export interface Prices {
  /** What a request cost, in USD. */
  costUsd(usage: Usage, modelName: string): number | null;
  /** The rates that applied to a request. */
  ratesOf(usage: Usage, modelName: string): TokenRates | null;
}

/** A person's own limits. Zero means zero: nothing is sent. Left out, there is no such limit. */
export interface SpendingLimits {
  /** USD per conversation and idle span. */
  readonly spanUsd?: number;
  /** USD per rolling 24 hours, over all conversations. */
  readonly dayUsd?: number;
  /** Shorter prefixes are not warmed, in tokens. */
  readonly minPrefixTokens?: number;
}

/** How long conversations are kept warm. Read at each use: what is changed holds from the next question on. */
export interface Keeping {
  /** For conversations of which nobody chose anything, in the policy's words. @default "auto" */
  readonly keepWarm?: string;
  readonly limits?: SpendingLimits;
  /** Where it is kept how the person pauses, as counts. @default in memory */
  readonly storage?: StorageNamespace;
  /** Where it is kept what the last day cost. Processes that share it share the day's limit. @default storage */
  readonly spending?: StorageNamespace;
}

/** Where the ledger writes, and at what prices. */
export interface LedgerHome {
  /** Left out, the ledger lasts as long as the process. */
  readonly storage?: StorageNamespace;
  /** Left out, dollars are only what the host's events tell. */
  readonly prices?: Prices;
}

export type LogAttributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Never receives a prompt, a body or a credential. */
export interface Logger {
  debug(message: string, attributes?: LogAttributes): void;
  info(message: string, attributes?: LogAttributes): void;
  warn(message: string, attributes?: LogAttributes): void;
  error(message: string, attributes?: LogAttributes): void;
}

export interface SurfaceAction {
  readonly actionId: string;
}

export type SurfaceField =
  | {
      readonly kind: "toggle";
      readonly label: string;
      readonly value: boolean;
      readonly action: SurfaceAction;
    }
  | {
      readonly kind: "number";
      readonly label: string;
      readonly value: number;
      readonly min?: number;
      readonly max?: number;
      readonly step?: number;
      readonly unit?: string;
      readonly action: SurfaceAction;
    }
  | { readonly kind: "stat"; readonly label: string; readonly value: string }
  | { readonly kind: "custom"; readonly rendererId: string; readonly payload: unknown };

/** What a host shows, as data. */
export interface SurfaceSpec {
  readonly id: string;
  readonly region: string;
  readonly title: string;
  readonly fields: readonly SurfaceField[];
}

export interface SurfaceContext {
  /** The focused conversation, if any. */
  readonly conversationId?: string;
}

export interface SurfaceProvider {
  readonly catalogEntry: {
    readonly id: string;
    readonly region: string;
    readonly title: string;
    readonly scope: "conversation";
  };
  getSpec(context?: SurfaceContext): SurfaceSpec;
  /** Rejects when a change could not be stored. */
  invoke(actionId: string, payload?: unknown, context?: SurfaceContext): Promise<void>;
  /** Returns the way to end it. */
  subscribe(onChange: (conversationId: string) => void): () => void;
}

export interface SurfaceRegistry {
  /** The last provider of an id wins. Returns the way to take it off again. */
  register(provider: SurfaceProvider): () => void;
}

/** One-shot timers. Ids are the provider's own. */
export interface Timers {
  setTimer(fire: () => void, delayMs: number): number;
  clearTimer(id: number): void;
}

/** The program keepwarm runs in. */
export interface Host {
  readonly events: EventEmitter<HostEvents>;
  readonly warmService: WarmService;
  /** The namespace that the manifest names. */
  readonly storage: StorageNamespace;
  readonly surfaces: SurfaceRegistry;
  readonly logger: Logger;
  /** Who sends warms that are due. Left out, the warm service does, by this process's timers. */
  readonly dispatch?: WarmDispatch | undefined;
  /** What was spent and what was saved: where it is kept. */
  readonly ledger?: LedgerHome;
  /** Left out, a conversation is kept warm as long as it is switched on. */
  readonly keeping?: Keeping;
  /** After a restart: the last turn of each conversation whose prefix can still be re-read. */
  readonly lastTurns?: () => Iterable<RememberedTurn>;
  /** Wall clock, epoch ms. Default `Date.now`. */
  readonly now?: () => number;
  /** Monotonic clock, ms from any origin. Default `performance.now`. */
  readonly monotonicNow?: () => number;
  /** Default `setTimeout`, unref'ed. */
  readonly timers?: Timers;
}

/** What {@link Host} code gets back from `activate`. */
export interface Disposable {
  dispose(): void;
}
