/** A gateway's catalogue in a fleet: what would be sent at once is ordered, and workers send it. */
import pLimit from "p-limit";
import type { CapturedHeaders, PriceTable } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import type { Cause, PrefixEntry, PreWarmed, PreWarmer, RoundOptions } from "../prewarm/index.ts";
import type { Awaiting } from "./awaiting.ts";
import { type CatalogueRegisterDeps, createCatalogueRegister, type Keyed } from "./catalogue-register.ts";
import { freshnessOf } from "./freshness.ts";
import type { Ordered, PreWarmOrder, PreWarmStore } from "./prewarm-store.ts";
import type { EndedJob } from "./prewarm-told.ts";

export interface PreWarmDeskOptions {
  /** Base URL of the Messages API. */
  readonly upstream: string;
  /** The configured API key. @throws a sentence for people where there is none */
  readonly apiKey: () => string | Promise<string>;
  /** The most that pre-warms may cost in 24 hours, in US dollars. */
  readonly capUsd: () => number;
  readonly prices?: PriceTable | undefined;
  /** Told of another gateway's that this one has in its catalogue too, and did not wait for. Its cost is that one's. */
  readonly seen?: (done: PreWarmed) => void;
}

export interface PreWarmDeskDeps extends PreWarmDeskOptions, Omit<CatalogueRegisterDeps, "there"> {
  readonly store: PreWarmStore;
  readonly awaiting: Awaiting;
  readonly logger: Logger;
  /** Epoch ms by this machine. */
  readonly now: () => number;
  /** Epoch ms by the database. */
  readonly databaseNow: () => number;
}

export interface PreWarmDesk extends PreWarmer {
  /** What the catalogue has from now on; nothing: nothing of it is sent any more. */
  registered(entries: readonly PrefixEntry[]): Promise<void>;
  /** A real request has used an entry, and was answered. */
  used(name: string, at: number, headers: CapturedHeaders): void;
  /** Says that the catalogue is still as it was, and what it may cost by now. */
  renew(): Promise<void>;
  /** What all pre-warms of the fleet have cost in 24 hours as last known, with what is under way, in USD. */
  spentUsd(): number;
}

/** After which nobody will come for a job, in ms: longer than it may wait for a worker. */
const PATIENCE_MS = 3_660_000;
/** A large catalogue leaves the database's connections to others. */
const ORDERS_AT_ONCE = 2;
/** Somebody else's job that was called off is ordered again, so often. */
const MOST_ORDERS = 3;
/** What is due later than in so many ms is not waited for: it is planned, and told of when it is done. */
const SOON_MS = 15_000;
type Warm = Extract<Ordered, { readonly kind: "warm" }>;
type Queued = Extract<Ordered, { readonly kind: "queued" }>;

interface Asked {
  readonly nothing: PreWarmed;
  readonly one: Keyed;
  readonly apiKey: string;
  readonly options: RoundOptions;
}

const CALLED_OFF = "It was called off.";
const NOT_KEPT = "The fleet does not keep it any more.";
const NOBODY_CAME =
  "No worker came for it in an hour: is one at work with the key that pre-warms are sent with?";

