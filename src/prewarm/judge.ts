/** What a pre-warm would cache, what it costs, and why it cannot be sent. */
import {
  billingTerms,
  type CapturedRequest,
  costUsd,
  minimumCacheableTokens,
  type PriceTable,
  type RequestFacts,
  readRequest,
  refusalOf,
  TTL_5M_MS,
  type WarmRequestOptions,
} from "../anthropic/index.ts";
import type { Usage } from "../host.ts";
import { marginMs } from "../pure.ts";
import type { PrefixEntry } from "./catalogue-file.ts";
import { type Parsed, parsedRequest, piecesOf, sharedPieces } from "./prefix.ts";

export interface JudgeOptions extends Pick<WarmRequestOptions, "ttl5mMs" | "ttl1hMs" | "warmTokens"> {
  readonly prices?: PriceTable;
  /** Tokens of the prefix, where a pre-warm of it was answered before. */
  readonly knownTokens?: number | undefined;
}

export interface Judgement {
  readonly entry: PrefixEntry;
  /** Null: it could not be read. */
  readonly facts: RequestFacts | null;
  /** Why it is not sent, each a sentence; none: it can be. */
  readonly problems: readonly string[];
  /** What to look at, though it can be sent. */
  readonly notes: readonly string[];
  /** What would be cached: estimated at four characters a token, unless it is known. */
  readonly prefixTokens: number;
  readonly isEstimated: boolean;
  /** The shortest prefix that the model caches. */
  readonly minimumTokens: number;
  /** What it costs cold, what it costs while it is warm, in US dollars; null: no price is known. */
  readonly writeUsd: number | null;
  readonly readUsd: number | null;
  /** The most that a cold one can cost, reckoned high; null: no price is known. */
  readonly mostUsd: number | null;
  /** What its schedule costs a day, if each finds it warm that can; null: it has none, or no price is known. */
  readonly dailyUsd: number | null;
}

/** Of an entry whose markers say nothing, in ms: the default of the API. */
export const TTL_OF_NONE_MS = TTL_5M_MS;

const CHARS_PER_TOKEN = 4;
/** No text has fewer characters a token than this, or hardly any. */
const FEWEST_CHARS_PER_TOKEN = 2.5;
const DAY_MS = 86_400_000;

/** A place to send to and a key, for what depends on neither. */
const ANYWHERE: Omit<CapturedRequest, "body"> = {
  url: "https://api.anthropic.com/v1/messages",
  headers: { "x-api-key": "none" },
};

export function judge(entry: PrefixEntry, options: JudgeOptions = {}): Judgement {
  const reading = readRequest(entry.body, options);
  const request = parsedRequest(entry.body);
  if (!reading.ok || request === undefined) {
    return { entry, facts: null, problems: ["It is no Messages request."], notes: [], ...NO_FIGURES };
  }
  const { facts } = reading;
  const pieces = sharedPieces(piecesOf(request));
  const chars = pieces.reduce((sum, { text }) => sum + text.length, 0);
  const prefixTokens = options.knownTokens ?? Math.ceil(chars / CHARS_PER_TOKEN);
  const minimumTokens = minimumCacheableTokens(facts.model, options.prices);
  const shape = shapeProblem(request, facts);
  const said = shape === null ? refusalOf({ ...ANYWHERE, body: entry.body }, facts, options) : null;
  // Its words are of conversations, which grow.
  const refusal = said?.code === "too-short" ? null : said;
  const costs = costsOf(facts, prefixTokens, entry.body.length, options.prices);
  const isShort = shape === null && prefixTokens < minimumTokens;
  const isTooShort = isShort && (options.knownTokens !== undefined || chars / 3 < minimumTokens);
  const length = `Its prefix has ${options.knownTokens === undefined ? "about " : ""}${prefixTokens} tokens, and ${facts.model} caches from ${minimumTokens}`;
  const everyMs = entry.schedule !== null && "everyMs" in entry.schedule ? entry.schedule.everyMs : null;
  const lapses =
    everyMs !== null && facts.ttlMs !== null && everyMs > facts.ttlMs - marginMs(facts.ttlMs) / 2;
  return {
    entry,
    facts,
    problems: [
      ...(shape === null ? [] : [shape]),
      ...(refusal === null ? [] : [refusal.reason]),
      ...(isTooShort && refusal === null ? [`${length}: nothing would be cached.`] : []),
    ],
    notes: [
      ...(isShort && !isTooShort ? [`${length}: perhaps nothing would be cached.`] : []),
      ...(lapses ? ["Its schedule is no shorter than its entries live: each would be a full write."] : []),
      ...(costs.writeUsd === null
        ? ["No price is known for its model, so it is not sent while a cap holds."]
        : []),
    ],
    prefixTokens,
    isEstimated: options.knownTokens === undefined,
    minimumTokens,
    ...costs,
    dailyUsd: everyMs === null ? null : timesUsd(DAY_MS / everyMs, lapses ? costs.writeUsd : costs.readUsd),
  };
}

const NO_FIGURES = {
  prefixTokens: 0,
  isEstimated: true,
  minimumTokens: 0,
  writeUsd: null,
  readUsd: null,
  mostUsd: null,
  dailyUsd: null,
};

/** What the shape of a pre-warm must be: a marker, and behind it a placeholder that nothing caches. */
function shapeProblem(request: Parsed, { markers }: RequestFacts): string | null {
  if (markers.some(({ where }) => where === "automatic")) {
    return "Its top-level cache_control marks the placeholder itself, which real traffic does not send: put cache_control on the last shared block.";
  }
  const pieces = piecesOf(request);
  const last = pieces.at(-1);
  if (last?.where === "messages" && last.isMarked) {
    return "A marker stands on its last message, which should be a placeholder: put cache_control on the last block that real traffic shares, before it.";
  }
  const messages = Array.isArray(request.messages) ? request.messages : [];
  if (messages.at(-1)?.role !== "user") return "Its last message must be a user's placeholder.";
  if (pieces.filter(({ isMarked }) => isMarked).some(({ message }) => message === messages.length)) {
    return "A marker stands in its last message, which should be a placeholder: put cache_control before it.";
  }
  return null;
}

function costsOf(facts: RequestFacts, prefixTokens: number, bytes: number, prices: PriceTable | undefined) {
  const terms = billingTerms(facts);
  const usd = (usage: Usage) => costUsd(usage, terms, prices);
  const most = Math.ceil(bytes / FEWEST_CHARS_PER_TOKEN);
  const tail = 8;
  const inputTokens = prefixTokens + tail;
  return {
    writeUsd: usd({ inputTokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: prefixTokens }),
    readUsd: usd({ inputTokens, outputTokens: 0, cacheReadTokens: prefixTokens, cacheWriteTokens: 0 }),
    mostUsd: usd({ inputTokens: most, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: most }),
  };
}

function timesUsd(times: number, usd: number | null): number | null {
  return usd === null ? null : times * usd;
}
