/** One pre-warm of a worker's, from its claim to what came of it: sent by the same code as a gateway's own. */
import { headerPairs, headerValue, type PriceTable, rateLimitOf, retryAfterOf } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import {
  type Cause,
  createPreWarmer,
  type PrefixEntry,
  type PreWarmed,
  type Reservation,
  type Spend,
  type WarmRecords,
} from "../prewarm/index.ts";
import { retryDelayMs } from "../pure.ts";
import { systemTimers } from "../timers.ts";
import type { Claim } from "./claims.ts";
import type { Credentials } from "./credentials.ts";
import type { FleetDatabase } from "./database.ts";
import { type LoadedEntry, loadEntry, noteUncached, noteUse } from "./entries.ts";
import type { Trigger } from "./job.ts";
import type { Keyring } from "./keyring.ts";
import { boundTo, type Parcel, unpack } from "./parcel.ts";
import { holdBack, type LastLook, settleSpend } from "./prewarm-cap.ts";
import { toldOf } from "./prewarm-told.ts";
import { tightUntil } from "./rate-limits.ts";
import type { ToldOfJob } from "./results.ts";
import type { Settlement } from "./settling.ts";
import { attemptOf } from "./warm-run.ts";

/** What a pre-warm needs of the worker that runs it. */
export interface PreWarmRunContext {
  readonly database: FleetDatabase;
  readonly worker: string;
  readonly keyring: Keyring;
  readonly credentials: Credentials;
  readonly prices?: PriceTable;
  readonly maxRetries: number;
  readonly fetch?: typeof globalThis.fetch;
  readonly rejectedZero: Set<string>;
  readonly logger: Logger;
  /** Epoch ms by the database's clock. */
  now(): number;
  random(): number;
  waitUntil(atMs: number, realm: string): Promise<void>;
  /** The attempt before was sent, and is not known to have been answered. */
  lost(claim: Claim, told: ToldOfJob): Promise<void>;
  limited(realm: string, until: number, reason: string): Promise<void>;
  /** Aborted when the job is not this worker's any more. */
  readonly signal: AbortSignal;
}

/** What a parcel of an entry is bound to beside its id, which names its content. */
export const ENTRY_REVISION = "entry";

const UNCACHED =
  "The API has cached nothing of it, and would not now: change it, or start its gateway anew, and it is tried again.";

const MESSAGES = "/v1/messages";
const BETA = "anthropic-beta";

/** What is sent, as it is kept: without its key. */
export function parcelOf(
  upstream: string,
  { body, betas }: Pick<PrefixEntry, "body" | "betas">,
  settings: Parcel["settings"],
): Parcel {
  return {
    url: upstream + MESSAGES,
    headers: betas.length === 0 ? [] : [[BETA, betas.join(",")]],
    carrier: "x-api-key",
    body,
    settings,
  };
}

function entryOf(name: string, { headers, body }: Parcel): PrefixEntry {
  const betas = headerValue(headerPairs(headers), BETA);
  return {
    name,
    body,
    betas: betas === null ? [] : betas.split(","),
    tier: null,
    schedule: null,
    triggers: [],
    files: [],
    pinned: false,
    latencyUsd: 0,
  };
}

export function causeOf(trigger: Trigger): Cause {
  return trigger === "manual" || trigger === "idle" ? "asked" : trigger;
}

export async function runPreWarm(claim: Claim, context: PreWarmRunContext): Promise<Settlement> {
  const loaded = await loadEntry(context.database, claim.id);
  if (loaded === undefined) return { ...attemptOf(claim), outcome: "cancelled", error: null, told: null };
  const base = baseOf(claim, loaded, context.now());
  if (claim.mayHaveBeenSent) {
    const why = "Its worker was lost while it was on its way.";
    const bound = { costUsd: loaded.lostUsd, isBound: loaded.lostUsd !== null };
    await context.lost(claim, toldOf({ ...base, outcome: "failed", why, ...bound }));
  }
  if (claim.lapsesAt !== null && claim.lapsesAt <= context.now()) {
    const error = "No worker came for it in time: what it was ordered for is over.";
    return { ...attemptOf(claim), outcome: "lapsed", error, told: toldOf({ ...base, why: error }) };
  }
  const { fingerprint, usedAt, freshMs, keyId, body } = loaded;
  if (usedAt !== null && usedAt > context.now() - freshMs) return stillWarm(claim, base, loaded, usedAt);
  if (loaded.tokens === 0)
    return {
      ...attemptOf(claim),
      outcome: "failed",
      error: UNCACHED,
      told: toldOf({ ...base, why: UNCACHED }),
    };
  const secret = context.credentials.secretFor(fingerprint);
  if (secret === undefined) throw new Error("this worker has not the credential that it is to be sent with");
  const parcel = await unpack({ keyId, bytes: body }, context.keyring, boundTo(loaded.id, ENTRY_REVISION));
  await context.waitUntil(claim.dueAt, fingerprint);
  return send(claim, { base, loaded, parcel, secret }, context);
}

interface Sending {
  readonly base: PreWarmed;
  readonly loaded: LoadedEntry;
  readonly parcel: Parcel;
  readonly secret: string;
}

