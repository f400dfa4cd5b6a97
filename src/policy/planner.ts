/** Asks the policy about an idle conversation, with what is known of it, of its price and of the person's limits. */
import type { Prices, StorageNamespace, TurnContext } from "../host.ts";
import type { Caps } from "./caps.ts";
import { createDaySpend, type DaySpend } from "./day-spend.ts";
import type { Activity, CachePrice, CacheTier, Plan, PolicyFacts } from "./facts.ts";
import { type Forecast, forecast } from "./forecast.ts";
import { stopKindOf } from "./history.ts";
import { AUTO, formatKeepWarm, type KeepWarm, parseKeepWarm } from "./keep-warm.ts";
import { plan, policyOf } from "./plan.ts";
import { priceOfTurn, tierOf, tokensOfTurn } from "./turn-price.ts";

/** An idle conversation, as its warmer knows it. Times are epoch ms. */
export interface IdleSpan {
  readonly conversationId: string;
  readonly now: number;
  /** The last real request went out, or its turn settled where the start is not known. */
  readonly turnStartedAt: number;
  readonly settledAt: number;
  readonly ttlMs: number;
  readonly dueAt: number;
  /** Up to which it may be put off after that. @default dueAt */
  readonly latestAt?: number;
  /** From one warm to the next, in ms. */
  readonly everyMs: number;
  /** Warms since the last real turn, and what they cost in USD as far as that is known. */
  readonly warms: number;
  readonly spentUsd: number;
  /** The person's choice for this conversation, as it is stored; undefined where there is none. */
  readonly keepWarm: string | undefined;
  readonly turn: TurnContext;
  readonly waiting?: NonNullable<PolicyFacts["waiting"]>;
  readonly open?: boolean;
  /** The person was last seen at the keyboard. */
  readonly seenAt?: number;
}

export interface PlannerOptions {
  /** Read at each use, as is `keepWarm`: a person may change both while it plans. */
  readonly caps?: Caps;
  /** What holds for conversations of which nobody chose anything. @default auto */
  readonly keepWarm?: KeepWarm;
  /** List prices. Left out, only their usual ratios are known, and limits in dollars let nothing through. */
  readonly prices?: Prices;
  /** Where the last day's spending is kept: its limit holds over restarts, and over all who share it. @default in memory */
  readonly storage?: StorageNamespace;
  /** What the person did lately, as far as it is known. */
  readonly activityOf?: (conversationId: string, now: number) => Activity;
}

export interface Planner {
  plan(span: IdleSpan): Plan;
  /** What is to come if nobody comes back. */
  forecast(span: IdleSpan): SpanForecast;
  /** Why a warm that a person asks for by hand is over a limit; null when it is not. */
  limit(span: IdleSpan): string | null;
  /** Says which policy decides, for the ledger. */
  nameOf(keepWarm: string | undefined): string;
  /** A warm was paid for. @param costUsd null: no price is known */
  spent(costUsd: number | null, now: number): void;
}

/** A {@link Forecast}, as far as the price is known. */
export interface SpanForecast extends Omit<Forecast, "warmUsd"> {
  readonly warmUsd: number | null;
}

/** Ratios of every current model but the cheapest readers (docs/prompt-caching.md § 8); dollars stay unknown. */
const USUAL_READ = 0.1;
const USUAL_WRITE: Readonly<Record<CacheTier, number>> = { "5m": 1.25, "1h": 2 };

/** Until the last day's spending has been read, in ms. */
const NOT_READ_MS = 100;

function beingRead({ now }: IdleSpan): Plan {
  return {
    askAgainAt: now + NOT_READ_MS,
    reason: "What the last day has cost is being read.",
    expectedNetUsd: 0,
    pReturn: 0,
  };
}

export function createPlanner(options: PlannerOptions = {}): Planner {
  const { prices, storage, activityOf } = options;
  const daySpend: DaySpend = createDaySpend(storage);

  function factsOf(span: IdleSpan, price: CachePrice, spentUsd24h: number): PolicyFacts {
    const { conversationId, turn, keepWarm: _, waiting, open, ...times } = span;
    const { prefixTokens, tailTokens } = tokensOfTurn(turn) ?? { prefixTokens: 0, tailTokens: 0 };
    return {
      ...times,
      // Where a host tells no usage only ratios count: one token stands for all.
      prefixTokens: prefixTokens > 0 ? prefixTokens : 1,
      tailTokens,
      price,
      spentUsd24h,
      stop: stopKindOf(turn),
      ...(waiting === undefined ? {} : { waiting }),
      ...(open === undefined ? {} : { open }),
      ...(activityOf === undefined ? {} : { activity: activityOf(conversationId, span.now) }),
    };
  }

  function choiceOf(keepWarm: string | undefined): KeepWarm {
    return (keepWarm === undefined ? null : parseKeepWarm(keepWarm)) ?? options.keepWarm ?? AUTO;
  }

  function planAs(choice: KeepWarm, span: IdleSpan): Plan {
    const caps = options.caps ?? {};
    const facts = knownOf(span, caps);
    return "reason" in facts ? facts : plan(choice, facts, caps);
  }

  /** What the policy is asked by; or what holds where that cannot be told. */
  function knownOf(span: IdleSpan, caps: Caps): PolicyFacts | Plan {
    const price = priceOfTurn(span.turn, prices);
    const limitsDollars = caps.spanUsd !== undefined || caps.dayUsd !== undefined;
    if (price === null && limitsDollars) {
      return stop("The price of this model is not known, so your limits in dollars could not be kept.");
    }
    const spentUsd24h = caps.dayUsd === undefined ? 0 : daySpend.usd(span.now);
    if (spentUsd24h === null) return beingRead(span);
    const { tier, ttlMs = 0 } = span.turn;
    const usual = { inputUsd: 0, read: USUAL_READ, write: USUAL_WRITE[tierOf(tier, ttlMs)] };
    return factsOf(span, price ?? usual, spentUsd24h);
  }

  return {
    limit(span) {
      const { warmAt, reason } = planAs({ kind: "always" }, { ...span, open: true });
      return warmAt === undefined ? reason : null;
    },
    nameOf: (keepWarm) => formatKeepWarm(choiceOf(keepWarm)),
    plan(span) {
      // Others may have spent the rest of it meanwhile. It matters, and is waited for, when a warm would go out now.
      const mayBeSpent = options.caps?.dayUsd !== undefined && daySpend.isStale(span.now);
      return mayBeSpent && span.now >= span.dueAt ? beingRead(span) : planAs(choiceOf(span.keepWarm), span);
    },
    forecast(span) {
      const caps = options.caps ?? {};
      const facts = knownOf(span, caps);
      if ("reason" in facts) return { plan: facts, curve: [], warms: [], warmsADay: null, warmUsd: null };
      const { warmUsd, ...foreseen } = forecast(policyOf(choiceOf(span.keepWarm)), facts, caps);
      return { ...foreseen, warmUsd: facts.price.inputUsd > 0 ? warmUsd : null };
    },
    spent: (costUsd, now) => daySpend.add(costUsd ?? 0, now),
  };
}

function stop(reason: string): Plan {
  return { stop: true, reason, expectedNetUsd: 0, pReturn: 0 };
}
