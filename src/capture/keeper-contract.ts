/** What a keeper is given, and what it does. */
import type { EventEmitter } from "eventemitter3";
import type {
  ConversationChange,
  Disposable,
  HostEvents,
  Keeping,
  Logger,
  StorageNamespace,
  SurfaceProvider,
  Timers,
} from "../host.ts";
import type { Ledger } from "../plugin.ts";
import type { TierAdvice } from "../policy/index.ts";
import type { CacheWarmer } from "../warmer.ts";
import type { CapturedConversation } from "./captured-conversation.ts";
import type { BeginDispatch } from "./dispatching.ts";
import type { Headroom } from "./headroom.ts";
import type { Notice } from "./placing.ts";
import type { ConversationSummary } from "./summary.ts";
import type { createTiering } from "./tiering.ts";
import type { TierChoice } from "./tiers.ts";
import type { Turns } from "./turns.ts";
import type { WarmSettings, WarmsContext } from "./warms.ts";

export interface KeeperOptions extends WarmSettings {
  readonly storage: StorageNamespace;
  /** Where the ledger is kept. @default in memory */
  readonly ledger?: StorageNamespace;
  /** How long conversations are kept warm. */
  readonly keeping: Keeping;
  readonly logger: Logger;
  readonly timers: Timers;
  /** Wall clock, epoch ms. */
  readonly now: () => number;
  /** Monotonic clock, ms. */
  readonly monotonicNow: () => number;
  /** Whether a conversation that has no setting of its own is switched on. */
  readonly enableNew: (tag: string | null) => boolean;
  /** Conversations kept in memory; beyond it the one used longest ago is let go of. */
  readonly maxConversations: number;
  /** Memory for captured bodies, in bytes; beyond it those used longest ago are let go of. */
  readonly maxHeldBytes: number;
  /** Warms on their way at once. */
  readonly maxWarms: number;
  /** Whether requests with a person's subscription credentials may be repeated. @default false */
  readonly allowSubscription?: boolean;
  /** For who can let requests leave otherwise than they came. @default they cannot */
  readonly tiering?: typeof createTiering;
  /** How long cache entries are to live; left out, as each client asks. */
  readonly tier?: TierChoice | undefined;
  /** Asked right before each warm: why it is not sent after all, or null. A rejection is a failure of the warm. */
  readonly mayWarm?: NonNullable<WarmsContext["mayWarm"]>;
  /** Who sends the warms. @default this process, by its own timers */
  readonly dispatch?: BeginDispatch | undefined;
  /** Told of each request of a conversation that passes. */
  readonly notice?: Notice;
  /** See {@link Conversations}. @default false */
  readonly sideThreadsBegin?: boolean;
}

/** What its person may change while it works. */
export interface KeeperChange {
  readonly allowSubscription: boolean;
  /** Undefined: as each client asks. */
  readonly tier: TierChoice | undefined;
}

export interface Keeper extends Disposable {
  readonly turns: Turns;
  /** State and settings of each conversation. */
  readonly warmer: CacheWarmer;
  /** What its person is shown, as data. */
  readonly surface: SurfaceProvider;
  /** What was spent on each conversation, and what was saved. */
  readonly ledger: Ledger;
  /** Forgets what was learned of how the person pauses. Rejects when the storage does. */
  forgetPauses(): Promise<void>;
  /** The same of one conversation that is not open; false: nothing was known of it. Rejects when the storage does. */
  forgetPausesIn(conversationId: string): Promise<boolean>;
  /** Which lifetime of cache entries would cost its person least, for a model; null without {@link KeeperOptions.tiering}. */
  adviseTier(modelName: string): TierAdvice | null;
  /** In force at once, for what is already held too. What `keeping` says is read anew as well. */
  change(change: KeeperChange): void;
  /** Whether requests may have to leave otherwise than they came. */
  mayEdit(): boolean;
  /** What happens, to listen to. A listener that throws comes between nothing. */
  readonly events: EventEmitter<HostEvents>;
  /** The one used last first. */
  conversations(): ConversationSummary[];
  /** Null: no such conversation is in memory. */
  conversation(conversationId: string): ConversationSummary | null;
  /** Memory that captured bodies take, in bytes. */
  heldBytes(): number;
  /** Each with its last request, the one used longest ago first. Not to be held on to. */
  captured(): readonly CapturedConversation[];
  /** What the API's rate limits leave, for whoever sends besides. */
  readonly headroom: Pick<Headroom, "waitMs">;
  /** Warms on their way, or waiting for one that is. */
  warmsInFlight(): number;
  /** A request of a named conversation went out that cannot be read: what is kept warm may not be its last. */
  unreadable(conversationId: string): void;
  /** News of a conversation between its turns: what it waits for, whether its person is there. */
  changed(conversationId: string, change: ConversationChange): void;
  /** The conversation is over: off, and its last request forgotten. */
  close(conversationId: string): void;
  /** Its client is gone: nothing more is sent, and its setting stays. */
  detach(conversationId: string): void;
  /** What came with this tag is gone: likewise. */
  detachTag(tag: string): void;
}