export function createPreWarmDesk(deps: PreWarmDeskDeps): PreWarmDesk {
  const { store, awaiting, owner, logger, now } = deps;
  const here = (ms: number) => ms - deps.databaseNow() + now();
  const there = (ms: number) => ms + deps.databaseNow() - now();
  const register = createCatalogueRegister({ ...deps, there });
  const fewAtOnce = pLimit(ORDERS_AT_ONCE);

  function orderOf({ entry, id }: Keyed, { cause, refresh }: RoundOptions): PreWarmOrder {
    const ttlMs = register.judge(entry).facts?.ttlMs ?? 0;
    const everyMs = entry.schedule !== null && "everyMs" in entry.schedule ? entry.schedule.everyMs : null;
    const trigger = cause === "asked" ? "manual" : cause;
    const freshMs = freshnessOf(cause, refresh ?? false, ttlMs, everyMs);
    return { entryId: id, name: entry.name, owner, trigger, freshMs, everyMs };
  }

  function base(entry: PrefixEntry, cause: Cause): PreWarmed {
    return {
      name: entry.name,
      cause,
      at: now(),
      outcome: "refused",
      why: null,
      model: register.judge(entry).facts?.model ?? null,
      usage: null,
      costUsd: null,
      isBound: false,
      lapsesAt: null,
    };
  }

  async function warmOne(entry: PrefixEntry, apiKey: string, options: RoundOptions): Promise<PreWarmed> {
    const { cause, signal } = options;
    const nothing = base(entry, cause);
    const [problem] = register.judge(entry, apiKey).problems;
    if (problem !== undefined) return { ...nothing, why: problem };
    const one = register.keyed(entry, apiKey);
    for (let orders = 0; orders < MOST_ORDERS; orders++) {
      if (signal?.aborted) return { ...nothing, why: CALLED_OFF };
      const ordered = await fewAtOnce(() => store.order(orderOf(one, options)));
      if (ordered.kind === "gone") return { ...nothing, why: NOT_KEPT };
      if (ordered.kind === "warm") return stillWarm(nothing, one, ordered);
      if (ordered.dueAt > deps.databaseNow() + SOON_MS) {
        void seeLater(ordered, { nothing, one, apiKey, options });
        return planned(nothing, one);
      }
      const ended = await untilEnded(ordered, signal);
      if (ended === null)
        return signal?.aborted
          ? { ...nothing, why: CALLED_OFF }
          : { ...nothing, outcome: "failed", why: NOBODY_CAME };
      if (ended.outcome !== "cancelled") return doneOf(nothing, one, ended);
    }
    return { ...nothing, outcome: "failed", why: NOT_KEPT };
  }

  /** Null: it was called off, or nobody has come for it; then it is taken back. */
  async function untilEnded({ jobId, dueAt }: Queued, signal?: AbortSignal): Promise<EndedJob | null> {
    const patienceMs = Math.max(0, dueAt - deps.databaseNow()) + PATIENCE_MS;
    const ended = await awaiting.ended(jobId, patienceMs, signal);
    if (ended === null) await harmlessly("call off a pre-warm", () => store.callOff(owner, [jobId]));
    else await register.lookAtSpending();
    return ended;
  }

  async function seeLater(ordered: Queued, { nothing, one, apiKey, options }: Asked): Promise<void> {
    const ended = await untilEnded(ordered, options.signal);
    if (ended === null) return;
    if (ended.outcome === "cancelled") {
      // Whoever ordered it has called it off, and this gateway has not.
      await harmlessly("order a pre-warm again", () => warmOne(one.entry, apiKey, options));
    } else if (ended.owner !== owner && ended.done !== null) {
      // Its own is told of as it is booked.
      deps.seen?.(doneOf(nothing, one, ended));
    }
  }

  function planned(nothing: PreWarmed, { id }: Keyed): PreWarmed {
    const state = register.stateOf(id);
    const lapsesAt = state?.usedAt == null ? null : here(state.usedAt + state.ttlMs);
    return { ...nothing, outcome: "warm", lapsesAt };
  }

  function stillWarm(nothing: PreWarmed, { id }: Keyed, { usedAt, ttlMs }: Warm): PreWarmed {
    register.learn({ id, ttlMs, tokens: register.stateOf(id)?.tokens ?? null, usedAt });
    return { ...nothing, outcome: "warm", lapsesAt: here(usedAt + ttlMs) };
  }

  function doneOf(
    nothing: PreWarmed,
    { id }: Keyed,
    { owner: by, outcome, error, done }: EndedJob,
  ): PreWarmed {
    if (outcome === "lapsed") return { ...nothing, outcome: "failed", why: NOBODY_CAME };
    if (done === null) return { ...nothing, outcome: "failed", why: error ?? NOT_KEPT };
    learn(id, done);
    const { name, cause } = nothing;
    // Another gateway's is that one's to book.
    return { ...asHere(done), name, cause, ...(by === owner ? {} : { costUsd: null }) };
  }

  function learn(id: string, { outcome, lapsesAt, at, usage }: PreWarmed): void {
    if (outcome === "nothing") register.learn({ id, ttlMs: 0, usedAt: null, tokens: 0 });
    const cached = usage === null ? 0 : usage.cacheReadTokens + usage.cacheWriteTokens;
    if (lapsesAt === null || cached === 0) return;
    register.learn({ id, ttlMs: lapsesAt - at, usedAt: at, tokens: cached });
  }

  function asHere(done: PreWarmed): PreWarmed {
    const { at, lapsesAt } = done;
    return { ...done, at: here(at), lapsesAt: lapsesAt === null ? null : here(lapsesAt) };
  }

  async function harmlessly(doing: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      logger.warn(`keepwarm: could not ${doing}`, { error: message });
    }
  }

  return {
    judge: register.judge,
    spentUsd: register.spentUsd,
    registered: register.registered,
    renew: register.renew,
    used: register.used,
    recordOf(entry, apiKey) {
      const state = register.stateOf(register.keyed(entry, apiKey).id);
      if (state === undefined || state.usedAt === null) return null;
      return { startedAt: here(state.usedAt), ttlMs: state.ttlMs, tokens: state.tokens ?? 0 };
    },
    async warm(entries, options) {
      const apiKey = await deps.apiKey();
      await register.settled();
      return Promise.all(
        entries.map((entry) =>
          warmOne(entry, apiKey, options).catch((error: unknown): PreWarmed => {
            const why = error instanceof Error ? error.message : String(error);
            return { ...base(entry, options.cause), outcome: "failed", why };
          }),
        ),
      );
    },
  };
}
