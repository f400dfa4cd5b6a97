/** A conversation as the control API tells it. */
import { basename } from "node:path";
import type { ConversationSummary, Keeper } from "../capture/index.ts";
import type { Prices, Usage } from "../host.ts";
import { type Figures, netUsd } from "../ledger/index.ts";
import { type Plan, returnUsd } from "../policy/index.ts";
import { computeCachePct, computeExpectedCacheRate, isIntervalChosen } from "../pure.ts";
import type { ConversationView, MoneyView, OutlookView, PlanView, RunView } from "./views/index.ts";

export interface Viewed {
  readonly keeper: Pick<Keeper, "warmer" | "surface" | "ledger" | "conversation">;
  readonly prices: Prices;
  /** The program that it is told by; left out: the gateway. */
  readonly host?: string;
  /** The folder that program works in, where its turns do not tell. */
  readonly cwd?: string;
  /** The run whose tag a request came with, while it is attached. */
  readonly runOf: (tag: string) => RunView | undefined;
  /** For how long a conversation is kept warm of which nobody chose anything. */
  readonly keepWarm: () => string;
}

export function viewOf(summary: ConversationSummary, viewed: Viewed): ConversationView {
  const { id, named, tag, modelName, lastTurnAt, ttlMs, sideThreads } = summary;
  const { warmer, surface, ledger } = viewed.keeper;
  const state = warmer.getState(id);
  const { enabled, lastPct, lastExpectedPct, lastWarmAt, nextWarmAt } = state;
  const { turn, prefix, plan, intervalMs } = warmer.look(id);
  const run = tag === null ? undefined : viewed.runOf(tag);
  const cwd = turn.cwd ?? run?.cwd ?? viewed.cwd ?? null;
  return {
    id,
    host: viewed.host ?? null,
    named,
    folder: cwd === null ? null : basename(cwd) || cwd,
    cwd,
    run: run === undefined ? null : { runId: run.runId, command: run.command },
    modelName: modelName === "" ? null : modelName,
    ...warmer.getStatus(id),
    enabled,
    intervalMs,
    intervalChosen: isIntervalChosen(state),
    keepWarm: state.keepWarm ?? null,
    plan: plan && planView(plan, state.keepWarm ?? viewed.keepWarm()),
    lastPct,
    lastExpectedPct,
    ...percentagesOf(turn.usage),
    lastWarmAt,
    nextWarmAt,
    lastTurnAt,
    lastUsedAt: prefix?.lastUsedAt ?? null,
    lapsesAt: prefix?.lapsesAt ?? null,
    ttlMs: ttlMs ?? turn.ttlMs ?? null,
    prefixTokens: prefixTokensOf(turn.usage) ?? summary.prefixTokens,
    sideThreads,
    money: moneyView(ledger.figuresOf(id)),
    returnUsd: returnUsd(turn, viewed.prices),
    surface: surface.getSpec({ conversationId: id }),
  };
}

/** Null: there is no such conversation. @param at when it is, in epoch ms */
export function outlookOf(conversationId: string, viewed: Viewed, at: number): OutlookView | null {
  const { keeper, prices } = viewed;
  const { warmer } = keeper;
  if (keeper.conversation(conversationId) === null) return null;
  const { turn, plan } = warmer.look(conversationId);
  const forecast = warmer.forecast(conversationId);
  const { curve = [], warms = [], warmUsd = null, warmsADay = null } = forecast ?? {};
  const policy = warmer.getState(conversationId).keepWarm ?? viewed.keepWarm();
  return {
    conversationId,
    at,
    plan: plan && planView(plan, policy),
    curve,
    warms: warms.map((at) => ({ at, usd: warmUsd })),
    warmsADay,
    returnUsd: returnUsd(turn, prices),
    warmUsd,
  };
}

export function planView(plan: Plan, policy: string): PlanView {
  const { warmAt, askAgainAt, reason, expectedNetUsd, pReturn } = plan;
  const action = warmAt !== undefined ? "warm" : askAgainAt !== undefined ? "wait" : "stop";
  return { policy, action, at: warmAt ?? askAgainAt ?? null, reason, expectedNetUsd, pReturn };
}

/** Null where there is nothing to tell. */
export function moneyView(figures: Figures | null): MoneyView | null {
  if (figures === null || (figures.warms === 0 && figures.rescued === 0)) return null;
  return amountsOf(figures);
}

export function amountsOf(figures: Figures): MoneyView {
  const { spentUsd, savedUsd, warms, rescued, warmsUnpriced } = figures;
  return {
    spentUsd,
    savedUsd,
    netUsd: netUsd(figures),
    warms,
    rescues: rescued,
    unpricedWarms: warmsUnpriced,
  };
}

function percentagesOf(usage: Usage | undefined) {
  if (usage === undefined) return { lastTurnPct: null, lastTurnExpectedPct: null };
  const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const isCached = cacheReadTokens + cacheWriteTokens > 0;
  return {
    lastTurnPct: computeCachePct(inputTokens, cacheReadTokens),
    lastTurnExpectedPct: isCached ? computeExpectedCacheRate(cacheReadTokens, cacheWriteTokens) : null,
  };
}

function prefixTokensOf(usage: Usage | undefined): number | null {
  return usage === undefined ? null : usage.cacheReadTokens + usage.cacheWriteTokens;
}
