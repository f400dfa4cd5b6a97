/** A gateway's catalogue in a fleet: what would be sent at once is ordered, and workers send it. */
import { createHash } from "node:crypto";
import pLimit from "p-limit";
import { type CapturedHeaders, type PriceTable, readRequest } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import {
  type Cause,
  judge,
  type PrefixEntry,
  type PreWarmed,
  type PreWarmer,
  type RoundOptions,
  type WarmRecord,
} from "../prewarm/index.ts";
import type { Awaiting } from "./awaiting.ts";
import { stripCredential } from "./credentials.ts";
import type { FleetDatabase } from "./database.ts";
import { type EntryState, keepEntry, keptEntries, noteUse, register } from "./entries.ts";
import { freshnessOf } from "./freshness.ts";
import type { Keyring } from "./keyring.ts";
import { boundTo, pack, type WarmSettings } from "./parcel.ts";
import { preWarmsUsd } from "./prewarm-cap.ts";
import { ENTRY_REVISION, parcelOf } from "./prewarm-run.ts";
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
}

export interface PreWarmDeskDeps extends PreWarmDeskOptions {
  readonly database: FleetDatabase;
  readonly store: PreWarmStore;
  readonly awaiting: Awaiting;
  readonly keyring: Keyring;
  /** The gateway, by the same name after each of its restarts. */
  readonly owner: string;
  readonly settings: WarmSettings;
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
/** A use is told once in this share of its lifetime. */
const TELL_SHARE = 0.05;

interface Known {
  readonly entry: PrefixEntry;
  readonly id: string;
  readonly fingerprint: string;
}

export function createPreWarmDesk(deps: PreWarmDeskDeps): PreWarmDesk {
  const { database, store, awaiting, keyring, owner, settings, logger, upstream, now } = deps;
  let known = new Map<string, Known>();
  const states = new Map<string, EntryState>();
  const toldAt = new Map<string, number>();
  const fewAtOnce = pLimit(ORDERS_AT_ONCE);
  let spentUsd = 0;
  let registering: Promise<unknown> = Promise.resolve();

  const here = (ms: number) => ms - deps.databaseNow() + now();
  const there = (ms: number) => ms + deps.databaseNow() - now();

  function idOf({ body, betas }: PrefixEntry, fingerprint: string): string {
    const content = createHash("sha256").update(body).digest("hex");
    return keyring.fingerprint(JSON.stringify([upstream, fingerprint, betas, content]));
  }

  function keyed(entry: PrefixEntry, apiKey: string): Known {
    const fingerprint = keyring.fingerprint(apiKey);
    return { entry, fingerprint, id: idOf(entry, fingerprint) };
  }

  function recordOf(entry: PrefixEntry, apiKey: string): WarmRecord | null {
    const state = states.get(keyed(entry, apiKey).id);
    if (state === undefined || state.usedAt === null) return null;
    return { startedAt: here(state.usedAt), ttlMs: state.ttlMs, tokens: state.tokens ?? 0 };
  }

  function judged(entry: PrefixEntry, apiKey?: string) {
    const tokens = apiKey === undefined ? null : (states.get(keyed(entry, apiKey).id)?.tokens ?? null);
    const { warmTokens, ttl5mMs, ttl1hMs } = settings;
    return judge(entry, {
      ...(ttl5mMs === undefined ? {} : { ttl5mMs }),
      ...(ttl1hMs === undefined ? {} : { ttl1hMs }),
      ...(warmTokens === undefined ? {} : { warmTokens }),
      ...(deps.prices === undefined ? {} : { prices: deps.prices }),
      knownTokens: tokens ?? undefined,
    });
  }

  /** What comes later is later there too. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = registering.then(act);
    registering = turn.catch(() => {});
    return turn;
  }

  async function registerAll(all: readonly Known[]): Promise<void> {
    const [keyId = ""] = keyring.ids;
    const kept = await keptEntries(
      database,
      all.map(({ id }) => id),
      keyId,
    );
    for (const { entry, id, fingerprint } of all) {
      if (kept.has(id)) continue;
      const reading = readRequest(entry.body, settings);
      if (!reading.ok || reading.facts.ttlMs === null) continue;
      const { model, ttlMs } = reading.facts;
      const { warmTokens, ttl5mMs, ttl1hMs } = settings;
      const parcel = parcelOf(upstream, entry, {
        ...(warmTokens === undefined ? {} : { warmTokens }),
        ...(ttl5mMs === undefined ? {} : { ttl5mMs }),
        ...(ttl1hMs === undefined ? {} : { ttl1hMs }),
      });
      const sealed = await pack(parcel, keyring, boundTo(id, ENTRY_REVISION));
      await keepEntry(database, { id, fingerprint, sealed, model, ttlMs });
    }
    const named = all.map(({ id, entry }) => ({ entryId: id, name: entry.name }));
    const found = await register(database, owner, uniqueBy(named), deps.capUsd());
    for (const state of found) states.set(state.id, state);
    spentUsd = await preWarmsUsd(database);
  }

  async function apiKeyOrNone(): Promise<string | null> {
    try {
      return await deps.apiKey();
    } catch {
      return null;
    }
  }

  async function registered(entries: readonly PrefixEntry[]): Promise<void> {
    // Without a key nothing is sent, which is said elsewhere.
    const apiKey = entries.length === 0 ? "" : await apiKeyOrNone();
    if (apiKey === null) return;
    const all = entries
      .filter((entry) => judged(entry, apiKey).problems.length === 0)
      .map((entry) => keyed(entry, apiKey));
    known = new Map(all.map((one) => [one.entry.name, one]));
    await renew();
  }

  function renew(): Promise<void> {
    return inTurn(() => harmlessly("register the catalogue", () => registerAll([...known.values()])));
  }

  function orderOf({ entry, id }: Known, { cause, refresh }: RoundOptions): PreWarmOrder {
    const ttlMs = judged(entry).facts?.ttlMs ?? 0;
    const everyMs = entry.schedule !== null && "everyMs" in entry.schedule ? entry.schedule.everyMs : null;
    const trigger = cause === "asked" ? "manual" : cause;
    const freshMs = freshnessOf(cause, refresh ?? false, ttlMs, everyMs);
    return { entryId: id, name: entry.name, owner, trigger, freshMs, everyMs };
  }

  function base({ name, body }: PrefixEntry, cause: Cause): PreWarmed {
    const reading = readRequest(body, settings);
    return {
      name,
      cause,
      at: now(),
      outcome: "refused",
      why: null,
      model: reading.ok ? reading.facts.model : null,
      usage: null,
      costUsd: null,
      isBound: false,
      lapsesAt: null,
    };
  }

  async function warmOne(entry: PrefixEntry, apiKey: string, options: RoundOptions): Promise<PreWarmed> {
    const { cause, signal } = options;
    const nothing = base(entry, cause);
    const [problem] = judged(entry, apiKey).problems;
    if (problem !== undefined) return { ...nothing, why: problem };
    const one = keyed(entry, apiKey);
    for (let orders = 0; orders < MOST_ORDERS; orders++) {
      if (signal?.aborted) return { ...nothing, why: CALLED_OFF };
      const ordered = await fewAtOnce(() => store.order(orderOf(one, options)));
      if (ordered.kind === "gone") return { ...nothing, why: NOT_KEPT };
      if (ordered.kind === "warm") return stillWarm(nothing, one, ordered);
      const { jobId } = ordered;
      const ended = await awaiting.ended(jobId, PATIENCE_MS, signal);
      if (ended === null) {
        await harmlessly("call off a pre-warm", () => store.callOff(owner, [jobId]));
        return signal?.aborted
          ? { ...nothing, why: CALLED_OFF }
          : { ...nothing, outcome: "failed", why: NOBODY_CAME };
      }
      spentUsd = await preWarmsUsd(database).catch(() => spentUsd);
      if (ended.outcome !== "cancelled") return doneOf(nothing, one, ended);
    }
    return { ...nothing, outcome: "failed", why: NOT_KEPT };
  }

  function stillWarm(nothing: PreWarmed, { id }: Known, { usedAt, ttlMs }: Warm): PreWarmed {
    const state = states.get(id);
    states.set(id, { id, ttlMs, tokens: state?.tokens ?? null, usedAt });
    return { ...nothing, outcome: "warm", lapsesAt: here(usedAt + ttlMs) };
  }

  function doneOf(nothing: PreWarmed, { id }: Known, { owner: by, error, done }: EndedJob): PreWarmed {
    if (done === null) return { ...nothing, outcome: "failed", why: error ?? NOT_KEPT };
    learn(id, done);
    const { name, cause } = nothing;
    // Another gateway's is that one's to book.
    return { ...asHere(done), name, cause, ...(by === owner ? {} : { costUsd: null }) };
  }

  function learn(id: string, { lapsesAt, at, usage }: PreWarmed): void {
    const cached = usage === null ? 0 : usage.cacheReadTokens + usage.cacheWriteTokens;
    if (lapsesAt === null || cached === 0) return;
    states.set(id, { id, ttlMs: lapsesAt - at, usedAt: at, tokens: cached });
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
    judge: judged,
    spentUsd: () => spentUsd,
    recordOf,
    registered,
    renew,
    async warm(entries, options) {
      const apiKey = await deps.apiKey();
      await registering;
      return Promise.all(
        entries.map((entry) =>
          warmOne(entry, apiKey, options).catch((error: unknown): PreWarmed => {
            const why = error instanceof Error ? error.message : String(error);
            return { ...base(entry, options.cause), outcome: "failed", why };
          }),
        ),
      );
    },
    used(name, at, headers) {
      const one = known.get(name);
      if (one === undefined) return;
      const ttlMs = states.get(one.id)?.ttlMs ?? 0;
      if (at - (toldAt.get(one.id) ?? Number.NEGATIVE_INFINITY) < ttlMs * TELL_SHARE) return;
      const stripped = stripCredential(headers);
      // Another workspace's cache.
      if ("problem" in stripped || keyring.fingerprint(stripped.secret) !== one.fingerprint) return;
      toldAt.set(one.id, at);
      const state = states.get(one.id);
      if (state !== undefined)
        states.set(one.id, { ...state, usedAt: Math.max(there(at), state.usedAt ?? 0) });
      void harmlessly("tell that a prefix is warm", () => noteUse(database, one.id, there(at)));
    },
  };
}

type Warm = Extract<Ordered, { readonly kind: "warm" }>;

const CALLED_OFF = "It was called off.";
const NOT_KEPT = "The fleet does not keep it any more.";
const NOBODY_CAME =
  "No worker came for it in an hour: is one at work with the key that pre-warms are sent with?";

/** Two names for the same are one to the database. */
function uniqueBy<T extends { readonly entryId: string }>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((one) => [one.entryId, one])).values()];
}
