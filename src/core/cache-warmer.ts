/** What a warmer needs of its surroundings, and what it can be told and asked. */
import type {
  ConversationChange,
  Logger,
  RememberedTurn,
  StorageNamespace,
  Timers,
  TurnContext,
  WarmAborted,
  WarmCompleted,
  WarmDispatch,
  WarmFailed,
  WarmService,
} from "../host.ts";
import type { Planner, SpanForecast } from "../policy/index.ts";
import type { ConversationContext, ConversationSettings, ConversationState } from "../pure.ts";
import type { ConversationStatus } from "./conversation.ts";
import type { ConversationLook } from "./look.ts";

export type TimerDeps = Timers;

export interface CacheWarmerDeps {
  readonly warm: WarmService["warm"];
  /** Who sends warms that are due. @default `warm`, by `timers` */
  readonly dispatch?: WarmDispatch | undefined;
  readonly storage: StorageNamespace;
  readonly logger: Logger;
  readonly timers: TimerDeps;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Monotonic clock, ms from any origin. @default the wall clock, which cannot notice being set back */
  readonly monotonicNow?: () => number;
  /** A number in [0, 1), for jitter. @default Math.random */
  readonly random?: () => number;
  /** Decides how long a conversation is kept warm. @default as long as it is switched on */
  readonly planner?: Planner;
  /** Something that a surface shows has changed. */
  readonly onSurfaceChange: (conversationId: string) => void;
}

export type WarmNowAnswer = { readonly sent: true } | { readonly sent: false; readonly why: string };

export interface CacheWarmer {
  /** A request goes out: nothing may be warmed until it settles. */
  onTurnStarted(conversationId: string): void;
  onTurnSettled(conversationId: string, context: TurnContext): void;
  onWarmCompleted(event: WarmCompleted): void;
  /** A warm was sent whose answer was never read: it counts against what may be spent. */
  onWarmAborted(event: WarmAborted): void;
  /** A warm that the dispatch was given came to nothing. */
  onWarmFailed(event: WarmFailed): void;
  /** The person closed it: off, and remembered as off. Resolves when that is stored; never rejects. */
  onConversationClosed(conversationId: string): Promise<void>;
  /** The host lets go of it: stopped and forgotten, its settings untouched. */
  onConversationDetached(conversationId: string): void;
  onConversationChanged(conversationId: string, change: ConversationChange): void;

  getState(conversationId: string): ConversationState;
  getContext(conversationId: string): ConversationContext;
  /** Where it stands, and why it is not being warmed. */
  getStatus(conversationId: string): ConversationStatus;
  /** Its last turn, its prefix, and what the policy said of it. */
  look(conversationId: string): ConversationLook;
  /** What is to come of it if nobody comes back; null where it is not idle, or nothing is known of its prefix. */
  forecast(conversationId: string): SpanForecast | null;
  /** Ids of all conversations in memory. */
  conversations(): readonly string[];

  /** Rejects when the storage does; off holds in memory all the same, on does not. */
  setEnabled(conversationId: string, enabled: boolean): Promise<ConversationSettings>;
  /**
   * Switches on a conversation of which nothing is stored, and no other: what its person ever chose, and
   * whatever is asked for meanwhile, stays. Rejects when the storage does.
   */
  enableIfNew(conversationId: string): Promise<ConversationSettings>;
  /** Clamps to the minimum; null: back to following the TTL. Rejects when the storage does. */
  setIntervalMs(conversationId: string, intervalMs: number | null): Promise<ConversationSettings>;
  /**
   * Chooses for how long it is kept warm, in the policy's words; null: what holds where nobody chose. Rejects with
   * a TypeError for what is no such choice, and when the storage does.
   */
  setKeepWarm(conversationId: string, keepWarm: string | null): Promise<ConversationSettings>;
  /**
   * What the policy goes by has changed for all: asks it again about each conversation, a few hundred at a time. A
   * warm whose time has come meanwhile is asked about anyway.
   */
  reconsider(): void;
  /** Warms at once if that is safe, and says why when it is not. */
  warmNow(conversationId: string): Promise<WarmNowAnswer>;
  /** Lets go of a conversation and removes its settings. Rejects when the storage does. */
  forget(conversationId: string): Promise<void>;
  /** Reads the conversation's stored settings, once. Never rejects. */
  load(conversationId: string): Promise<void>;
  /** After a restart: loads what is stored as enabled, and re-arms the turns whose prefix is still alive. */
  restore(turns?: Iterable<RememberedTurn>): Promise<void>;
  /** Cancels every timer and aborts every warm. */
  dispose(): void;
}