async function send(
  claim: Claim,
  { base, loaded, parcel, secret }: Sending,
  context: PreWarmRunContext,
): Promise<Settlement> {
  const { keyring, fetch: send = globalThis.fetch } = context;
  const { fingerprint } = loaded;
  const spend = spendOf(claim, context);
  let failure: Failure | null = null;
  const preWarmer = createPreWarmer({
    upstream: parcel.url.slice(0, -MESSAGES.length),
    apiKey: () => secret,
    nameKey: keyring.ids[0] ?? "",
    records: recordsOf(loaded, context),
    spend,
    // The database says it, with the last look.
    capUsd: () => Number.POSITIVE_INFINITY,
    maxWorkers: 1,
    // The queue tries again.
    maxRetries: 0,
    rejectedZero: context.rejectedZero,
    ...parcel.settings,
    ...(context.prices === undefined ? {} : { prices: context.prices }),
    logger: context.logger,
    timers: systemTimers(),
    now: context.now,
    async fetch(to, init) {
      const response = await send(to, init);
      const until = tightUntil(rateLimitOf(response.headers), context.now());
      if (until !== null)
        await context.limited(fingerprint, until, "less than 5 % of the rate limit is left");
      if (response.status === 429) {
        const wait = retryAfterOf(response.headers, Date.now()) ?? FALLBACK_WAIT_MS;
        await context.limited(fingerprint, context.now() + wait, "the API has turned a pre-warm away (429)");
      }
      return response;
    },
  });
  const [done = base] = await preWarmer.warm([entryOf(loaded.name, parcel)], {
    cause: base.cause,
    // It was looked already, by what all of the fleet knows.
    refresh: true,
    signal: context.signal,
    onFailed: (told) => {
      failure = told;
    },
  });
  const look = spend.look();
  if (look instanceof Error) throw look;
  if (look?.kind === "gone") return { ...attemptOf(claim), outcome: "cancelled", error: null, told: null };
  if (look?.kind === "warm") return stillWarm(claim, base, loaded, look.usedAt);
  if (done.outcome === "nothing") await noteUncached(context.database, loaded.id);
  return settlementOf(claim, done, failure, context);
}

/** How long an API that has turned a request away without a Retry-After is left alone, in ms. */
const FALLBACK_WAIT_MS = 8_000;

const WARM: ReadonlySet<PreWarmed["outcome"]> = new Set(["wrote", "read", "part", "warm"]);

interface Failure {
  readonly isFinal: boolean;
  readonly retryAfterMs?: number;
}

function settlementOf(
  claim: Claim,
  done: PreWarmed,
  failure: Failure | null,
  context: PreWarmRunContext,
): Settlement {
  const attempt = attemptOf(claim);
  const told = toldOf(done);
  if (WARM.has(done.outcome)) return { ...attempt, outcome: "completed", error: null, told };
  const settlement: Settlement = { ...attempt, outcome: "failed", error: done.why, told };
  // What was called off because the database was not reached in time is to be done all the same.
  const isFinal = failure?.isFinal !== false && !context.signal.aborted;
  if (isFinal || claim.attempt > context.maxRetries) return settlement;
  const delayMs = retryDelayMs(claim.attempt, failure?.retryAfterMs, null, context.random());
  // What an attempt has cost is booked, though there will be another.
  return { ...settlement, told: done.costUsd === null ? null : told, retryAt: context.now() + delayMs };
}

function stillWarm(claim: Claim, base: PreWarmed, { ttlMs }: LoadedEntry, usedAt: number): Settlement {
  const told = toldOf({ ...base, outcome: "warm", lapsesAt: usedAt + ttlMs });
  return { ...attemptOf(claim), outcome: "completed", error: null, told };
}

function baseOf({ trigger }: Claim, { name }: LoadedEntry, at: number): PreWarmed {
  return {
    name,
    cause: causeOf(trigger),
    at,
    outcome: "refused",
    why: null,
    model: null,
    usage: null,
    costUsd: null,
    isBound: false,
    lapsesAt: null,
  };
}

/** The fleet's own record of the one entry, whatever it is called here. */
function recordsOf(loaded: LoadedEntry, { database }: PreWarmRunContext): WarmRecords {
  const { id, usedAt, ttlMs, tokens } = loaded;
  return {
    of: () => (usedAt === null || tokens === null ? null : { startedAt: usedAt, ttlMs, tokens }),
    isWarm: () => false,
    put: (_, record) => noteUse(database, id, record.startedAt, record.tokens),
    load: async () => {},
  };
}

/** The cap in the database, and the last look at the job with it. */
function spendOf(
  claim: Claim,
  { database, worker, logger, signal }: PreWarmRunContext,
): Spend & { readonly look: () => LastLook | Error | null } {
  let look: LastLook | Error | null = null;
  let settling: Promise<void> = Promise.resolve();
  return {
    usd: () => 0,
    refresh: async () => {},
    look: () => look,
    async reserve(mostUsd): Promise<Reservation> {
      try {
        // It may be another's by now; whoever has it will send it.
        if (signal.aborted) throw new Error("the database was not reached in time");
        look = await holdBack(database, worker, claim, mostUsd);
      } catch (error) {
        look = error instanceof Error ? error : new Error(String(error));
        throw error;
      }
      if (look.kind === "capped") return { isHeld: false, spentUsd: look.spentUsd, capUsd: look.capUsd };
      if (look.kind !== "held") throw new Error("it is not to be sent any more");
      return {
        isHeld: true,
        settle(usd) {
          settling = settleSpend(database, claim, usd).catch((error: unknown) => {
            const message = error instanceof Error ? error.message : String(error);
            // It counts as the most that it can have cost.
            logger.warn("keepwarm: what a pre-warm has cost could not be stored", { error: message });
          });
        },
      };
    },
    stored: () => settling,
  };
}
