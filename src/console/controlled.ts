/** What the control API controls: the gateway fulfils this, and the API knows nothing else of it. */
import type { ConversationView, GatewayInfo, RunRequest } from "../hub/index.ts";
import type { Report } from "../ledger/index.ts";
import type { WarmNowAnswer } from "../warmer.ts";

/** A run to be attached, with the id it has by now. */
export type NamedRun = RunRequest & { readonly runId: string };

export interface AttachedRun {
  /** What the command gets for its base URL. */
  readonly baseUrl: string;
  /** The command is over: stops its conversations at once, and keeps their settings. */
  detach(): void;
}

/**
 * Whatever throws or rejects here is answered with a plain 500 and told to `onError`, unless it is a
 * {@link Refused}.
 */
export interface Controlled {
  info(): GatewayInfo;
  /** Those in memory. */
  conversations(): readonly ConversationView[];
  /** Null: none of this id is in memory. */
  conversation(conversationId: string): ConversationView | null;
  /** Stores the choice even where no such conversation is in memory, and resolves with null then. */
  setEnabled(conversationId: string, enabled: boolean): Promise<ConversationView | null>;
  /** Likewise. */
  setIntervalMs(conversationId: string, intervalMs: number): Promise<ConversationView | null>;
  /** Likewise. */
  setKeepWarm(conversationId: string, keepWarm: string | null): Promise<ConversationView | null>;
  /** Resolves when the warm has landed; with null where no such conversation is in memory. */
  warmNow(conversationId: string): Promise<WarmNowAnswer | null>;
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
