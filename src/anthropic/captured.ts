import type { Usage } from "../host.ts";
import type { CapturedHeaders } from "./headers.ts";
import type { PriceTable } from "./prices.ts";
import type { TtlOptions } from "./request-facts.ts";
import type { MessageUsage } from "./usage.ts";

/** A request as it went out. */
export interface CapturedRequest {
  readonly url: string;
  /** @default "POST" */
  readonly method?: string;
  readonly headers: CapturedHeaders;
  /** As sent: still compressed when `content-encoding` says so. */
  readonly body: Uint8Array;
}

export interface WarmRequestOptions extends TtlOptions {
  /** Forces `max_tokens` of warms. Left out, each body gets the cheapest value that the API takes for it. */
  readonly warmTokens?: 0 | 1;
  /**
   * What to do with `thinking: enabled` where no cheap warm exists. `stream-abort` sends the request as it was,
   * streamed, and hangs up once the response begins; what Anthropic bills for that is not documented.
   * @default "refuse"
   */
  readonly budgetThinking?: "refuse" | "stream-abort";
  /** Whether requests with a person's subscription credentials may be repeated. @default false */
  readonly allowSubscription?: boolean;
  /** Models that answered `max_tokens: 0` with an error. */
  readonly rejectedZero?: ReadonlySet<string>;
  /** Usage of the captured request's own response, where it is known. */
  readonly usage?: Usage | MessageUsage;
  /** Largest decoded body, in bytes. @default 67_108_864 */
  readonly maxBodyBytes?: number;
  /** For the models' minimum lengths. Default: the shipped table. */
  readonly prices?: PriceTable;
}
