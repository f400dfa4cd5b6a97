/** What a gateway's catalogue has, as the fleet's database keeps it: said there again and again, and known here. */
import { createHash } from "node:crypto";
import { type CapturedHeaders, type PriceTable, readRequest } from "../anthropic/index.ts";
import type { Logger } from "../host.ts";
import { createJudge, type Judgement, type PrefixEntry } from "../prewarm/index.ts";
import { stripCredential } from "./credentials.ts";
import type { FleetDatabase } from "./database.ts";
import { type EntryState, forgetUncached, keepEntry, keptEntries, noteUse, register } from "./entries.ts";
import type { Keyring } from "./keyring.ts";
import { boundTo, pack, type WarmSettings } from "./parcel.ts";
import { preWarmsUsd } from "./prewarm-cap.ts";
import { ENTRY_REVISION, parcelOf } from "./prewarm-run.ts";

export interface CatalogueRegisterDeps {
  readonly database: FleetDatabase;
  readonly keyring: Keyring;
  /** The gateway, by the same name after each of its restarts. */
  readonly owner: string;
  /** Base URL of the Messages API. */
  readonly upstream: string;
  readonly settings: WarmSettings;
  /** The configured API key. @throws a sentence for people where there is none */
  readonly apiKey: () => string | Promise<string>;
  /** The most that pre-warms may cost in 24 hours, in US dollars. */
  readonly capUsd: () => number;
  readonly prices?: PriceTable | undefined;
  readonly logger: Logger;
  /** This machine's time, in epoch ms, as the database's. */
  readonly there: (ms: number) => number;
}

/** An entry, by what the database calls it. */
export interface Keyed {
  readonly entry: PrefixEntry;
  readonly id: string;
  readonly fingerprint: string;
}

export interface CatalogueRegister {
  keyed(entry: PrefixEntry, apiKey: string): Keyed;
  judge(entry: PrefixEntry, apiKey?: string): Judgement;
  /** How warm it is, by the database's clock; undefined: not known. */
  stateOf(id: string): EntryState | undefined;
  learn(state: EntryState): void;
  /** What the catalogue has from now on; nothing: nothing of it is sent any more. Never rejects. */
  registered(entries: readonly PrefixEntry[]): Promise<void>;
  /** Says that the catalogue is still as it was, and what it may cost by now. Never rejects. */
  renew(): Promise<void>;
  /** Resolves once what was to be said is said. */
  settled(): Promise<unknown>;
  /** A real request has used an entry, and was answered. */
  used(name: string, at: number, headers: CapturedHeaders): void;
  /** What all pre-warms of the fleet have cost in 24 hours as last known, with what is under way, in USD. */
  spentUsd(): number;
  lookAtSpending(): Promise<void>;
}

/** A use is told once in this share of its lifetime. */
const TELL_SHARE = 0.05;

export function createCatalogueRegister(deps: CatalogueRegisterDeps): CatalogueRegister {
  const { database, keyring, owner, settings, logger, upstream, there } = deps;
  let known = new Map<string, Keyed>();
  const states = new Map<string, EntryState>();
  const toldAt = new Map<string, number>();
  let spentUsd = 0;
  let hasRegistered = false;
  let registering: Promise<unknown> = Promise.resolve();

  function idOf({ body, betas }: PrefixEntry, fingerprint: string): string {
    const content = createHash("sha256").update(body).digest("hex");
    return keyring.fingerprint(JSON.stringify([upstream, fingerprint, betas, content]));
  }

  // Long ones take their time, and are asked after at each look.
  const keys = new WeakMap<PrefixEntry, { readonly apiKey: string; readonly keyed: Keyed }>();

  function keyed(entry: PrefixEntry, apiKey: string): Keyed {
    const before = keys.get(entry);
    if (before?.apiKey === apiKey) return before.keyed;
    const fingerprint = keyring.fingerprint(apiKey);
    const keyed = { entry, fingerprint, id: idOf(entry, fingerprint) };
    keys.set(entry, { apiKey, keyed });
    return keyed;
  }

  const { warmTokens, ttl5mMs, ttl1hMs } = settings;
  const judgeEntry = createJudge({ prices: deps.prices, warmTokens, ttl5mMs, ttl1hMs });

  function judged(entry: PrefixEntry, apiKey?: string): Judgement {
    const tokens = apiKey === undefined ? null : (states.get(keyed(entry, apiKey).id)?.tokens ?? null);
    return judgeEntry(entry, tokens ?? undefined);
  }

  async function registerAll(all: readonly Keyed[]): Promise<void> {
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
    // As a gateway that sends by itself: once more with each start.
    if (!hasRegistered)
      await forgetUncached(
        database,
        all.map(({ id }) => id),
      );
    hasRegistered ||= all.length > 0;
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

  /** What comes later is later there too. */
  function renew(): Promise<void> {
    const turn = registering.then(() =>
      harmlessly("register the catalogue", () => registerAll([...known.values()])),
    );
    registering = turn;
    return turn;
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
    keyed,
    judge: judged,
    stateOf: (id) => states.get(id),
    learn: (state) => void states.set(state.id, state),
    registered,
    renew,
    settled: () => registering,
    spentUsd: () => spentUsd,
    lookAtSpending: () =>
      harmlessly("look up what pre-warms have cost", async () => {
        spentUsd = await preWarmsUsd(database);
      }),
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

/** Two names for the same are one to the database. */
function uniqueBy<T extends { readonly entryId: string }>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((one) => [one.entryId, one])).values()];
}
