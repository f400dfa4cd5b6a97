/** One warm of a worker's, from its claim to what came of it. */
import {
  billingTerms,
  type CapturedRequest,
  costUsd,
  outcomeOf,
  type PriceTable,
  type SendFailure,
  toWarmRequest,
  type WarmAnswer,
  warmCaptured,
} from "../anthropic/index.ts";
import type { Usage } from "../host.ts";
import { retryDelayMs } from "../pure.ts";
import type { Claim, LoadedPrefix, Started } from "./claims.ts";
import { type Credentials, withCredential } from "./credentials.ts";
import type { Keyring } from "./keyring.ts";
import { boundTo, type Parcel, unpack } from "./parcel.ts";
import { afterWarm, nextDueAt, type WarmPlan, warmPlan } from "./plan.ts";
import { tightUntil } from "./rate-limits.ts";
import type { Told } from "./results.ts";
import type { Settlement } from "./settling.ts";
import { LAPSED } from "./upkeep.ts";

/** What a warm needs of the worker that runs it. */
export interface WarmRunContext {
  readonly keyring: Keyring;
  readonly credentials: Credentials;
  readonly prices?: PriceTable;
  readonly maxRetries: number;
  readonly fetch?: typeof globalThis.fetch;
  /** Models that have rejected `max_tokens: 0`. */
  readonly rejectedZero: Set<string>;
  /** Epoch ms by the database's clock. */
  now(): number;
  random(): number;
  load(jobId: string): Promise<LoadedPrefix | undefined>;
  /** Resolves at that time, or once its realm's limit is over; rejects when the worker cannot wait. */
  waitUntil(atMs: number, realm: string): Promise<void>;
  /** What warms of its owner have cost in 24 hours, in USD. Rejects when that is not known. */
  spentInDay(owner: string): Promise<number>;
  /** The last look; undefined: it must not be sent. */
  start(job: Pick<Claim, "id" | "attempt">): Promise<Started | undefined>;
  /** The attempt before was sent, and is not known to have been answered. */
  lost(claim: Claim, told: Told): Promise<void>;
  limited(realm: string, until: number, reason: string): Promise<void>;
  /** Aborted when the job is not this worker's any more. */
  readonly signal: AbortSignal;
}

/** Nothing is tried again that would reach the API so shortly before the lapse, in ms. */
const LEAST_LEFT_MS = 100;

/** Whatever the API asks for, it is asked again after so long, in ms: nothing lives for longer. */
const LONGEST_WAIT_MS = 3_600_000;

export async function runWarm(claim: Claim, context: WarmRunContext): Promise<Settlement> {
  const loaded = await context.load(claim.id);
  if (loaded === undefined) {
    // A turn has taken its place since: what that one may have cost was spent all the same.
    if (claim.mayHaveBeenSent)
      await context.lost(claim, { modelName: "", ...named(claim), kind: "aborted", costUsd: null });
    return notSent(claim, context);
  }
  const { fingerprint, model, ttlMs, keyId, body } = loaded;
  const bound = boundTo(claim.prefixId ?? "", claim.revision ?? "");
  const parcel = await unpack({ keyId, bytes: body }, context.keyring, bound);
  const request = requestOf(parcel, context.credentials.secretFor(fingerprint));
  const options = { ...parcel.settings, ...withPrices(context), ...usageOf(parcel) };
  const of = { modelName: model, ...named(claim) };
  const aborted = (error?: string): Told => ({
    ...of,
    kind: "aborted",
    ...mostOf(request, parcel.usage, options),
    ...(error === undefined ? {} : { error }),
  });
  if (claim.mayHaveBeenSent) await context.lost(claim, aborted());
  await context.waitUntil(claim.dueAt, fingerprint);
  const { usdPerDay } = planOf(loaded) ?? {};
  // Others may have spent it since this one was planned.
  if (usdPerDay !== undefined && (await context.spentInDay(claim.owner)) >= usdPerDay) {
    const error = `The limit of $${usdPerDay} in 24 hours is reached, so it was not warmed.`;
    return ended(claim, "cancelled", error, { ...of, kind: "failed", error });
  }
  const started = await context.start(claim);
  if (started === undefined) return notSent(claim, context);
  const answer = await warmCaptured(request, {
    ...options,
    rejectedZero: context.rejectedZero,
    now: context.now,
    lifeLeftMs: () => started.expiresAt - context.now(),
    signal: context.signal,
    ...(context.fetch === undefined ? {} : { fetch: context.fetch }),
  });
  if (answer.kind === "refused")
    return ended(claim, "failed", answer.reason, { ...of, kind: "failed", error: answer.reason });
  if (answer.kind === "warmed") return warmed(claim, answer, { of, loaded }, context);
  const { status, retryAfterMs } = answer;
  if (status === 429 || retryAfterMs !== undefined) {
    const waitMs = retryAfterMs ?? retryDelayMs(claim.attempt, undefined, ttlMs, 0);
    const until = context.now() + Math.min(waitMs, LONGEST_WAIT_MS);
    await context.limited(fingerprint, until, `the API has turned a warm away (${status})`);
  }
  return failed(claim, answer, { of, ttlMs, aborted, expiresAt: started.expiresAt }, context);
}

