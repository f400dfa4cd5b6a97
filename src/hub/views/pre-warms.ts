/** What the gateway warms before anyone asks. Amounts are US dollars at list price, times epoch ms. */
import * as z from "zod/mini";

export interface PrefixView {
  /** As in the catalogue. */
  readonly name: string;
  /** Null: it cannot be read. */
  readonly model: string | null;
  readonly ttlMs: number | null;
  readonly prefixTokens: number;
  /** At four characters a token; otherwise as the API has counted. */
  readonly isEstimated: boolean;
  readonly writeUsd: number | null;
  readonly readUsd: number | null;
  /** In words; null: none. */
  readonly schedule: string | null;
  readonly triggers: readonly string[];
  readonly pinned: boolean;
  /** Null: not known to be warm. */
  readonly lapsesAt: number | null;
  /** First turns that would find it cold in this hour, as usual. */
  readonly expectedStarts: number;
  /** Why it is not sent, each a sentence. */
  readonly problems: readonly string[];
  /** Why traffic as it was last seen would not read it, as a sentence; null: nothing is known against it. */
  readonly drift: string | null;
}

export interface PreWarmView {
  readonly name: string;
  /** `connect`, `commit`, `miss`, `schedule`, `hours` or `asked`. */
  readonly cause: string;
  readonly at: number;
  /** `wrote`, `read`, `part`, `nothing`, `refused` or `failed`. */
  readonly outcome: string;
  readonly why: string | null;
  readonly model: string | null;
  readonly readTokens: number;
  readonly wroteTokens: number;
  readonly costUsd: number | null;
}

export interface PrewarmAnswer {
  readonly enabled: boolean;
  /** Why nothing is warmed though it is enabled, as a sentence; null: nothing is in the way. */
  readonly trouble: string | null;
  /** Something is on its way, or waits for the API's rate limits. */
  readonly isBusy: boolean;
  /** Of the catalogue; null: none is named. */
  readonly catalogue: string | null;
  /** In the last 24 hours, what is on its way included. */
  readonly spentUsd: number;
  readonly maxUsd: number;
  readonly prefixes: readonly PrefixView[];
  /** Entries that cannot be read, each a sentence. */
  readonly problems: readonly { readonly name: string | null; readonly sentence: string }[];
  /** Prefixes that are begun with often, and are in no entry. */
  readonly uncatalogued: number;
  /** The last 200, the last first. */
  readonly history: readonly PreWarmView[];
}

/** The body of `POST /v1/prewarm/compare`. */
export interface CompareRequest {
  /** A Messages request as JSON. */
  readonly request: string;
  readonly betas: readonly string[];
}

export interface CompareAnswer {
  /** Requests that it was compared with: the last one of each conversation. */
  readonly compared: number;
  /** Of the one most like it. */
  readonly conversationId: string | null;
  /** Null: a pre-warm of it would be read. */
  readonly difference: {
    readonly part: string;
    /** Bytes of that part which both begin with. */
    readonly byte: number | null;
    readonly sentence: string;
    readonly shared: number;
  } | null;
  readonly notes: readonly string[];
}

const text = z.nullable(z.string());
const amount = z.nullable(z.number());

export const prewarmAnswer = z.looseObject({
  enabled: z.boolean(),
  trouble: text,
  isBusy: z.boolean(),
  catalogue: text,
  spentUsd: z.number(),
  maxUsd: z.number(),
  prefixes: z.array(
    z.looseObject({
      name: z.string(),
      model: text,
      ttlMs: amount,
      prefixTokens: z.number(),
      isEstimated: z.boolean(),
      writeUsd: amount,
      readUsd: amount,
      schedule: text,
      triggers: z.array(z.string()),
      pinned: z.boolean(),
      lapsesAt: amount,
      expectedStarts: z.number(),
      problems: z.array(z.string()),
      drift: text,
    }),
  ),
  problems: z.array(z.looseObject({ name: text, sentence: z.string() })),
  uncatalogued: z.number(),
  history: z.array(
    z.looseObject({
      name: z.string(),
      cause: z.string(),
      at: z.number(),
      outcome: z.string(),
      why: text,
      model: text,
      readTokens: z.number(),
      wroteTokens: z.number(),
      costUsd: amount,
    }),
  ),
});

export const compareAnswer = z.looseObject({
  compared: z.number(),
  conversationId: text,
  difference: z.nullable(
    z.looseObject({ part: z.string(), byte: amount, sentence: z.string(), shared: z.number() }),
  ),
  notes: z.array(z.string()),
});
