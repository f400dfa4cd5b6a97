/** One request to the Messages API and its response, as whoever passes them on tells of them. */
import type { CapturedRequest, Fetch, RateLimit, ResponseFacts, StreamError } from "../anthropic/index.ts";
import type { Instant } from "../pure.ts";

/** A Messages request on its way. */
export interface Call {
  /** Reads the request; null when it cannot be told what was sent. Asked for once, some time after it left. */
  readonly read: () => CapturedRequest | null;
  /**
   * The conversation that the client named; null when it named none.
   *
   * @param userId `metadata.user_id`, where the body could be read and has one
   */
  readonly nameOf: (userId: string | null) => string | null;
  /** The client said that it is not the person's own thread: a sub-agent's. @default false */
  readonly aside?: boolean;
  readonly tag: string | null;
  /** Sends a warm the way that the request went. */
  readonly send: Fetch;
  /** Brings the request up to date before it is repeated: a login that was renewed since. Rejects when it cannot. */
  readonly refresh?: (request: CapturedRequest) => Promise<CapturedRequest>;
  /** Why its host will not have it warmed, as a sentence. Left out: what the request itself shows decides. */
  readonly notWarmable?: string;
  readonly startedAt: Instant;
}

/** What a response told until its end, and whether it was an answer at all, not only an error in a stream. */
export interface Observed extends ResponseFacts {
  readonly started: boolean;
  readonly error?: StreamError | null;
}

/** How one call goes on. Everything is noted a moment later, when its client is not waiting. */
export interface OpenCall {
  /** The response began. */
  answered(limits: RateLimit | null): void;
  ended(observed: Observed): void;
  /**
   * @param failure what went wrong, as a phrase
   * @param waitMs how long the API wants to be left alone
   */
  failed(failure: string, waitMs?: number, limits?: RateLimit | null): void;
}

/** A call that waits for us to have read it. */
export interface LeavingCall {
  readonly call: OpenCall;
  /** What is to be sent; null: what came. */
  readonly body: Uint8Array | null;
  /** The API turned that away (400). True: send what came instead, which is what is followed then. */
  refused(): boolean;
}
