/** What the control API controls: the gateway fulfils this, and the API knows nothing else of it. */
import type {
  CompareAnswer,
  CompareRequest,
  ConversationView,
  FleetAnswer,
  FleetJobAnswer,
  FleetJobsAnswer,
  FleetRequeued,
  GatewayInfo,
  HealthView,
  HistoryAnswer,
  HistoryEntry,
  JobOutcome,
  OutlookView,
  PrewarmAnswer,
  RunRequest,
  SettingChange,
  SettingChanged,
  SettingsAnswer,
  TotalsView,
} from "../hub/index.ts";
import type { Report } from "../ledger/index.ts";
import type { WarmNowAnswer } from "../warmer.ts";
import type { Thing } from "./session.ts";

/** A run to be attached, with the id it has by now. */
export type NamedRun = RunRequest & { readonly runId: string };

export interface AttachedRun {
  /** What the command gets for its base URL. */
  readonly baseUrl: string;
  /** The command is over: stops its conversations at once, and keeps their settings. */
  detach(): void;
}

/** Told that something is not what it was. Called often: it must be quick, and must not throw. */
export interface Watcher {
  /** It is new, gone, or changed. */
  conversation(conversationId: string): void;
  history(conversationId: string, entry: HistoryEntry): void;
  thing(thing: Thing): void;
}

/** What a gateway with a fleet can be asked and told. Rejects with {@link Refused} where its database does not answer. */
export interface ControlledFleet {
  overview(): Promise<FleetAnswer>;
  jobs(query: {
    readonly outcome?: JobOutcome | undefined;
    readonly limit: number;
  }): Promise<FleetJobsAnswer>;
  /** @param id its beginning will do; null: it is not known, or not the only one */
  job(id: string): Promise<FleetJobAnswer | null>;
  /** @throws {Refused} when it cannot be done again */
  requeue(id: string): Promise<FleetRequeued>;
}

/**
 * Whatever throws or rejects here is answered with a plain 500 and told to `onError`, unless it is a
 * {@link Refused}.
 */
export interface Controlled {
  /** Epoch ms. */
  now(): number;
  info(): GatewayInfo;
  /** Null: it has none. */
  readonly fleet: ControlledFleet | null;
  totals(): TotalsView;
  health(): Omit<HealthView, "listeners">;
  /** Those in memory. */
  conversationIds(): readonly string[];
  conversations(): readonly ConversationView[];
  /** Null: none of this id is in memory. */
  conversation(conversationId: string): ConversationView | null;
  /** Null: nothing is known of it. */
  history(conversationId: string): Promise<HistoryAnswer | null>;
  /** Keeps what a program tells of a conversation that it has. */
  noteHistory(conversationId: string, entry: HistoryEntry): void;
  /** Null: none of this id is in memory. */
  outlook(conversationId: string): OutlookView | null | Promise<OutlookView | null>;
  /** Tells what changes, until what it returns is called. Nothing is done for it before and after. */
  watch(watcher: Watcher): () => void;
  settings(): SettingsAnswer;
  /** What is chosen is in force at once. @throws {Refused} when it is not allowed, or cannot be stored */
  changeSetting(change: SettingChange): SettingChanged;
  /** What is warmed before anyone asks. */
  prewarm(): PrewarmAnswer;
  comparePrewarm(request: CompareRequest): Promise<CompareAnswer>;
  /** Stores the choice even where no such conversation is in memory, and resolves with null then. */
  setEnabled(conversationId: string, enabled: boolean): Promise<ConversationView | null>;
  /** Likewise. */
  setIntervalMs(conversationId: string, intervalMs: number | null): Promise<ConversationView | null>;
  /** Likewise. */
  setKeepWarm(conversationId: string, keepWarm: string | null): Promise<ConversationView | null>;
  /**
   * Does what its surface offers, by the id of the action. Resolves with null where no such conversation is in
   * memory. @throws {Refused} when there is no such action, or its payload makes no sense
   */
  act(conversationId: string, actionId: string, payload: unknown): Promise<ConversationView | null>;
  /** Resolves when the warm has landed; with null where no such conversation is in memory. */
  warmNow(conversationId: string): Promise<WarmNowAnswer | null>;
  /** The person is done with it: off, and remembered as off. Resolves with false where nothing is known of it. */
  close(conversationId: string): Promise<boolean>;
  /** Resolves with false where nothing was known of it. */
  forget(conversationId: string): Promise<boolean>;
  /** @param since epoch ms; left out, from the beginning */
  report(since?: number): Promise<Report>;
  /** Forgets what was learned of how the person pauses. */
  forgetPauses(): Promise<void>;
  /** @throws {Refused} when it cannot be attached, such as 409 for an id in use */
  attachRun(run: NamedRun): AttachedRun;
  /** Begins an orderly shutdown. Called once its caller has been answered. */
  stop(): void;
}

/** A no that a person is told as it stands. */
export class Refused extends Error {
  override readonly name = "Refused";
  /** HTTP status. */
  readonly status: 400 | 404 | 409 | 413 | 503;

  constructor(status: 400 | 404 | 409 | 413 | 503, sentence: string) {
    super(sentence);
    this.status = status;
  }
}