interface Of {
  readonly modelName: string;
  readonly policy?: string;
  readonly warmId?: string;
}

async function warmed(
  claim: Claim,
  answer: WarmAnswer,
  { of, loaded }: { of: Of; loaded: LoadedPrefix },
  context: WarmRunContext,
): Promise<Settlement> {
  const { ttlMs, usedAt, fingerprint } = loaded;
  const { usage, costUsd: cost, startedAt, missReason, rateLimit } = answer;
  const tight = tightUntil(rateLimit, context.now());
  if (tight !== null) {
    const until = Math.min(tight, context.now() + LONGEST_WAIT_MS);
    await context.limited(fingerprint, until, "less than 5 % of the rate limit is left");
  }
  const outcome = outcomeOf(usage);
  // What nothing has written yet is meant to be written now.
  const isMissing = outcome === "uncached" || (outcome === "cold" && usedAt !== null);
  const plan = planOf(loaded);
  const left = isMissing || plan === undefined ? undefined : afterWarm(plan, cost);
  const dueAt = left === undefined ? null : nextDueAt(left, startedAt, ttlMs, cost);
  return {
    ...attemptOf(claim),
    outcome: "completed",
    error: null,
    told: {
      ...of,
      kind: "warmed",
      usage,
      costUsd: cost,
      startedAt,
      nextAt: dueAt,
      ...(missReason === null ? {} : { missReason }),
    },
    usedAt: startedAt,
    ...(isMissing ? { stopped: `the last warm found it ${outcome}` } : {}),
    ...(left === undefined || dueAt === null ? {} : { next: { dueAt, plan: left } }),
  };
}

function failed(
  claim: Claim,
  { error, permanent, retryAfterMs, mayBeBilled }: SendFailure,
  {
    of,
    ttlMs,
    aborted,
    expiresAt,
  }: { of: Of; ttlMs: number; aborted: (error?: string) => Told; expiresAt: number },
  context: WarmRunContext,
): Settlement {
  const retryAt = context.now() + retryDelayMs(claim.attempt, retryAfterMs, ttlMs, context.random());
  const lapses = retryAt > expiresAt - LEAST_LEFT_MS;
  if (!permanent && !lapses && claim.attempt <= context.maxRetries) {
    return {
      ...attemptOf(claim),
      outcome: "failed",
      error,
      told: mayBeBilled ? aborted() : null,
      retryAt,
    };
  }
  const outcome = permanent || !lapses ? "failed" : "lapsed";
  return ended(claim, outcome, error, mayBeBilled ? aborted(error) : { ...of, kind: outcome, error });
}

/** Its prefix was changed, dropped or stopped, or has lapsed, before anything was sent. */
function notSent(claim: Claim, context: WarmRunContext): Settlement {
  const hasLapsed = claim.lapsesAt !== null && claim.lapsesAt <= context.now();
  if (!hasLapsed) return ended(claim, "cancelled", null, null);
  return ended(claim, "lapsed", LAPSED, { modelName: "", ...named(claim), kind: "lapsed", error: LAPSED });
}

function ended(
  claim: Claim,
  outcome: Settlement["outcome"],
  error: string | null,
  told: Told | null,
): Settlement {
  return { ...attemptOf(claim), outcome, error, told };
}

export function attemptOf({ id, queue, attempt }: Pick<Claim, "id" | "queue" | "attempt">) {
  return { jobId: id, queue, attempt };
}

function named({ policy, warmId }: Claim) {
  return { ...(policy === null ? {} : { policy }), ...(warmId === null ? {} : { warmId }) };
}

function planOf({ plan }: LoadedPrefix): WarmPlan | undefined {
  const parsed = warmPlan.safeParse(plan);
  return parsed.success ? (parsed.data as WarmPlan) : undefined;
}

function requestOf(parcel: Parcel, secret: string | undefined): CapturedRequest {
  if (secret === undefined)
    throw new Error("this worker has not the credential that the prefix was written with");
  return {
    url: parcel.url,
    headers: withCredential(parcel.headers, parcel.carrier, secret),
    body: parcel.body,
  };
}

function withPrices({ prices }: WarmRunContext) {
  return prices === undefined ? {} : { prices };
}

function usageOf({ usage }: Parcel) {
  return usage === undefined ? {} : { usage };
}

/** The most that it can have cost: all of it written anew. */
function mostOf(
  request: CapturedRequest,
  usage: Usage | undefined,
  options: { readonly prices?: PriceTable },
): { readonly usage?: Usage; readonly costUsd: number | null } {
  const warm = toWarmRequest(request, options);
  if (usage === undefined || warm.kind === "refused") return { costUsd: null };
  const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const most: Usage = {
    inputTokens,
    outputTokens: warm.maxTokens ?? warm.facts.maxTokens ?? 1,
    cacheReadTokens: 0,
    cacheWriteTokens: cacheReadTokens + cacheWriteTokens,
  };
  return { usage: most, costUsd: costUsd(most, billingTerms(warm.facts), options.prices) };
}
