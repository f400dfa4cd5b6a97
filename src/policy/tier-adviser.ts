/** Watches what a person's turns would have cost with each lifetime, and says which one suits them. */
import type { Prices, RequestAnswered, StorageNamespace } from "../host.ts";
import type { CacheTier } from "./facts.ts";
import type { GapSummary } from "./gap-history.ts";
import { stopKindOf } from "./history.ts";
import { ENDED_AFTER_MS } from "./presence.ts";
import { firstWriteCosts, type SeenSpan, spanCosts, type TierCosts } from "./tier-costs.ts";
import { type TierAdvice, TierHistory } from "./tier-history.ts";

export interface TierAdviser {
  /** Of every conversation: those beside the person's own threads tell nothing, and may be told. */
  requestAnswered(request: RequestAnswered): void;
  /** Nobody comes back to it, or nobody would see it. */
  closed(conversationId: string): void;
  /** @param conversationId whose own past counts most, where it has one */
  advise(modelName: string, conversationId?: string): TierAdvice;
  /**
   * The lifetime to write a prefix with.
   *
   * @param isWarmed whether it will be kept warm
   */
  cheapest(modelName: string, conversationId: string, isWarmed: boolean): CacheTier;
  /** Rejects when the storage does. */
  forget(): Promise<void>;
}

export interface TierAdviserOptions {
  /** Where sums are kept, without times and content. @default in memory */
  readonly storage?: StorageNamespace;
  /** Left out, every model is taken to read at the usual price. */
  readonly prices?: Prices;
  readonly now: () => number;
  /** The person's gaps until now. */
  readonly gaps?: () => GapSummary | undefined;
}

/** Whoever removes it makes keepwarm forget what each lifetime would have cost its person. */
export const TIERS_KEY = "tiers";

/** Of most models, in input tokens (docs/prompt-caching.md § 6). */
const USUAL_READ = 0.1;

interface Seen {
  readonly own: TierHistory;
  /** What is known of the span since its last request. */
  readonly span: Omit<SeenSpan, "gapMs">;
  readonly read: number;
  readonly startedAt: number;
}

/** Price of a read token in input tokens, by which pasts are kept apart. @param prices left out: the usual one */
export function readPriceOf(modelName: string, prices: Prices | undefined): number {
  const none = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  const rates = prices?.ratesOf(none, modelName) ?? null;
  // Rounded, so that equal ratios are one.
  return rates === null || !(rates.input > 0)
    ? USUAL_READ
    : Number((rates.read / rates.input).toPrecision(3));
}

export function createTierAdviser(options: TierAdviserOptions): TierAdviser {
  const { storage, prices, now, gaps = () => undefined } = options;
  let person = new TierHistory();
  /** What came before the past had been read. */
  let early: [read: number, costs: TierCosts][] | null = storage === undefined ? null : [];
  let writing = Promise.resolve();
  /** The next write has not begun yet, and will have everything that is added until then. */
  let isWaiting = false;
  /** In the order of their last request, the oldest first. */
  const seen = new Map<string, Seen>();

  storage?.get(TIERS_KEY).then(
    (text) => {
      if (early === null) return;
      person = TierHistory.parse(text);
      for (const [read, costs] of early) person.add(read, costs);
      early = null;
    },
    // Without the past it advises what suits most people, and does not write over what could not be read.
    () => {},
  );

  function add(read: number, costs: TierCosts): void {
    person.add(read, costs);
    early?.push([read, costs]);
    if (storage === undefined || isWaiting) return;
    isWaiting = true;
    writing = writing
      .then(() => {
        isWaiting = false;
        return early === null ? storage.set(TIERS_KEY, person.toString()) : undefined;
      })
      // Nothing is lost but what was learned: who owns the storage hears of its failures elsewhere.
      .catch(() => {});
  }

  function book({ own, read }: Seen, span: SeenSpan): void {
    const costs = spanCosts(span, read);
    own.add(read, costs);
    add(read, costs);
  }

  /** Those that nobody came back to for so long have ended. */
  function expire(at: number): void {
    for (const [id, one] of seen) {
      if (at - one.startedAt < ENDED_AFTER_MS) return;
      seen.delete(id);
      book(one, { ...one.span, gapMs: null });
    }
  }

  function advise(modelName: string, conversationId?: string): TierAdvice {
    const own = conversationId === undefined ? undefined : seen.get(conversationId)?.own;
    return person.advise(readPriceOf(modelName, prices), own);
  }

  return {
    requestAnswered(request) {
      const { conversationId, startedAt, usage, modelName = "", ttlMs, aside, replaced } = request;
      // Without a marker no lifetime would have cost anything else.
      if (aside === true || usage === undefined || ttlMs === undefined) return;
      expire(startedAt);
      const before = seen.get(conversationId);
      const read = readPriceOf(modelName, prices);
      const { inputTokens, cacheReadTokens } = usage;
      if (before !== undefined && before.read === read) {
        const reusedTokens = replaced === true ? 0 : Math.min(before.span.promptTokens, inputTokens);
        const gapMs = Math.max(0, startedAt - before.startedAt);
        book(before, { ...before.span, gapMs, nextTokens: inputTokens, reusedTokens });
      } else if (cacheReadTokens < inputTokens / 2) {
        // Not one that had begun before we saw it.
        add(read, firstWriteCosts(inputTokens));
      }
      const answerMs = Math.max(0, now() - startedAt);
      const soFar = gaps();
      const span = {
        stop: stopKindOf(request),
        promptTokens: inputTokens,
        answerMs,
        ...(soFar === undefined ? {} : { person: soFar }),
      };
      seen.delete(conversationId);
      seen.set(conversationId, { own: before?.own ?? new TierHistory(), span, read, startedAt });
    },
    closed: (conversationId) => void seen.delete(conversationId),
    advise,
    cheapest(modelName, conversationId, isWarmed) {
      const { relativeCost } = advise(modelName, conversationId);
      const how = isWarmed ? ("+ warms" as const) : ("alone" as const);
      return relativeCost[`1h ${how}`] < relativeCost[`5m ${how}`] ? "1h" : "5m";
    },
    async forget() {
      person = new TierHistory();
      seen.clear();
      // What is still being read is forgotten too.
      early = null;
      await writing;
      await storage?.delete(TIERS_KEY);
    },
  };
}
